#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"

// SQLite's file with the disk that it lies on; the file of the VFS below follows in memory.
struct shim_file {
    sqlite3_file base;
    struct disk *disk;
    struct disk_file *file;
};

static sqlite3_vfs *below;
static sqlite3_vfs shim;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered = SQLITE_ERROR;

static struct shim_file *shim_of(sqlite3_file *file) { return (struct shim_file *)file; }
static sqlite3_file *real_of(sqlite3_file *file) { return (sqlite3_file *)(shim_of(file) + 1); }

// SQLite's code for a fault of an operation; what its unix VFS returns for the same errno.
static int code_of(int fault, uint32_t operation) {
    bool is_full = fault == FAULTY_NO_SPACE;
    switch (operation) {
    case FAULTY_WRITE: return is_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    case FAULTY_SYNC: return SQLITE_IOERR_FSYNC;
    case FAULTY_TRUNCATE: return SQLITE_IOERR_TRUNCATE;
    case FAULTY_OPEN: return SQLITE_CANTOPEN;
    case FAULTY_DELETE: return SQLITE_IOERR_DELETE;
    case FAULTY_SHARED_MEMORY: return is_full ? SQLITE_IOERR_SHMSIZE : SQLITE_IOERR_SHMMAP;
    case FAULTY_SIZE: return SQLITE_IOERR_FSTAT;
    default: return SQLITE_IOERR_READ;
    }
}

static int shim_close(sqlite3_file *file) { return real_of(file)->pMethods->xClose(real_of(file)); }

static int shim_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset) {
    struct disk *disk = shim_of(file)->disk;
    pthread_mutex_lock(&disk->lock);
    int fault = disk_meets(disk, FAULTY_READ);
    pthread_mutex_unlock(&disk->lock);
    if (fault != 0) return code_of(fault, FAULTY_READ);
    return real_of(file)->pMethods->xRead(real_of(file), bytes, size, offset);
}

static int write_and_note(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset) {
    int code = real_of(file)->pMethods->xWrite(real_of(file), bytes, size, offset);
    if (code == SQLITE_OK) {
        disk_wrote(shim_of(file)->disk, shim_of(file)->file, bytes, (size_t)size, offset);
    }
    return code;
}

static int shim_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset) {
    struct disk *disk = shim_of(file)->disk;
    pthread_mutex_lock(&disk->lock);
    bool was_dead = disk->is_dead;
    int fault = disk_meets(disk, FAULTY_WRITE);
    int code = SQLITE_OK;
    if (fault == 0) {
        code = write_and_note(file, bytes, size, offset);
    } else {
        code = code_of(fault, FAULTY_WRITE);
        if (fault == FAULTY_SHORT_WRITE) write_and_note(file, bytes, size / 2, offset);
        if (fault == FAULTY_POWER_CUT && !was_dead) {
            // the write was under way: it survives or not like those before it
            disk_wrote(disk, shim_of(file)->file, bytes, (size_t)size, offset);
            disk_cut(disk, disk->plan.survival, disk->plan.seed);
        }
    }
    pthread_mutex_unlock(&disk->lock);
    return code;
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size) {
    struct disk *disk = shim_of(file)->disk;
    pthread_mutex_lock(&disk->lock);
    int fault = disk_meets(disk, FAULTY_TRUNCATE);
    int code = SQLITE_OK;
    if (fault == 0) {
        code = real_of(file)->pMethods->xTruncate(real_of(file), size);
        if (code == SQLITE_OK) disk_truncated(disk, shim_of(file)->file, size);
    } else {
        code = code_of(fault, FAULTY_TRUNCATE);
        if (fault == FAULTY_POWER_CUT) disk_cut(disk, disk->plan.survival, disk->plan.seed);
    }
    pthread_mutex_unlock(&disk->lock);
    return code;
}

static int shim_sync(sqlite3_file *file, int flags) {
    struct disk *disk = shim_of(file)->disk;
    (void)flags;
    pthread_mutex_lock(&disk->lock);
    int fault = disk_meets(disk, FAULTY_SYNC);
    // the real file is in memory or a cache either way: what counts is the record
    if (fault == 0) disk_synced(disk, shim_of(file)->file);
    if (fault == FAULTY_LOST_SYNC) disk_lost_sync(disk, shim_of(file)->file);
    if (fault == FAULTY_POWER_CUT) disk_cut(disk, disk->plan.survival, disk->plan.seed);
    pthread_mutex_unlock(&disk->lock);
    return fault == 0 ? SQLITE_OK : code_of(fault, FAULTY_SYNC);
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size) {
    struct disk *disk = shim_of(file)->disk;
    pthread_mutex_lock(&disk->lock);
    int fault = disk_meets(disk, FAULTY_SIZE);
    pthread_mutex_unlock(&disk->lock);
    if (fault != 0) return code_of(fault, FAULTY_SIZE);
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int shim_lock(sqlite3_file *file, int level) {
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int shim_unlock(sqlite3_file *file, int level) {
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int shim_check_lock(sqlite3_file *file, int *is_locked) {
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), is_locked);
}

static int shim_control(sqlite3_file *file, int operation, void *argument) {
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int shim_sector_size(sqlite3_file *file) {
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int shim_characteristics(sqlite3_file *file) {
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int shim_shared_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory) {
    struct disk *disk = shim_of(file)->disk;
    pthread_mutex_lock(&disk->lock);
    int fault = disk_meets(disk, FAULTY_SHARED_MEMORY);
    pthread_mutex_unlock(&disk->lock);
    if (fault != 0) {
        *memory = NULL;
        return code_of(fault, FAULTY_SHARED_MEMORY);
    }
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, memory);
}

static int shim_shared_lock(sqlite3_file *file, int offset, int count, int flags) {
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void shim_shared_barrier(sqlite3_file *file) {
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int shim_shared_unmap(sqlite3_file *file, int deletes) {
    return real_of(file)->pMethods->xShmUnmap(real_of(file), deletes);
}

// Version 2: with shared memory, without mapped reads, so that every read can fail.
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_lock,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector_size,
    .xDeviceCharacteristics = shim_characteristics,
    .xShmMap = shim_shared_map,
    .xShmLock = shim_shared_lock,
    .xShmBarrier = shim_shared_barrier,
    .xShmUnmap = shim_shared_unmap,
};

static int shim_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *given) {
    (void)vfs;
    struct disk *disk = disk_of_path(name);
    // straight to the VFS below: such a file never meets the shim again
    if (disk == NULL) return below->xOpen(below, name, file, flags, given);
    memset(file, 0, sizeof(struct shim_file));
    pthread_mutex_lock(&disk->lock);
    int fault = disk_meets(disk, FAULTY_OPEN);
    if (fault == FAULTY_POWER_CUT) disk_cut(disk, disk->plan.survival, disk->plan.seed);
    int code = code_of(fault, FAULTY_OPEN);
    if (fault == 0) {
        bool existed = access(name, F_OK) == 0;
        code = below->xOpen(below, name, real_of(file), flags, given);
        if (code == SQLITE_OK) {
            shim_of(file)->disk = disk;
            shim_of(file)->file = disk_file(disk, name, existed);
            file->pMethods = &methods;
        }
    }
    pthread_mutex_unlock(&disk->lock);
    return code;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int syncs_folder) {
    (void)vfs;
    struct disk *disk = disk_of_path(name);
    if (disk == NULL) return below->xDelete(below, name, syncs_folder);
    pthread_mutex_lock(&disk->lock);
    int fault = disk_meets(disk, FAULTY_DELETE);
    if (fault == FAULTY_POWER_CUT) disk_cut(disk, disk->plan.survival, disk->plan.seed);
    int code = code_of(fault, FAULTY_DELETE);
    if (fault == 0) {
        code = below->xDelete(below, name, syncs_folder);
        if (code == SQLITE_OK) disk_deleted(disk, name, syncs_folder != 0 && !disk->lies);
    }
    pthread_mutex_unlock(&disk->lock);
    return code;
}

static void set_up(void) {
    below = sqlite3_vfs_find(NULL);
    if (below == NULL) return;
    shim = *below;
    shim.zName = "faulty-disk";
    shim.pNext = NULL;
    shim.szOsFile = (int)sizeof(struct shim_file) + below->szOsFile;
    shim.xOpen = shim_open;
    shim.xDelete = shim_delete;
    registered = sqlite3_vfs_register(&shim, 1);
}

bool faulty_vfs_register(void) {
    pthread_once(&once, set_up);
    return registered == SQLITE_OK;
}
