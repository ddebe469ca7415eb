#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* waitid's name for "by pidfd", which glibc 2.36 has as an enumerator only. */
enum { by_pidfd = 3 };

static int or_error(long result) { return result < 0 ? -errno : (int)result; }

int cspawn_look(int pidfd, enum cspawn_wait how, struct cspawn_ending *ending) {
    siginfo_t info = {0};
    int options = WEXITED | WNOHANG | (how == CSPAWN_PEEK ? WNOWAIT : 0);
    int result;
    do {
        result = waitid((idtype_t)by_pidfd, (id_t)pidfd, &info, options);
    } while (result < 0 && errno == EINTR);
    if (result < 0) return -errno;
    ending->has_ended = info.si_pid != 0;
    ending->was_killed = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
    ending->status = info.si_status;
    return 0;
}

int cspawn_open_pidfd(int32_t pid) { return or_error(syscall(SYS_pidfd_open, pid, 0)); }

int cspawn_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) return 0;
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    return -error;
}

int cspawn_poll_create(void) { return or_error(epoll_create1(EPOLL_CLOEXEC)); }

int cspawn_poll_add(int poll, int descriptor, uint64_t tag) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
    return or_error(epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event));
}

int cspawn_poll_remove(int poll, int descriptor) {
    return or_error(epoll_ctl(poll, EPOLL_CTL_DEL, descriptor, NULL));
}

int cspawn_poll_wait(int poll, enum cspawn_patience patience, uint64_t *tags) {
    struct epoll_event events[CSPAWN_TAG_LIMIT];
    int count = epoll_wait(poll, events, CSPAWN_TAG_LIMIT, patience == CSPAWN_WAIT ? -1 : 0);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) tags[i] = events[i].data.u64;
    return count;
}

int cspawn_timer_create(void) {
    return or_error(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
}

int cspawn_timer_arm(int timer, int64_t seconds, int64_t nanoseconds) {
    struct itimerspec when = {.it_value = {0}};
    if (seconds >= 0) {
        when.it_value.tv_sec = seconds;
        /* All zeros would disarm it. */
        when.it_value.tv_nsec = seconds == 0 && nanoseconds == 0 ? 1 : nanoseconds;
    }
    return or_error(timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL));
}

int cspawn_event_create(void) { return or_error(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int cspawn_event_raise(int event) {
    uint64_t one = 1;
    return or_error(write(event, &one, sizeof one));
}

int cspawn_event_clear(int event) {
    uint64_t value;
    return or_error(read(event, &value, sizeof value));
}
