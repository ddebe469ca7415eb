#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CBrokenDisk.h"

static struct broken_disk *control;
static const char *folder;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("BROKEN_DISK_CONTROL");
    folder = getenv("BROKEN_DISK_FOLDER");
    int file = path && folder ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (page == MAP_FAILED) return;
    control = page;
    __atomic_store_n(&control->is_loaded, 1, __ATOMIC_SEQ_CST);
}

// The errno that changes meet now; 0: none.
static int fault(void) {
    return control ? __atomic_load_n(&control->error, __ATOMIC_SEQ_CST) : 0;
}

static bool is_ours(const char *path) {
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool is_refused(int error) {
    __atomic_add_fetch(&control->refusals, 1, __ATOMIC_SEQ_CST);
    errno = error;
    return true;
}

static bool refuses_path(const char *path) {
    int error = fault();
    return error != 0 && is_ours(path) && is_refused(error);
}

static bool refuses_file(int file) {
    int error = fault();
    if (error == 0) return false;
    int before = errno;
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 1);
    errno = before;
    if (length < 0) return false;
    path[length] = '\0';
    return is_ours(path) && is_refused(error);
}

// Changes of an open file.

ssize_t write(int file, const void *bytes, size_t count) {
    return refuses_file(file) ? -1 : syscall(SYS_write, file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return refuses_file(file) ? -1 : syscall(SYS_pwrite64, file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return pwrite(file, bytes, count, offset);
}

int fsync(int file) { return refuses_file(file) ? -1 : (int)syscall(SYS_fsync, file); }

int fdatasync(int file) { return refuses_file(file) ? -1 : (int)syscall(SYS_fdatasync, file); }

int ftruncate(int file, off_t size) {
    return refuses_file(file) ? -1 : (int)syscall(SYS_ftruncate, file, size);
}

int ftruncate64(int file, off64_t size) { return ftruncate(file, size); }

int posix_fallocate(int file, off_t offset, off_t size) {
    int before = errno;
    bool is_done = !refuses_file(file) && syscall(SYS_fallocate, file, 0, offset, size) == 0;
    int error = is_done ? 0 : errno;
    errno = before;
    return error;
}

int posix_fallocate64(int file, off64_t offset, off64_t size) {
    return posix_fallocate(file, offset, size);
}

// Changes of names, and the first one of all: to open for writing.

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list more;
        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    bool changes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
    if (changes && refuses_path(path)) return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int unlink(const char *path) {
    return refuses_path(path) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to) {
    return refuses_path(to) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int link(const char *from, const char *to) {
    return refuses_path(to) ? -1 : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

// A broken disk still has its rights; a read-only one lets nobody write.
int access(const char *path, int mode) {
    if ((mode & W_OK) && fault() == EROFS && refuses_path(path)) return -1;
    return (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
}
