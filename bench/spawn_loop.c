/*
 * The least that anybody must do to run a check: posix_spawn, a pipe, read to the end, waitpid.
 * Keeps K children in flight and prints how many ended per second. The peer of the executor.
 *
 *   cc -O2 -o spawn_loop spawn_loop.c && ./spawn_loop [count [in flight [program]]]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct child {
    pid_t pid;
    int fd;
};

static void die(const char *what)
{
    fprintf(stderr, "spawn_loop: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void start(struct child *child, struct pollfd *slot, char *program)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        die("pipe2");
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    char *arguments[] = {program, NULL};
    errno = posix_spawn(&child->pid, program, &actions, &attributes, arguments, environ);
    if (errno != 0)
        die(program);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(ends[1]);
    child->fd = ends[0];
    slot->fd = ends[0];
    slot->events = POLLIN;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double cpu(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 10000;
    long width = argc > 2 ? atol(argv[2]) : 16;
    char *program = argc > 3 ? argv[3] : "/bin/true";
    if (count < 1 || width < 1 || width > 1024) {
        fprintf(stderr, "usage: spawn_loop [count [in flight, 1 to 1024 [program]]]\n");
        return 64;
    }
    struct child *children = calloc((size_t)width, sizeof *children);
    struct pollfd *slots = calloc((size_t)width, sizeof *slots);
    if (!children || !slots)
        die("calloc");

    long started = 0, ended = 0;
    double begin = now();
    for (long i = 0; i < width; i++) {
        slots[i].fd = -1;
        if (started < count) {
            start(&children[i], &slots[i], program);
            started++;
        }
    }
    while (ended < count) {
        if (poll(slots, (nfds_t)width, -1) < 0)
            die("poll");
        for (long i = 0; i < width; i++) {
            char buffer[4096];
            if (slots[i].fd < 0 || slots[i].revents == 0)
                continue;
            if (read(slots[i].fd, buffer, sizeof buffer) > 0)
                continue;
            int status;
            if (waitpid(children[i].pid, &status, 0) != children[i].pid)
                die("waitpid");
            close(children[i].fd);
            slots[i].fd = -1;
            ended++;
            if (started < count) {
                start(&children[i], &slots[i], program);
                started++;
            }
        }
    }
    double wall = now() - begin;
    printf("checks_per_second %.0f\n", (double)count / wall);
    printf("own_cpu_us_per_check %.1f\n", cpu(RUSAGE_SELF) * 1e6 / (double)count);
    printf("total_cpu_us_per_check %.1f\n",
        (cpu(RUSAGE_SELF) + cpu(RUSAGE_CHILDREN)) * 1e6 / (double)count);
    return 0;
}
