#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The child shares this thread's memory until exec. So it makes raw system calls only: glibc's
 * setuid family would act on the parent's threads, malloc and stdio could wait for a lock that a
 * thread of the parent holds. errno is safe: the thread it belongs to is suspended meanwhile.
 *
 * A child that becomes another user gets a copy of the memory instead, and nobody waits for it:
 * processes of that user may stop it as soon as it is one of them, and must neither hold this
 * thread up by that nor find its memory there (docs/decisions/0009-plugins-of-another-user.md).
 * The raw calls are as needed there: the copy may hold locks of threads that it does not have.
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

/* How long a process may take that only changes its user: some microseconds, once it has its turn
 * on a busy host. */
enum { try_patience_ms = 30000 };

struct child_state {
    const struct cspawn_request *request;
    /* Who starts it. */
    pid_t starter;
    /* For a file without a known format: "/bin/sh", the file, then the arguments. */
    const char **shell_argv;
    /* Where it says why its program does not run. */
    struct cspawn_fault *fault;
};

static int first_error(long result) { return result < 0 ? errno : 0; }

static void reset_signals(void) {
    for (int number = 1; number < _NSIG; number++) {
        struct kernel_action action = {{0}};
        /* Fails for SIGKILL and SIGSTOP, which have no other disposition. */
        syscall(SYS_rt_sigaction, number, &action, NULL, sizeof(kernel_mask));
    }
}

/* What was sent to the starter's process group, as ^C in a terminal is, while this was one of it:
 * all signals are blocked until then, so it waits. What the starter itself sent is for this one
 * alone, and is sent again. */
static void forget_signals(pid_t starter) {
    kernel_mask all = ~(kernel_mask)0;
    kernel_mask meant = 0;
    struct {
        int64_t seconds, nanoseconds;
    } no_time = {0, 0};
    siginfo_t info;
    long number;
    while ((number = syscall(SYS_rt_sigtimedwait, &all, &info, &no_time, sizeof all)) > 0) {
        if (info.si_code != SI_USER || info.si_pid != starter) continue;
        meant |= (kernel_mask)1 << (number - 1);
    }
    for (number = 1; meant; number++, meant >>= 1) {
        if (meant & 1) syscall(SYS_kill, syscall(SYS_getpid), number);
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

/* All sets: inheritable ones outlast the change of user even for root, ambient ones of a daemon
 * that is not root would be the plugin's. The bounding set stays: sudo needs it. */
static int drop_capabilities(void) {
    int error = first_error(
        syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (!error) error = first_error(syscall(SYS_capset, &header, none));
    return error;
}

/* The user last: what comes before it needs the rights that go with it. */
static int change_identity(const struct cspawn_identity *own) {
    /* To the kernel these mean to stay as one is. */
    if (own->uid == (uint32_t)-1 || own->gid == (uint32_t)-1) return EINVAL;
    int error = first_error(syscall(SYS_setgroups, own->group_count, own->groups));
    if (!error) error = first_error(syscall(SYS_setresgid, own->gid, own->gid, own->gid));
    if (!error) error = first_error(syscall(SYS_setresuid, own->uid, own->uid, own->uid));
    if (!error) error = drop_capabilities();
    /* Nothing is left to come back with, or it does not go on. */
    if (!error && own->uid && syscall(SYS_setresuid, 0, 0, 0) == 0) error = EPERM;
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

static int limit_open_files(rlim_t most) {
    struct rlimit limit;
    if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) < 0) return errno;
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    return first_error(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, NULL));
}

static int prepare(const struct cspawn_request *request, pid_t starter) {
    int error = 0;
    reset_signals();
    if (request->new_session) {
        error = first_error(syscall(SYS_setsid));
        forget_signals(starter);
    }
    if (!error) error = place_descriptors(request);
    if (!error && request->open_file_limit) error = limit_open_files(request->open_file_limit);
    if (request->creation_mask >= 0) syscall(SYS_umask, request->creation_mask);
    if (request->nice_increment) lower_priority(request->nice_increment);
    return error;
}

/* After the change of user, which forgets it. The starter may have ended before this. */
static int end_with(pid_t starter) {
    int error = first_error(syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
    if (!error && syscall(SYS_getppid) != starter) error = ESRCH;
    return error;
}

static int settle(const struct child_state *state) {
    const struct cspawn_request *request = state->request;
    int error = request->ends_with_starter ? end_with(state->starter) : 0;
    if (error) return error;
    /* After the change of user: it is the new user who must be able to go there. */
    return request->directory ? first_error(syscall(SYS_chdir, request->directory)) : 0;
}

static int child_main(void *argument) {
    struct child_state *state = argument;
    const struct cspawn_request *request = state->request;
    int error = prepare(request, state->starter);
    if (!error && request->identity) {
        error = change_identity(request->identity);
        if (error) state->fault->was_identity = true;
    }
    if (!error) error = settle(state);
    if (!error) {
        kernel_mask none = 0;
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
        error = execute(state);
    }
    state->fault->error = error;
    syscall(SYS_exit_group, 127);
    return 127;
}

static int try_main(void *argument) {
    struct child_state *state = argument;
    state->fault->error = change_identity(state->request->identity);
    syscall(SYS_exit_group, 0);
    return 0;
}

static int run_clone(
    int (*main)(void *), struct child_state *state, struct cspawn_process *process) {
    _Alignas(64) char stack[child_stack_size];
    /* A handler of the parent must not run in the child, where it would see shared memory. */
    kernel_mask all = ~(kernel_mask)0, saved;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &saved, sizeof all);
    int flags = CLONE_PIDFD | SIGCHLD;
    if (!state->request->identity) flags |= CLONE_VM | CLONE_VFORK;
    int pidfd = -1;
    pid_t pid = clone(main, stack + sizeof stack, flags, state, &pidfd);
    int error = pid < 0 ? errno : 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &saved, NULL, sizeof saved);
    if (error) return -error;
    process->pid = pid;
    process->pidfd = pidfd;
    return 0;
}

static void await_end(int pidfd) {
    siginfo_t info;
    while (waitid((idtype_t)by_pidfd, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR) {
    }
    close(pidfd);
}

int cspawn_start(
    const struct cspawn_request *request, struct cspawn_process *process,
    struct cspawn_fault *fault) {
    if (request->descriptor_count > CSPAWN_DESCRIPTOR_LIMIT) return -EINVAL;
    if (!request->candidates[0] || !request->argv[0]) return -EINVAL;
    if (request->identity && !fault) return -EINVAL;
    size_t count = 0;
    while (request->argv[count]) {
        if (++count > INT_MAX / 2) return -E2BIG;
    }
    /* On the heap: a command line may be megabytes long. */
    const char **shell_argv = malloc((count + 2) * sizeof *shell_argv);
    if (!shell_argv) return -ENOMEM;
    shell_argv[0] = "/bin/sh";
    memcpy(shell_argv + 2, request->argv + 1, count * sizeof *shell_argv);

    struct cspawn_fault own = {0};
    struct child_state state = {
        .request = request, .starter = getpid(), .shell_argv = shell_argv,
        .fault = request->identity ? fault : &own,
    };
    int result = run_clone(child_main, &state, process);
    free(shell_argv);
    if (result < 0) return result;
    if (request->identity || !own.error) return 0;
    /* It is past its last instruction but perhaps not a zombie yet: clone returned when it let go
     * of the memory. So this waits, for microseconds. */
    await_end(process->pidfd);
    return -own.error;
}

int cspawn_try_identity(const struct cspawn_identity *identity) {
    struct cspawn_fault *fault = cspawn_fault_create();
    if (!fault) return -ENOMEM;
    struct cspawn_request request = {.identity = identity};
    struct child_state state = {.request = &request, .fault = fault};
    struct cspawn_process process;
    fault->error = ECANCELED; /* until it says otherwise */
    int result = run_clone(try_main, &state, &process);
    if (!result) {
        /* The other user's processes may have stopped it. */
        struct pollfd item = {.fd = process.pidfd, .events = POLLIN};
        if (poll(&item, 1, try_patience_ms) != 1) {
            syscall(SYS_pidfd_send_signal, process.pidfd, SIGKILL, NULL, 0);
        }
        await_end(process.pidfd);
        result = -fault->error;
    }
    cspawn_fault_free(fault);
    return result;
}

struct cspawn_fault *cspawn_fault_create(void) {
    int flags = MAP_SHARED | MAP_ANONYMOUS;
    void *page = mmap(NULL, sizeof(struct cspawn_fault), PROT_READ | PROT_WRITE, flags, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

void cspawn_fault_free(struct cspawn_fault *fault) { munmap(fault, sizeof *fault); }

uint64_t cspawn_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capget, &header, held) < 0) return 0;
    return (uint64_t)held[1].effective << 32 | held[0].effective;
}
