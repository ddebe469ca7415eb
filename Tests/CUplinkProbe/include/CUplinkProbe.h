// An attacker inside an uplink: loaded before the program, it makes one attempt at the first wait
// of the event loop, when the sandbox is closed, or at the very start, when it is not.
//
// UPLINK_PROBE          the attempt's name
// UPLINK_PROBE_CONTROL  a file of sizeof(struct uplink_probe) zeros, for what came of it
// UPLINK_PROBE_EARLY    set: at the very start
// UPLINK_PROBE_PATH     the file, folder or socket to try
// UPLINK_PROBE_PORT     the TCP port to try on 127.0.0.1
// UPLINK_PROBE_LANDLOCK the version of Landlock that the program finds; 0: none
// UPLINK_PROBE_SECCOMP  0: the program finds no seccomp
#ifndef UPLINK_PROBE_H
#define UPLINK_PROBE_H

#include <stdint.h>

enum { PROBE_NOT_RUN, PROBE_STARTED, PROBE_DONE, PROBE_UNKNOWN };

struct uplink_probe {
    int32_t state;
    // What the attempt came to: negative when it failed, with this errno.
    int32_t result;
    int32_t error;
};

#endif
