#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel's interface, spelled out: distributions' headers are older than the kernels that this
 * runs on. The numbers are the same on every architecture.
 *
 * Source: include/uapi/linux/landlock.h
 */
enum {
    nr_create_ruleset = 444,
    nr_add_rule = 445,
    nr_restrict_self = 446,
    create_ruleset_version = 1,
    rule_net_port = 2,
};

struct ruleset {
    uint64_t files;
    uint64_t net;
    uint64_t scopes;
};

struct port_rule {
    uint64_t allowed;
    uint64_t port;
};

static const uint64_t net_connect = 1 << 1;
static const uint64_t net_all = (1 << 0) | net_connect; /* bind, connect */
static const uint64_t scopes_all = (1 << 0) | (1 << 1); /* abstract sockets, signals */

/* Every access to files that this version of the interface can refuse. */
static uint64_t files_all(int version) {
    int bits = 13;                /* execute to make_sym */
    if (version >= 2) bits = 14;  /* refer */
    if (version >= 3) bits = 15;  /* truncate */
    if (version >= 5) bits = 16;  /* ioctl of devices */
    return (1ULL << bits) - 1;
}

/* The interface's struct grew with its versions; a longer one than it knows is refused. */
static size_t ruleset_size(int version) {
    if (version >= 6) return sizeof(struct ruleset);
    return version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static int fill_and_enforce(int rules, const struct csandbox_request *request, int version) {
    for (size_t i = 0; version >= 4 && i < request->port_count; i++) {
        struct port_rule rule = {.allowed = net_connect, .port = request->ports[i]};
        if (syscall(nr_add_rule, rules, rule_net_port, &rule, 0) < 0) return errno;
    }
    return syscall(nr_restrict_self, rules, 0) < 0 ? errno : 0;
}

static int enforce(const struct csandbox_request *request, int version) {
    struct ruleset all = {.files = files_all(version), .net = net_all, .scopes = scopes_all};
    long rules = syscall(nr_create_ruleset, &all, ruleset_size(version), 0);
    if (rules < 0) return errno;
    int error = fill_and_enforce((int)rules, request, version);
    close((int)rules);
    return error;
}

void csandbox_landlock(const struct csandbox_request *request, struct csandbox_report *report) {
    long version = syscall(nr_create_ruleset, NULL, 0, create_ruleset_version);
    int error = version < 0 ? errno : 0;
    report->landlock_version = error ? 0 : (int)version;
    if (!error) error = enforce(request, (int)version);
    report->errors[CSANDBOX_FILES] = error;
    report->errors[CSANDBOX_PORTS] = error ? error : version >= 4 ? 0 : ENOSYS;
    report->errors[CSANDBOX_SCOPES] = error ? error : version >= 6 ? 0 : ENOSYS;
}
