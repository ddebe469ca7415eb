/*
 * A TCP proxy on loopback that delivers every byte later, in both directions and in order, without
 * any bound on the rate: a long line in front of a near server.
 *
 *   cc -O2 -o delay delay.c && ./delay PORT MILLISECONDS
 *
 * Bytes for 127.0.0.1:PORT and back are each MILLISECONDS (1 to 10000) under way, so a round trip
 * takes twice that; so does a close. Prints the port where it listens. The handshakes of TCP itself
 * are not delayed: a connection opens one round trip early.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

/* Bytes of one direction under way; more wait in the sender's socket, so a stuck reader is felt. */
enum { LINE_BYTES = 64 << 20, READ_BYTES = 64 << 10, EVENTS = 256 };

struct pair;

/* One end of a connection, and what is on its way to it. */
struct end {
    int fd;
    struct pair *pair;
    struct end *other;
    struct chunk *first, *last; /* arrived, not written yet */
    size_t bytes;               /* arrived or under way */
    int is_read_out;            /* the peer closed its side */
    int is_shut;                /* this side was told so */
    unsigned interest;
};

struct pair {
    struct end client, server;
    size_t under_way; /* chunks that point here */
    int is_dead;
};

/* Bytes on their way to an end; none says that no more follow. */
struct chunk {
    struct chunk *next;
    struct end *to;
    double due;
    size_t count, written;
    char bytes[];
};

static struct chunk *line, *line_end; /* all that is under way, in the order in which it is due */
static int epoll;
static double delay;
static struct sockaddr_in target;

static void die(const char *what)
{
    fprintf(stderr, "delay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void watch(struct end *end)
{
    unsigned wanted = end->first ? EPOLLOUT : 0;
    if (!end->is_read_out && end->other->bytes < LINE_BYTES)
        wanted |= EPOLLIN;
    if (wanted == end->interest)
        return;
    /* An end of which nothing is wanted must leave: an error of it would be told for ever. */
    struct epoll_event event = {.events = wanted, .data.ptr = end};
    int what = !wanted ? EPOLL_CTL_DEL : end->interest ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(epoll, what, end->fd, &event) != 0)
        die("epoll_ctl");
    end->interest = wanted;
}

static void forget_chunks(struct end *end)
{
    while (end->first) {
        struct chunk *chunk = end->first;
        end->first = chunk->next;
        free(chunk);
    }
}

static void send_off(struct end *to, const char *bytes, size_t count)
{
    struct chunk *chunk = malloc(sizeof *chunk + count);
    if (!chunk)
        die("malloc");
    *chunk = (struct chunk){.to = to, .due = now() + delay, .count = count};
    if (count)
        memcpy(chunk->bytes, bytes, count);
    if (line_end)
        line_end->next = chunk;
    else
        line = chunk;
    line_end = chunk;
    to->bytes += count;
    to->pair->under_way++;
}

/* Closes both ends at once; the memory goes with the last that is under way, see arrive(). */
static void end_pair(struct pair *pair)
{
    if (pair->is_dead)
        return;
    pair->is_dead = 1;
    close(pair->client.fd);
    close(pair->server.fd);
    forget_chunks(&pair->client);
    forget_chunks(&pair->server);
    send_off(&pair->client, NULL, 0);
}

static void read_from(struct end *end)
{
    static char buffer[READ_BYTES];
    if (end->is_read_out)
        return;
    ssize_t count = read(end->fd, buffer, sizeof buffer);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count < 0) {
        end_pair(end->pair);
        return;
    }
    /* A delayed acknowledgement would hold back a peer that writes twice: not the line's doing. */
    int on = 1;
    setsockopt(end->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    end->is_read_out = count == 0;
    send_off(end->other, buffer, (size_t)count);
    watch(end);
}

/* Writes what has arrived for an end, as far as it takes it. */
static void write_to(struct end *end)
{
    while (end->first) {
        struct chunk *chunk = end->first;
        if (chunk->count == 0) {
            shutdown(end->fd, SHUT_WR);
            end->is_shut = 1;
        }
        while (chunk->written < chunk->count) {
            ssize_t count = write(end->fd, chunk->bytes + chunk->written,
                                  chunk->count - chunk->written);
            if (count < 0 && errno == EINTR)
                continue;
            if (count < 0 && errno == EAGAIN) {
                watch(end);
                return;
            }
            if (count < 0) {
                end_pair(end->pair);
                return;
            }
            chunk->written += (size_t)count;
        }
        end->bytes -= chunk->count;
        end->first = chunk->next;
        free(chunk);
    }
    if (end->is_shut && end->other->is_shut) {
        end_pair(end->pair);
        return;
    }
    watch(end);
    watch(end->other);
}

static void arrive(struct chunk *chunk)
{
    struct end *to = chunk->to;
    struct pair *pair = to->pair;
    pair->under_way--;
    chunk->next = NULL;
    if (pair->is_dead) {
        free(chunk);
        /* No event of it can be pending: this runs before epoll is asked for the next ones. */
        if (pair->under_way == 0)
            free(pair);
    } else {
        if (to->first)
            to->last->next = chunk;
        else
            to->first = chunk;
        to->last = chunk;
        write_to(to);
    }
}

static int stream(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    return fd;
}

static void accept_from(int listener)
{
    int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0)
        return;
    int server = stream(), on = 1;
    if (connect(server, (struct sockaddr *)&target, sizeof target) != 0 && errno != EINPROGRESS) {
        close(client);
        close(server);
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(client, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct pair *pair = calloc(1, sizeof *pair);
    if (!pair)
        die("calloc");
    pair->client = (struct end){.fd = client, .pair = pair, .other = &pair->server};
    pair->server = (struct end){.fd = server, .pair = pair, .other = &pair->client};
    watch(&pair->client);
    watch(&pair->server);
}

/* What is due arrives; returns the seconds until more is, less than none: nothing is under way. */
static double arrivals(void)
{
    while (line) {
        double rest = line->due - now();
        if (rest > 0)
            return rest;
        struct chunk *chunk = line;
        line = chunk->next;
        if (!line)
            line_end = NULL;
        arrive(chunk);
    }
    return -1;
}

int main(int argc, char **argv)
{
    int port = argc == 3 ? atoi(argv[1]) : 0, milliseconds = argc == 3 ? atoi(argv[2]) : 0;
    if (port < 1 || port > 65535 || milliseconds < 1 || milliseconds > 10000) {
        fprintf(stderr, "usage: delay PORT MILLISECONDS\n");
        return 64;
    }
    delay = milliseconds / 1000.0;
    signal(SIGPIPE, SIG_IGN);
    target = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct sockaddr_in own = target;
    own.sin_port = 0;
    socklen_t size = sizeof own;
    int listener = stream();
    if (bind(listener, (struct sockaddr *)&own, size) != 0 || listen(listener, 1024) != 0
        || getsockname(listener, (struct sockaddr *)&own, &size) != 0)
        die("listen");
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        die("epoll");
    printf("%d\n", ntohs(own.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[EVENTS];
        double rest = arrivals();
        struct timespec patience = {.tv_sec = (time_t)rest};
        patience.tv_nsec = (long)((rest - (double)patience.tv_sec) * 1e9);
        int count = epoll_pwait2(epoll, events, EVENTS, rest < 0 ? NULL : &patience, NULL);
        if (count < 0 && errno != EINTR)
            die("epoll_pwait2");
        for (int index = 0; index < count; index++) {
            struct end *end = events[index].data.ptr;
            if (!end)
                accept_from(listener);
            else if (!end->pair->is_dead && events[index].events & EPOLLOUT)
                write_to(end);
            if (end && !end->pair->is_dead && events[index].events & ~EPOLLOUT)
                read_from(end);
        }
    }
}
