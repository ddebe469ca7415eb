#define _GNU_SOURCE
#include "CUplinkProbe.h"
#include "attempts.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct uplink_probe *control;

static void attempt(void) {
    const char *name = getenv("UPLINK_PROBE");
    if (!control || !name || control->state != PROBE_NOT_RUN) return;
    control->state = PROBE_STARTED;
    for (const struct attempt *one = attempts; one->name; one++) {
        if (strcmp(one->name, name) != 0) continue;
        errno = 0;
        control->result = (int32_t)one->make();
        control->error = errno;
        control->state = PROBE_DONE;
        return;
    }
    control->state = PROBE_UNKNOWN;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("UPLINK_PROBE_CONTROL");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (page == MAP_FAILED) return;
    control = page;
    if (getenv("UPLINK_PROBE_EARLY")) {
        attempt();
        _exit(0);
    }
}

// The event loop waits here: the sandbox is closed, and no master has said anything yet.
int epoll_wait(int poll, struct epoll_event *events, int count, int patience) {
    attempt();
    return epoll_pwait(poll, events, count, patience, NULL);
}

// What the kernel seems to be: the program makes these two calls by number.
static bool is_answered(long number, long flags, long *answer) {
    enum { create_ruleset = 444, version_flag = 1 };
    const char *landlock = getenv("UPLINK_PROBE_LANDLOCK");
    const char *seccomp = getenv("UPLINK_PROBE_SECCOMP");
    if (number == create_ruleset && landlock) {
        if (atoi(landlock) > 0 && flags != version_flag) return false;
        *answer = atoi(landlock) > 0 ? atoi(landlock) : -ENOSYS;
        return true;
    }
    if (number == SYS_seccomp && seccomp && strcmp(seccomp, "0") == 0) {
        *answer = -ENOSYS;
        return true;
    }
    return false;
}

long syscall(long number, ...) {
    long a[6], result;
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
    va_end(list);
    if (!is_answered(number, a[2], &result)) result = raw_call(number, a);
    if (result >= 0 || result < -4095) return result;
    errno = (int)-result;
    return -1;
}
