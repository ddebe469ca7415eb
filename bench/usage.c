/*
 * Runs a command and prints its real seconds, the CPU seconds of it and all its descendants, those
 * included that outlive it, and the largest resident memory of any of them in KiB. Exits with the
 * command's exit status.
 *
 *   cc -O2 -o usage usage.c && ./usage FILE COMMAND [ARGUMENT ...]    writes to FILE
 *
 * `time` of a shell counts only what the command itself waited for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    fprintf(stderr, "usage: %s: %s\n", what, strerror(errno));
    exit(125);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: usage FILE COMMAND [ARGUMENT ...]\n");
        return 64;
    }
    FILE *file = fopen(argv[1], "we");
    if (!file)
        die(argv[1]);
    /* Orphans become children of this process. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        die("prctl");
    double begin = now(), real = 0;
    pid_t command = fork();
    if (command < 0)
        die("fork");
    if (command == 0) {
        execvp(argv[2], argv + 2);
        die(argv[2]);
    }
    int status, result = 125;
    pid_t ended;
    while ((ended = wait(&status)) > 0 || errno == EINTR) {
        if (ended != command)
            continue;
        real = now() - begin;
        result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    struct rusage all;
    if (getrusage(RUSAGE_CHILDREN, &all) != 0)
        die("getrusage");
    fprintf(file, "%.6f %.6f %.6f %ld\n", real, seconds(all.ru_utime), seconds(all.ru_stime),
            all.ru_maxrss);
    return fclose(file) == 0 ? result : 125;
}
