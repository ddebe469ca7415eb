#ifndef UPLINK_PROBE_ATTEMPTS_H
#define UPLINK_PROBE_ATTEMPTS_H

// One thing that an attacker tries: negative with errno when it was refused.
struct attempt {
    const char *name;
    long (*make)(void);
};

extern const struct attempt attempts[];

// A system call as the kernel takes it; negative errno when it fails.
long raw_call(long number, const long arguments[6]);

#endif
