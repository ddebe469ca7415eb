/*
 * Starts processes and waits for events with the parts of Linux that Swift's Glibc module does not
 * show. Thin: each function is a few system calls, none keeps state, none locks.
 *
 * Every function returns 0 or a count on success and a negative errno value on failure, so that
 * nothing between the call and the look at its result can change the reason.
 *
 * Needs Linux 5.9 (pidfd from clone 5.2, waiting on it 5.4, close_range 5.9).
 */
#ifndef FORWARDER_CSPAWN_H
#define FORWARDER_CSPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Another user to run as: real, effective and saved ids, these supplementary groups and no others,
 * and no capability. */
struct cspawn_identity {
    uint32_t uid;
    uint32_t gid;
    const uint32_t *groups;
    size_t group_count;
};

/* What a new process is. All pointers are borrowed for the call only. */
struct cspawn_request {
    /* Paths to try in this order, NULL at the end: what a search of PATH comes to. As execvp: goes
     * on over ENOENT, ENOTDIR and EACCES, runs a file without a known format with /bin/sh. */
    const char *const *candidates;
    const char *const *argv;
    const char *const *envp;
    /* Descriptor i of the new process is descriptors[i] of this one; every other one is closed. */
    const int *descriptors;
    size_t descriptor_count;
    /* Where it starts, or NULL to stay. */
    const char *directory;
    /* Added to the nice value; a refusal is ignored. */
    int nice_increment;
    /* File mode creation mask, or -1 to keep. */
    int creation_mask;
    /* Soft limit of open files, as far as the hard one allows; 0 to keep. */
    uint64_t open_file_limit;
    /* Its own session, and with it its own process group: a signal that others send to this
     * process's group, however near to the start, does not reach it, but for SIGKILL and SIGSTOP. */
    bool new_session;
    /* Killed when the thread that starts it ends, however that does. What the process itself starts
     * is not, and exec of a program with another user or more rights forgets it. */
    bool ends_with_starter;
    /* Whom it becomes, or NULL to stay who this process is. */
    const struct cspawn_identity *identity;
};

/* Most descriptors that a request may name. */
#define CSPAWN_DESCRIPTOR_LIMIT 16

/* A started process. */
struct cspawn_process {
    int32_t pid;
    /* Readable when the process has ended; close-on-exec; the caller closes it. */
    int pidfd;
};

/* Why a process of another user does not run its program; in memory that both share. */
struct cspawn_fault {
    /* An errno value; 0 while it does. */
    int error;
    /* True when it could not become that user. */
    bool was_identity;
};

/* One for a process that is to be started, all zero; NULL without memory. */
struct cspawn_fault *cspawn_fault_create(void);
void cspawn_fault_free(struct cspawn_fault *fault);

/*
 * Starts a process: empty signal mask, every disposition the default.
 *
 * Without `identity` it blocks the calling thread until exec succeeded or failed; then reports a
 * failed exec, and leaves no process behind. `fault` is not looked at.
 *
 * With `identity` it returns at once. A process whose program does not run exits with 127, and
 * `fault`, which must not be freed before it has ended, then says why.
 */
int cspawn_start(
    const struct cspawn_request *request, struct cspawn_process *process,
    struct cspawn_fault *fault);

/* Whether a process may become this; runs none. */
int cspawn_try_identity(const struct cspawn_identity *identity);

/* The calling thread's effective capabilities, bit n for the one with number n. */
uint64_t cspawn_capabilities(void);

/* How a process ended. */
struct cspawn_ending {
    /* False while it runs; nothing else is set then. */
    bool has_ended;
    /* True when a signal ended it. */
    bool was_killed;
    /* Exit status, or the signal's number. */
    int status;
};

enum cspawn_wait { CSPAWN_PEEK, CSPAWN_REAP };

/* Looks whether a process has ended, without waiting. CSPAWN_PEEK leaves it a zombie, which keeps
 * its id, and that of its group, from being given to a stranger. */
int cspawn_look(int pidfd, enum cspawn_wait how, struct cspawn_ending *ending);

/* A pidfd for a child that was started otherwise. */
int cspawn_open_pidfd(int32_t pid);

/* Both ends close-on-exec; the reading end, ends[0], does not block. */
int cspawn_pipe(int ends[2]);

/* One descriptor for everything that is waited for. */
int cspawn_poll_create(void);
/* Reports `tag` while the descriptor is readable or closed at the other side. */
int cspawn_poll_add(int poll, int descriptor, uint64_t tag);
int cspawn_poll_remove(int poll, int descriptor);

enum cspawn_patience { CSPAWN_ONLY_LOOK, CSPAWN_WAIT };

/* Most tags that one call gives. */
#define CSPAWN_TAG_LIMIT 64

/* Writes the tags of what is ready and returns their number; CSPAWN_WAIT waits without limit for
 * the first. 0 also when a signal interrupted it. `tags` has room for CSPAWN_TAG_LIMIT. */
int cspawn_poll_wait(int poll, enum cspawn_patience patience, uint64_t *tags);

/* A timer on the clock that never steps and counts while the host sleeps. */
int cspawn_timer_create(void);
/* Makes it readable at this time on CLOCK_BOOTTIME; a negative time disarms it. */
int cspawn_timer_arm(int timer, int64_t seconds, int64_t nanoseconds);

/* A descriptor that becomes readable by cspawn_event_raise and stays so until
 * cspawn_event_clear. */
int cspawn_event_create(void);
int cspawn_event_raise(int event);
int cspawn_event_clear(int event);

#endif
