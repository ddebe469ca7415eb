#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The child shares this thread's memory until exec. So it makes raw system calls only: glibc's
 * setuid family would act on the parent's threads, malloc and stdio could wait for a lock that a
 * thread of the parent holds. errno is safe: the thread it belongs to is suspended meanwhile.
 */

/* The kernel's signal mask. glibc's sigset_t is larger, and its functions skip signals 32 and
 * 33. */
typedef uint64_t kernel_mask;

/* At least as large as the kernel's struct sigaction; all zeros are SIG_DFL on every
 * architecture. */
struct kernel_action {
    uint64_t words[8];
};

/* waitid's name for "by pidfd", which is not in every glibc's headers. */
enum { by_pidfd = 3 };

/* The child needs some 1 KiB; signals are blocked, so nothing else runs here. */
enum { child_stack_size = 32 * 1024 };

struct child_state {
    const struct cspawn_request *request;
    /* For a file without a known format: "/bin/sh", the file, then the arguments. */
    const char **shell_argv;
    int error;
};

static int first_error(long result) { return result < 0 ? errno : 0; }

static void reset_signals(void) {
    for (int number = 1; number < _NSIG; number++) {
        struct kernel_action action = {{0}};
        /* Fails for SIGKILL and SIGSTOP, which have no other disposition. */
        syscall(SYS_rt_sigaction, number, &action, NULL, sizeof(kernel_mask));
    }
}

static int close_from(unsigned int first) {
    if (syscall(SYS_close_range, first, ~0U, 0) == 0) return 0;
    /* Forbidden by a seccomp filter older than the system call. */
    struct rlimit limit;
    if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) < 0) return errno;
    for (rlim_t one = first; one < limit.rlim_cur && one < INT_MAX; one++) {
        syscall(SYS_close, (int)one);
    }
    return 0;
}

/* First out of the way of all targets, then to their places: a source may be another's target. */
static int place_descriptors(const struct cspawn_request *request) {
    int moved[CSPAWN_DESCRIPTOR_LIMIT];
    for (size_t i = 0; i < request->descriptor_count; i++) {
        moved[i] = (int)syscall(
            SYS_fcntl, request->descriptors[i], F_DUPFD_CLOEXEC, CSPAWN_DESCRIPTOR_LIMIT);
        if (moved[i] < 0) return errno;
    }
    for (size_t i = 0; i < request->descriptor_count; i++) {
        if (syscall(SYS_dup3, moved[i], (int)i, 0) < 0) return errno;
    }
    return close_from((unsigned int)request->descriptor_count);
}

static int change_identity(const struct cspawn_request *request) {
    gid_t groups[1] = {request->gid};
    int error = first_error(syscall(SYS_setgroups, 1, groups));
    if (!error) {
        error = first_error(syscall(SYS_setresgid, request->gid, request->gid, request->gid));
    }
    if (!error) {
        error = first_error(syscall(SYS_setresuid, request->uid, request->uid, request->uid));
    }
    return error;
}

/* The raw call counts from 40 (nice -20) down to 1 (nice 19). */
static void lower_priority(int increment) {
    long raw = syscall(SYS_getpriority, PRIO_PROCESS, 0);
    if (raw > 0) syscall(SYS_setpriority, PRIO_PROCESS, 0, (int)(20 - raw) + increment);
}

static int execute(const struct child_state *state) {
    const struct cspawn_request *request = state->request;
    int error = ENOENT;
    bool was_denied = false;
    for (const char *const *path = request->candidates; *path; path++) {
        syscall(SYS_execve, *path, request->argv, request->envp);
        error = errno;
        if (error == ENOEXEC) {
            state->shell_argv[1] = *path;
            syscall(SYS_execve, "/bin/sh", state->shell_argv, request->envp);
            return errno;
        }
        if (error == EACCES) was_denied = true;
        if (error != EACCES && error != ENOENT && error != ENOTDIR) return error;
    }
    return was_denied ? EACCES : error;
}

static int prepare(const struct cspawn_request *request) {
    int error = 0;
    reset_signals();
    if (request->new_session) error = first_error(syscall(SYS_setsid));
    if (!error) error = place_descriptors(request);
    if (request->creation_mask >= 0) syscall(SYS_umask, request->creation_mask);
    if (request->nice_increment) lower_priority(request->nice_increment);
    if (!error && request->change_identity) error = change_identity(request);
    /* After the change of user: it is the new user who must be able to go there. */
    if (!error && request->directory) error = first_error(syscall(SYS_chdir, request->directory));
    return error;
}

static int child_main(void *argument) {
    struct child_state *state = argument;
    state->error = prepare(state->request);
    if (!state->error) {
        kernel_mask none = 0;
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
        state->error = execute(state);
    }
    syscall(SYS_exit_group, 127);
    return 127;
}

static int run_clone(struct child_state *state, struct cspawn_process *process) {
    _Alignas(64) char stack[child_stack_size];
    /* A handler of the parent must not run in the child, where it would see shared memory. */
    kernel_mask all = ~(kernel_mask)0, saved;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &saved, sizeof all);
    int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    int pidfd = -1;
    pid_t pid = clone(child_main, stack + sizeof stack, flags, state, &pidfd);
    int error = pid < 0 ? errno : 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &saved, NULL, sizeof saved);
    if (error) return -error;
    process->pid = pid;
    process->pidfd = pidfd;
    return 0;
}

int cspawn_start(const struct cspawn_request *request, struct cspawn_process *process) {
    if (request->descriptor_count > CSPAWN_DESCRIPTOR_LIMIT) return -EINVAL;
    if (!request->candidates[0] || !request->argv[0]) return -EINVAL;
    size_t count = 0;
    while (request->argv[count]) {
        if (++count > INT_MAX / 2) return -E2BIG;
    }
    /* On the heap: a command line may be megabytes long. */
    const char **shell_argv = malloc((count + 2) * sizeof *shell_argv);
    if (!shell_argv) return -ENOMEM;
    shell_argv[0] = "/bin/sh";
    memcpy(shell_argv + 2, request->argv + 1, count * sizeof *shell_argv);

    struct child_state state = {.request = request, .shell_argv = shell_argv, .error = 0};
    int result = run_clone(&state, process);
    free(shell_argv);
    if (result < 0) return result;
    if (!state.error) return 0;
    /* It is past its last instruction but perhaps not a zombie yet: clone returned when it let go
     * of the memory. So this waits, for microseconds. */
    siginfo_t info;
    while (waitid((idtype_t)by_pidfd, (id_t)process->pidfd, &info, WEXITED) < 0 && errno == EINTR) {
    }
    close(process->pidfd);
    return -state.error;
}
