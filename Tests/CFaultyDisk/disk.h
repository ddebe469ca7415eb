#ifndef FAULTY_DISK_INTERNAL_H
#define FAULTY_DISK_INTERNAL_H

#include <pthread.h>
#include <stddef.h>

#include "CFaultyDisk.h"

// One write or truncation that was not synced.
struct change {
    int64_t offset;
    size_t size;
    unsigned char *bytes;  // NULL: the file was cut to `offset`
};

// A file's bytes.
struct image {
    bool exists;
    size_t size;
    unsigned char *bytes;
};

// One file of a disk.
struct disk_file {
    char *path;
    struct image medium;  // what is there for sure
    struct image ghost;   // what a deletion that was not synced can give back
    bool is_new;          // its name was not synced
    struct change *changes;
    size_t change_count;
    struct disk_file *next;
};

struct disk {
    pthread_mutex_t lock;
    char *folder;
    struct disk_file *files;
    struct faulty_plan plan;
    struct faulty_counts counts;
    bool is_dead;
    bool lies;
    uint64_t random;
};

// The disk that a path belongs to; NULL for all others.
struct disk *disk_of_path(const char *path);
// Counts an operation and says what happens to it; 0: nothing.
int disk_meets(struct disk *disk, uint32_t operation);
// The file's record, made when it is opened first.
struct disk_file *disk_file(struct disk *disk, const char *path, bool existed);
void disk_wrote(struct disk *disk, struct disk_file *file, const void *bytes, size_t size, int64_t offset);
void disk_truncated(struct disk *disk, struct disk_file *file, int64_t size);
void disk_synced(struct disk *disk, struct disk_file *file);
// What was to be synced will never be.
void disk_lost_sync(struct disk *disk, struct disk_file *file);
void disk_cut(struct disk *disk, int survival, uint64_t seed);
void disk_deleted(struct disk *disk, const char *path, bool is_synced);

// Registers the VFS once; false when SQLite refuses.
bool faulty_vfs_register(void);

#endif
