#ifndef C_FAULTY_DISK_H
#define C_FAULTY_DISK_H

#include <stdbool.h>
#include <stdint.h>

// A disk that fails on request, between SQLite and the file system.
//
// The first disk becomes SQLite's default VFS; files outside the folders of disks pass by untouched.
// What SQLite writes reaches the real file at once. Beside it each disk remembers, for each file, the
// bytes that are on the medium for sure and the changes since the last sync: a power cut keeps, drops
// or tears each of those. The wal-index (-shm) is memory and gone after a cut.

// Operations that can fail; a plan names them as a set of bits.
enum {
    FAULTY_WRITE = 1 << 0,
    FAULTY_SYNC = 1 << 1,
    FAULTY_TRUNCATE = 1 << 2,
    FAULTY_OPEN = 1 << 3,
    FAULTY_DELETE = 1 << 4,
    FAULTY_SHARED_MEMORY = 1 << 5,
    FAULTY_SIZE = 1 << 6,
    FAULTY_READ = 1 << 7,
    FAULTY_OPERATION_COUNT = 8,
};

// What happens to the operation that a plan hits.
enum {
    FAULTY_INPUT_OUTPUT = 1,  // EIO: nothing is done
    FAULTY_NO_SPACE = 2,      // ENOSPC: nothing is done
    FAULTY_SHORT_WRITE = 3,   // half of a write is done, then EIO; others as EIO
    FAULTY_LOST_SYNC = 4,     // EIO, and what was to be synced never reaches the medium
    FAULTY_POWER_CUT = 5,     // this and everything after it fails until the power is back
};

// What a power cut leaves of changes that were not synced.
enum {
    FAULTY_DROP = 0,  // none
    FAULTY_KEEP = 1,  // all, as when only the process died
    FAULTY_TEAR = 2,  // each of them whole, not at all, or some of its 512-byte sectors; by seed
};

struct faulty_plan {
    uint32_t operations;  // which operations count and can fail
    uint64_t position;    // which of them is hit, from 1; 0: none
    int fault;
    bool is_lasting;      // until healed, or once
    int survival;         // of a power cut
    uint64_t seed;        // of a tearing power cut
};

struct faulty_counts {
    uint64_t operations[FAULTY_OPERATION_COUNT];  // asked for, by bit number
    uint64_t counted;            // those that the plan names
    uint64_t hits;               // those that failed
    uint64_t unsynced_at_cut;    // changes that were in flight when the power went
    uint64_t unsynced_kept;      // of those, what survived whole or in part
};

// A disk for everything below a folder (an absolute path); its handle, or -1.
int faulty_disk_open(const char *folder);
// Forgets a disk. Its files must be closed.
void faulty_disk_close(int disk);
// Starts counting at zero and fails as planned.
void faulty_disk_plan(int disk, struct faulty_plan plan);
// Nothing fails any more; not after a power cut.
void faulty_disk_heal(int disk);
// Acknowledges syncs that it does not do, from now on.
void faulty_disk_lie(int disk, bool lies);
// The power goes now.
void faulty_disk_cut(int disk, int survival, uint64_t seed);
// True after a power cut.
bool faulty_disk_is_dead(int disk);
// Leaves in the real files what survived; false when they cannot be written. Files must be closed.
bool faulty_disk_restore(int disk);
struct faulty_counts faulty_disk_counts(int disk);

#endif
