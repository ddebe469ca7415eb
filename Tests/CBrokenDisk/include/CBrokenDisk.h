#ifndef C_BROKEN_DISK_H
#define C_BROKEN_DISK_H

#include <stdint.h>

// A disk that refuses changes on request, below another program.
//
// The library is loaded before the program (LD_PRELOAD). What the program changes below the folder that
// BROKEN_DISK_FOLDER names (an absolute path without symbolic links) fails while the file that
// BROKEN_DISK_CONTROL names says so; reading and everything elsewhere go on. What is mapped into memory is
// not seen, as a kernel whose disk fails later would not refuse it either.

// The content of the control file, shared with the test.
struct broken_disk {
    int32_t error;      // with which errno changes fail; 0: they do not
    uint32_t is_loaded; // 1 once a program has the library
    uint64_t refusals;  // changes that failed
};

#endif
