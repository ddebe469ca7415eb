#define _GNU_SOURCE
#include "attempts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

long raw_call(long number, const long a[6]) {
#if defined(__x86_64__)
    long result;
    register long d __asm__("r10") = a[3];
    register long e __asm__("r8") = a[4];
    register long f __asm__("r9") = a[5];
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(d), "r"(e), "r"(f)
                     : "rcx", "r11", "memory");
    return result;
#else
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a[0];
    register long x1 __asm__("x1") = a[1];
    register long x2 __asm__("x2") = a[2];
    register long x3 __asm__("x3") = a[3];
    register long x4 __asm__("x4") = a[4];
    register long x5 __asm__("x5") = a[5];
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#endif
}

static const char *path(void) {
    const char *path = getenv("UPLINK_PROBE_PATH");
    return path ? path : "/etc/passwd";
}

static struct sockaddr_in place(void) {
    const char *port = getenv("UPLINK_PROBE_PORT");
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_port = htons((uint16_t)(port ? atoi(port) : 0));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// Programs and processes. A child that is made ends at once.

static long run_execve(void) {
    char *argv[] = {"true", NULL}, *envp[] = {NULL};
    return execve("/bin/true", argv, envp);
}
static long run_execveat(void) {
    char *argv[] = {"true", NULL}, *envp[] = {NULL};
    return syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, envp, 0);
}
static long child_ends(long child) {
    if (child == 0) _exit(0);
    if (child > 0) waitpid((pid_t)child, NULL, 0);
    return child;
}
static long run_fork(void) { return child_ends(fork()); }
static long run_clone(void) { return child_ends(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }
static long run_clone3(void) {
    uint64_t arguments[8] = {[4] = SIGCHLD};
    return child_ends(syscall(SYS_clone3, arguments, sizeof arguments));
}
static long run_posix_spawn(void) {
    pid_t child;
    char *argv[] = {"true", NULL}, *envp[] = {NULL};
    int error = posix_spawn(&child, "/bin/true", NULL, NULL, argv, envp);
    errno = error;
    return error ? -1 : child_ends(child);
}
static void *nothing(void *argument) { return argument; }
static long run_thread(void) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, nothing, NULL);
    errno = error;
    return error ? -1 : pthread_join(thread, NULL);
}

// Other processes: the one that started this one.

static long run_ptrace(void) {
    long result = ptrace(PTRACE_ATTACH, getppid(), 0, 0);
    if (result == 0) {
        waitpid(getppid(), NULL, __WALL);
        ptrace(PTRACE_DETACH, getppid(), 0, 0);
    }
    return result;
}
static long run_process_vm_readv(void) {
    char byte;
    struct iovec to = {&byte, 1}, from = {(void *)&attempts, 1};
    long result = process_vm_readv(getppid(), &to, 1, &from, 1, 0);
    return result < 0 && errno == EFAULT ? 0 : result;
}
static long run_kill(void) { return kill(getppid(), 0); }
static long run_tgkill(void) { return syscall(SYS_tgkill, getppid(), getppid(), 0); }
static long run_pidfd(void) { return syscall(SYS_pidfd_open, getppid(), 0); }

// Files.

static long run_open(void) { return open(path(), O_RDONLY); }
static long run_open_write(void) { return open(path(), O_WRONLY | O_APPEND); }
static long run_create(void) { return open(path(), O_RDWR | O_CREAT, 0600); }
static long run_openat2(void) {
    uint64_t how[3] = {O_RDONLY, 0, 0};
    return syscall(437, AT_FDCWD, path(), how, sizeof how);
}
static long run_stat(void) {
    struct stat status;
    return stat(path(), &status);
}
static long run_folder(void) { return open("/", O_RDONLY | O_DIRECTORY); }
static long run_readlink(void) {
    char target[64];
    return readlink("/proc/self/exe", target, sizeof target);
}
static long run_mkdir(void) { return mkdir(path(), 0700); }
static long run_symlink(void) { return symlink("/", path()); }
static long run_unlink(void) { return unlink(path()); }
static long run_rename(void) { return rename(path(), path()); }
static long run_chmod(void) { return chmod(path(), 0600); }
static long run_truncate(void) { return truncate(path(), 0); }
static long run_chdir(void) { return chdir("/"); }
static long run_memfd(void) { return memfd_create("x", 0); }
static long run_tiocsti(void) {
    int value = 0;
    return ioctl(2, FIONREAD, &value) < 0 && errno == ENOTTY ? 0 : (errno ? -1 : 0);
}

// Sockets.

static long run_unix(void) {
    int one = socket(AF_UNIX, SOCK_STREAM, 0);
    if (one < 0) return one;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path(), sizeof address.sun_path - 1);
    return connect(one, (struct sockaddr *)&address, sizeof address);
}
static long run_socketpair(void) {
    int ends[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}
static long run_udp(void) { return socket(AF_INET, SOCK_DGRAM, 0); }
static long run_udp6(void) { return socket(AF_INET6, SOCK_DGRAM, 0); }
static long run_raw(void) { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
static long run_netlink(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
static long run_packet(void) { return socket(AF_PACKET, SOCK_RAW, 0); }
static long run_mptcp(void) { return socket(AF_INET, SOCK_STREAM, 262); }
static long connect_there(void) {
    struct sockaddr_in address = place();
    int one = socket(AF_INET, SOCK_STREAM, 0);
    return one < 0 ? one : connect(one, (struct sockaddr *)&address, sizeof address);
}
static long run_fastopen(void) {
    struct sockaddr_in address = place();
    int one = socket(AF_INET, SOCK_STREAM, 0);
    if (one < 0) return one;
    return sendto(one, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&address,
                  sizeof address);
}
static long run_bind(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    int one = socket(AF_INET, SOCK_STREAM, 0);
    return one < 0 ? one : bind(one, (struct sockaddr *)&address, sizeof address);
}
static long run_listen(void) {
    int one = socket(AF_INET, SOCK_STREAM, 0);
    return one < 0 ? one : listen(one, 1);
}
static long run_sendmsg(void) {
    int ends[2] = {-1, -1}, one = socket(AF_INET, SOCK_STREAM, 0);
    (void)ends;
    struct msghdr message = {0};
    long result = sendmsg(one, &message, MSG_NOSIGNAL);
    return result < 0 && (errno == EPIPE || errno == ENOTCONN) ? 0 : result;
}

// Memory and itself.

static long run_executable_memory(void) {
    int protection = PROT_READ | PROT_WRITE | PROT_EXEC;
    return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}
static long run_make_executable(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? -1 : mprotect(page, 4096, PROT_READ | PROT_EXEC);
}
static long run_setuid(void) { return syscall(SYS_setresuid, getuid(), getuid(), getuid()); }
static long run_dumpable(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
static long run_setrlimit(void) {
    struct rlimit limit = {8, 8};
    return setrlimit(RLIMIT_NOFILE, &limit);
}
static long run_unshare(void) { return syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */); }
static long run_keyctl(void) {
    long result = syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 1);
    return result < 0 && errno == ENOKEY ? 0 : result;
}
static long run_setown(void) { return fcntl(2, F_SETOWN, getppid()); }
static long run_pipe(void) {
    int ends[2];
    return pipe(ends);
}
static long run_io_uring(void) {
    char parameters[120] = {0};
    return syscall(425, 4, parameters);
}
static long run_bpf(void) {
    char attributes[120] = {0};
    long result = syscall(SYS_bpf, 999, attributes, sizeof attributes);
    return result < 0 && errno == EINVAL ? 0 : result;
}
#ifdef __x86_64__
// The same kernel through its other doors: getpid by the 32-bit call and by the x32 one.
static long run_32bit(void) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
    return result < 0 ? -1 : 0;
}
static long run_x32(void) {
    const long none[6] = {0};
    long result = raw_call(0x40000000L + SYS_getpid, none);
    // A kernel without x32 says ENOSYS, which is no answer of ours.
    return result < 0 && result != -ENOSYS ? -1 : 0;
}
#endif

const struct attempt attempts[] = {
    {"execve", run_execve}, {"execveat", run_execveat}, {"fork", run_fork}, {"clone", run_clone},
    {"clone3", run_clone3}, {"posix_spawn", run_posix_spawn}, {"thread", run_thread},
    {"ptrace", run_ptrace}, {"process_vm_readv", run_process_vm_readv}, {"kill", run_kill},
    {"tgkill", run_tgkill}, {"pidfd", run_pidfd}, {"open", run_open},
    {"open_write", run_open_write}, {"create", run_create}, {"openat2", run_openat2},
    {"stat", run_stat}, {"folder", run_folder}, {"readlink", run_readlink}, {"mkdir", run_mkdir},
    {"symlink", run_symlink}, {"unlink", run_unlink}, {"rename", run_rename},
    {"chmod", run_chmod}, {"truncate", run_truncate}, {"chdir", run_chdir}, {"memfd", run_memfd},
    {"ioctl", run_tiocsti}, {"unix", run_unix}, {"socketpair", run_socketpair}, {"udp", run_udp},
    {"udp6", run_udp6}, {"raw", run_raw}, {"netlink", run_netlink}, {"packet", run_packet},
    {"mptcp", run_mptcp}, {"connect", connect_there}, {"fastopen", run_fastopen},
    {"bind", run_bind}, {"listen", run_listen}, {"sendmsg", run_sendmsg},
    {"executable_memory", run_executable_memory}, {"make_executable", run_make_executable},
    {"setuid", run_setuid}, {"dumpable", run_dumpable}, {"setrlimit", run_setrlimit},
    {"unshare", run_unshare}, {"keyctl", run_keyctl}, {"setown", run_setown}, {"pipe", run_pipe},
    {"io_uring", run_io_uring}, {"bpf", run_bpf},
#ifdef __x86_64__
    {"32bit", run_32bit}, {"x32", run_x32},
#endif
    {NULL, NULL},
};
