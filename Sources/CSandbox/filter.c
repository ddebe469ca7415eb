#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Four answers to a system call:
 *   allowed     what TLS over TCP in one thread needs, some by their arguments only;
 *   end         what no uplink of ours ever asks for: the process ends at once (SIGSYS);
 *   EACCES      files by their name: libraries look for some and do without;
 *   ENOSYS      everything else, newer calls included: libraries fall back to older ones.
 */

#if defined(__x86_64__)
enum { architecture = AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { architecture = AUDIT_ARCH_AARCH64 };
#else
#error "the numbers of system calls were not looked at for this architecture"
#endif

static const int allowed[] = {
    /* descriptors that are there: the daemon, masters, the log, the event loop's own */
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_close, SYS_shutdown,
    SYS_connect, /* the ports are Landlock's */
    SYS_getsockname, SYS_getpeername,
    /* waiting */
    SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_eventfd2, SYS_timerfd_create,
    SYS_timerfd_settime, SYS_ppoll, SYS_clock_nanosleep, SYS_nanosleep,
#ifdef SYS_epoll_wait
    SYS_epoll_create, SYS_epoll_wait, SYS_poll,
#endif
    /* memory; see the rules for mmap and mprotect */
    SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise,
    /* time and chance */
    SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_getrandom,
#ifdef SYS_time
    SYS_time,
#endif
    /* itself */
    SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_sysinfo,
    SYS_futex, SYS_sched_yield, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
    SYS_rt_sigpending, SYS_sigaltstack, SYS_restart_syscall, SYS_exit, SYS_exit_group,
};

static const int ends_the_process[] = {
    /* programs and processes; clone3 is ENOSYS, so that what tries it ends at clone */
    SYS_execve, SYS_execveat, SYS_clone, SYS_unshare, SYS_setns,
#ifdef SYS_fork
    SYS_fork, SYS_vfork,
#endif
    /* other processes' memory and descriptors */
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, 438 /* pidfd_getfd */,
    /* another user */
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid,
    SYS_setfsuid, SYS_setfsgid, SYS_setgroups, SYS_capset,
    /* the system */
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_open_by_handle_at, SYS_init_module,
    SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_bpf,
    SYS_perf_event_open, SYS_userfaultfd, SYS_add_key, SYS_request_key, SYS_keyctl,
    SYS_personality, 425 /* io_uring_setup */, 426 /* io_uring_enter */,
    427 /* io_uring_register */,
};

static const int files_by_name[] = {
    SYS_openat, 437 /* openat2 */, SYS_newfstatat, SYS_statx,
    SYS_faccessat, 439 /* faccessat2 */, SYS_readlinkat, SYS_getcwd,
#ifdef SYS_open
    SYS_open, SYS_creat, SYS_stat, SYS_lstat, SYS_access, SYS_readlink,
#endif
};

/* A condition on an argument: after the mask it is one of the values. Only the lower half is looked
 * at, which is all that the kernel takes of an int. */
struct condition {
    unsigned argument;
    uint32_t mask;
    size_t count;
    uint32_t values[4];
};

enum { condition_limit = 3 };

/* A call that is allowed when all conditions hold; several rules for a call are alternatives. */
struct rule {
    int call;
    size_t count;
    struct condition conditions[condition_limit];
};

enum { whole = 0xFFFFFFFF, socket_type = 0xF };

static const struct rule rules[] = {
    /* TCP alone: no Unix socket, whose paths Landlock does not guard, no UDP, no MPTCP, whose
     * connections it does not see */
    {SYS_socket, 3, {
        {0, whole, 2, {AF_INET, AF_INET6}},
        {1, socket_type, 1, {SOCK_STREAM}},
        {2, whole, 2, {0, IPPROTO_TCP}},
    }},
    {SYS_setsockopt, 2, {
        {1, whole, 1, {IPPROTO_TCP}}, {2, whole, 2, {TCP_NODELAY, TCP_QUICKACK}},
    }},
    {SYS_setsockopt, 2, {{1, whole, 1, {SOL_SOCKET}}, {2, whole, 1, {SO_LINGER}}}},
    {SYS_getsockopt, 1, {{1, whole, 1, {SOL_SOCKET}}}},
    /* not F_SETOWN and its like, which send signals */
    {SYS_fcntl, 1, {{1, whole, 4, {F_GETFD, F_SETFD, F_GETFL, F_SETFL}}}},
    /* memory that is no file and no code */
    {SYS_mmap, 2, {{2, PROT_EXEC, 1, {0}}, {3, MAP_ANONYMOUS, 1, {MAP_ANONYMOUS}}}},
    {SYS_mprotect, 1, {{2, PROT_EXEC, 1, {0}}}},
};

enum { program_limit = 512 };

struct program {
    struct sock_filter code[program_limit];
    unsigned short count;
    bool is_too_long;
};

static void add(struct program *program, struct sock_filter instruction) {
    if (program->count == program_limit) {
        program->is_too_long = true;
        return;
    }
    program->code[program->count++] = instruction;
}

static void load(struct program *program, size_t offset) {
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct program *program, uint32_t value) {
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value));
}

/* Goes on after `otherwise` more instructions unless the loaded value is this one. */
static void require(struct program *program, uint32_t value, size_t otherwise) {
    add(program, (struct sock_filter)BPF_JUMP(
        BPF_JMP | BPF_JEQ | BPF_K, value, 0, (uint8_t)otherwise));
}

static void answer_all(
    struct program *program, const int *calls, size_t count, uint32_t value) {
    for (size_t i = 0; i < count; i++) {
        require(program, (uint32_t)calls[i], 1);
        answer(program, value);
    }
}

#define ANSWER_ALL(program, calls, value) \
    answer_all(program, calls, sizeof(calls) / sizeof(calls)[0], value)

/* Loading, masking, and one comparison for each value. */
static size_t length_of(const struct condition *condition) { return 2 + condition->count; }

static size_t argument_offset(unsigned argument) {
    /* Little-endian, both of them: the lower half comes first. */
    return offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);
}

/* The call's number is loaded before and after each rule. */
static void add_rule(struct program *program, const struct rule *rule) {
    size_t rest = 1; /* the answer */
    for (size_t i = 0; i < rule->count; i++) rest += length_of(&rule->conditions[i]);
    require(program, (uint32_t)rule->call, rest + 1);
    for (size_t i = 0; i < rule->count; i++) {
        const struct condition *condition = &rule->conditions[i];
        rest -= length_of(condition);
        load(program, argument_offset(condition->argument));
        add(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, condition->mask));
        for (size_t v = 0; v < condition->count; v++) {
            size_t left = condition->count - 1 - v;
            size_t otherwise = left ? 0 : rest;
            add(program, (struct sock_filter)BPF_JUMP(
                BPF_JMP | BPF_JEQ | BPF_K, condition->values[v], (uint8_t)left,
                (uint8_t)otherwise));
        }
    }
    answer(program, SECCOMP_RET_ALLOW);
    load(program, offsetof(struct seccomp_data, nr));
}

/* Its own process only, so that abort works. */
static void allow_signals_to_itself(struct program *program) {
    struct rule rule = {
        SYS_tgkill, 1, {{0, whole, 1, {(uint32_t)getpid()}}},
    };
    add_rule(program, &rule);
}

static void build(struct program *program) {
    load(program, offsetof(struct seccomp_data, arch));
    add(program, (struct sock_filter)BPF_JUMP(
        BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0));
    answer(program, SECCOMP_RET_KILL_PROCESS);
    load(program, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    /* x32: the same calls under other numbers. */
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
    answer(program, SECCOMP_RET_KILL_PROCESS);
#endif
    ANSWER_ALL(program, allowed, SECCOMP_RET_ALLOW);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) add_rule(program, &rules[i]);
    allow_signals_to_itself(program);
    ANSWER_ALL(program, ends_the_process, SECCOMP_RET_KILL_PROCESS);
    ANSWER_ALL(program, files_by_name, SECCOMP_RET_ERRNO | EACCES);
    answer(program, SECCOMP_RET_ERRNO | ENOSYS);
}

int csandbox_filter(void) {
    struct program program = {.count = 0};
    build(&program);
    if (program.is_too_long) return E2BIG;
    struct sock_fprog filter = {.len = program.count, .filter = program.code};
    /* TSYNC: no thread is left out, should there be one after all. */
    long result = syscall(
        SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    if (result < 0) return errno;
    return result == 0 ? 0 : EBUSY;
}
