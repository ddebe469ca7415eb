/*
 * Takes from the calling process what it will not need again. Thin: a few system calls in a fixed
 * order, no state, nothing that is given back. x86_64 and aarch64.
 *
 * Everything binds the calling thread only, so it is called while there is no other one. What each
 * layer needs of the kernel: docs/sandbox.md.
 */
#ifndef FORWARDER_CSANDBOX_H
#define FORWARDER_CSANDBOX_H

#include <stddef.h>
#include <stdint.h>

/* The layers, in the order in which they are put on. */
enum csandbox_layer {
    /* Every other descriptor is closed; no core files, no new processes, so many descriptors. */
    CSANDBOX_LIMITS,
    /* Nobody of the same user may trace it or read its memory. */
    CSANDBOX_DUMPABLE,
    /* No program that it might start gains anything: no_new_privs. */
    CSANDBOX_PRIVILEGES,
    /* No capability, and none to be had. */
    CSANDBOX_CAPABILITIES,
    /* Landlock: no file is opened, made, removed or run by its name. */
    CSANDBOX_FILES,
    /* Landlock: TCP connections to the given ports only, no TCP server. */
    CSANDBOX_PORTS,
    /* Landlock: no signal to other processes, no abstract Unix socket of theirs. */
    CSANDBOX_SCOPES,
    /* seccomp: the system calls that TLS over TCP needs, and no others. */
    CSANDBOX_SYSTEM_CALLS,
    CSANDBOX_LAYER_COUNT
};

/* What remains allowed. */
struct csandbox_request {
    /* The one descriptor above 2 that stays open. */
    int descriptor;
    /* Most descriptors at a time; never raised. */
    uint64_t descriptor_limit;
    /* TCP ports that may be connected to. Borrowed for the call only. */
    const uint16_t *ports;
    size_t port_count;
};

/* What came of it. */
struct csandbox_report {
    /* 0: the layer is on. Otherwise the errno for which it is not; ENOSYS and EOPNOTSUPP: the
     * kernel has none, or does not let it be used. */
    int errors[CSANDBOX_LAYER_COUNT];
    /* The version of Landlock's interface; 0 without Landlock. */
    int landlock_version;
};

/* Puts on every layer that the kernel has. One that fails does not keep the others off. */
void csandbox_confine(const struct csandbox_request *request, struct csandbox_report *report);

/* Parts of csandbox_confine, each 0 or an errno. */
void csandbox_landlock(const struct csandbox_request *request, struct csandbox_report *report);
int csandbox_filter(void);

#endif
