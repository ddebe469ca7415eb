#include "disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DISK_LIMIT = 64, SECTOR_BYTES = 512 };

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct disk *table[DISK_LIMIT];

// Tests end on their own lack of memory, with the line that met it.
static void *must(void *memory) {
    if (memory == NULL) abort();
    return memory;
}

static struct disk *disk_at(int handle) {
    pthread_mutex_lock(&table_lock);
    struct disk *disk = handle >= 0 && handle < DISK_LIMIT ? table[handle] : NULL;
    pthread_mutex_unlock(&table_lock);
    return must(disk);
}

struct disk *disk_of_path(const char *path) {
    struct disk *found = NULL;
    if (path == NULL) return NULL;
    pthread_mutex_lock(&table_lock);
    for (int i = 0; i < DISK_LIMIT && found == NULL; i++) {
        if (table[i] == NULL) continue;
        size_t length = strlen(table[i]->folder);
        if (strncmp(path, table[i]->folder, length) == 0 && path[length] == '/') found = table[i];
    }
    pthread_mutex_unlock(&table_lock);
    return found;
}

// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
static uint64_t next_random(struct disk *disk) {
    uint64_t mixed = disk->random += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}

// Images

static void image_clear(struct image *image) {
    free(image->bytes);
    *image = (struct image){0};
}

static void image_resize(struct image *image, size_t size) {
    image->bytes = must(realloc(image->bytes, size + 1));
    if (size > image->size) memset(image->bytes + image->size, 0, size - image->size);
    image->size = size;
}

static void image_write(struct image *image, int64_t offset, const unsigned char *bytes, size_t size) {
    size_t end = (size_t)offset + size;
    if (end > image->size) image_resize(image, end);
    memcpy(image->bytes + offset, bytes, size);
}

static void image_apply(struct image *image, const struct change *change) {
    if (change->bytes == NULL) {
        image_resize(image, (size_t)change->offset);
    } else {
        image_write(image, change->offset, change->bytes, change->size);
    }
}

static void image_load(struct image *image, const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    if (file < 0) return;
    if (fstat(file, &facts) == 0) {
        image->exists = true;
        image_resize(image, (size_t)facts.st_size);
        if (pread(file, image->bytes, image->size, 0) != (ssize_t)image->size) abort();
    }
    close(file);
}

static bool image_save(const struct image *image, const char *path) {
    if (!image->exists) return unlink(path) == 0 || access(path, F_OK) != 0;
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return false;
    bool done = pwrite(file, image->bytes, image->size, 0) == (ssize_t)image->size;
    return close(file) == 0 && done;
}

static void forget_changes(struct disk_file *file) {
    for (size_t i = 0; i < file->change_count; i++) free(file->changes[i].bytes);
    free(file->changes);
    file->changes = NULL;
    file->change_count = 0;
}

// What SQLite does

struct disk_file *disk_file(struct disk *disk, const char *path, bool existed) {
    struct disk_file *file = disk->files;
    while (file != NULL && strcmp(file->path, path) != 0) file = file->next;
    if (file == NULL) {
        file = must(calloc(1, sizeof *file));
        file->path = must(strdup(path));
        file->next = disk->files;
        disk->files = file;
        if (existed) image_load(&file->medium, path);
    }
    if (!existed) {
        forget_changes(file);
        image_clear(&file->medium);
        file->is_new = true;
    }
    return file;
}

static void remember(struct disk_file *file, struct change change) {
    size_t size = (file->change_count + 1) * sizeof *file->changes;
    // grown by powers of two
    if ((file->change_count & (file->change_count + 1)) == 0) {
        file->changes = must(realloc(file->changes, 2 * size));
    }
    file->changes[file->change_count++] = change;
}

void disk_wrote(struct disk *disk, struct disk_file *file, const void *bytes, size_t size, int64_t offset) {
    (void)disk;
    unsigned char *copy = must(malloc(size + 1));
    memcpy(copy, bytes, size);
    remember(file, (struct change){.offset = offset, .size = size, .bytes = copy});
}

void disk_truncated(struct disk *disk, struct disk_file *file, int64_t size) {
    (void)disk;
    remember(file, (struct change){.offset = size});
}

// What was made or deleted in the folder stays so.
static void sync_folder(struct disk *disk) {
    for (struct disk_file *file = disk->files; file != NULL; file = file->next) {
        image_clear(&file->ghost);
        if (file->is_new) file->medium.exists = true;
        file->is_new = false;
    }
}

void disk_synced(struct disk *disk, struct disk_file *file) {
    if (disk->lies) return;
    file->medium.exists = true;
    for (size_t i = 0; i < file->change_count; i++) image_apply(&file->medium, &file->changes[i]);
    forget_changes(file);
    // SQLite's unix VFS syncs the folder with the first sync of a log or journal that it made
    if (file->is_new) sync_folder(disk);
}

void disk_lost_sync(struct disk *disk, struct disk_file *file) {
    (void)disk;
    forget_changes(file);
}

void disk_deleted(struct disk *disk, const char *path, bool is_synced) {
    struct disk_file *file = disk->files;
    while (file != NULL && strcmp(file->path, path) != 0) file = file->next;
    if (file == NULL) return;
    forget_changes(file);
    if (!is_synced && !file->is_new && file->medium.exists) {
        image_clear(&file->ghost);
        file->ghost = file->medium;
        file->medium = (struct image){0};
    }
    image_clear(&file->medium);
    file->is_new = false;
    if (is_synced) sync_folder(disk);
}

// Power

// Leaves in `medium` what a cut leaves of a file.
static void survive(struct disk *disk, struct disk_file *file, int survival) {
    disk->counts.unsynced_at_cut += file->change_count;
    bool tears = survival == FAULTY_TEAR;
    bool keeps_name = survival == FAULTY_KEEP || (tears && next_random(disk) % 2 == 0);
    if (file->is_new && keeps_name) file->medium.exists = true;
    for (size_t i = 0; i < file->change_count && file->medium.exists; i++) {
        struct change *change = &file->changes[i];
        uint64_t fate = tears ? next_random(disk) % 4 : survival == FAULTY_KEEP;
        if (fate == 0) continue;
        disk->counts.unsynced_kept++;
        if (fate == 1 || change->bytes == NULL) {
            image_apply(&file->medium, change);
            continue;
        }
        size_t done = 0;
        while (done < change->size) {
            size_t into = (size_t)(change->offset + (int64_t)done) % SECTOR_BYTES;
            size_t part = SECTOR_BYTES - into;
            if (part > change->size - done) part = change->size - done;
            if (next_random(disk) % 2 == 0) {
                image_write(&file->medium, change->offset + (int64_t)done, change->bytes + done, part);
            }
            done += part;
        }
    }
    bool comes_back = survival == FAULTY_DROP || (tears && next_random(disk) % 2 == 0);
    if (!file->medium.exists && file->ghost.exists && comes_back) {
        image_clear(&file->medium);
        file->medium = file->ghost;
        file->ghost = (struct image){0};
    }
    forget_changes(file);
}

void disk_cut(struct disk *disk, int survival, uint64_t seed) {
    if (disk->is_dead) return;
    disk->is_dead = true;
    disk->random = seed;
    for (struct disk_file *file = disk->files; file != NULL; file = file->next) {
        survive(disk, file, survival);
    }
}

int disk_meets(struct disk *disk, uint32_t operation) {
    disk->counts.operations[__builtin_ctz(operation)]++;
    if (disk->is_dead) return FAULTY_POWER_CUT;
    const struct faulty_plan *plan = &disk->plan;
    if ((plan->operations & operation) == 0) return 0;
    uint64_t position = ++disk->counts.counted;
    if (plan->position == 0 || position < plan->position) return 0;
    if (position > plan->position && !plan->is_lasting) return 0;
    disk->counts.hits++;
    return plan->fault;
}

static void forget_files(struct disk *disk) {
    while (disk->files != NULL) {
        struct disk_file *file = disk->files;
        disk->files = file->next;
        forget_changes(file);
        image_clear(&file->medium);
        image_clear(&file->ghost);
        free(file->path);
        free(file);
    }
}

int faulty_disk_open(const char *folder) {
    if (!faulty_vfs_register()) return -1;
    struct disk *disk = must(calloc(1, sizeof *disk));
    pthread_mutex_init(&disk->lock, NULL);
    disk->folder = must(strdup(folder));
    pthread_mutex_lock(&table_lock);
    int handle = 0;
    while (handle < DISK_LIMIT && table[handle] != NULL) handle++;
    if (handle < DISK_LIMIT) table[handle] = disk;
    pthread_mutex_unlock(&table_lock);
    if (handle < DISK_LIMIT) return handle;
    free(disk->folder);
    free(disk);
    return -1;
}

void faulty_disk_close(int handle) {
    struct disk *disk = disk_at(handle);
    pthread_mutex_lock(&table_lock);
    table[handle] = NULL;
    pthread_mutex_unlock(&table_lock);
    forget_files(disk);
    pthread_mutex_destroy(&disk->lock);
    free(disk->folder);
    free(disk);
}

void faulty_disk_plan(int handle, struct faulty_plan plan) {
    struct disk *disk = disk_at(handle);
    pthread_mutex_lock(&disk->lock);
    disk->plan = plan;
    disk->counts = (struct faulty_counts){0};
    pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_heal(int handle) {
    struct disk *disk = disk_at(handle);
    pthread_mutex_lock(&disk->lock);
    disk->plan.position = 0;
    pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_lie(int handle, bool lies) {
    struct disk *disk = disk_at(handle);
    pthread_mutex_lock(&disk->lock);
    disk->lies = lies;
    pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_cut(int handle, int survival, uint64_t seed) {
    struct disk *disk = disk_at(handle);
    pthread_mutex_lock(&disk->lock);
    disk_cut(disk, survival, seed);
    pthread_mutex_unlock(&disk->lock);
}

bool faulty_disk_is_dead(int handle) {
    struct disk *disk = disk_at(handle);
    pthread_mutex_lock(&disk->lock);
    bool is_dead = disk->is_dead;
    pthread_mutex_unlock(&disk->lock);
    return is_dead;
}

bool faulty_disk_restore(int handle) {
    struct disk *disk = disk_at(handle);
    pthread_mutex_lock(&disk->lock);
    bool done = disk->is_dead;
    for (struct disk_file *file = disk->files; file != NULL && disk->is_dead; file = file->next) {
        done = image_save(&file->medium, file->path) && done;
        char memory[4096];
        snprintf(memory, sizeof memory, "%s-shm", file->path);
        unlink(memory);
    }
    forget_files(disk);
    disk->is_dead = false;
    disk->lies = false;
    disk->plan.position = 0;
    pthread_mutex_unlock(&disk->lock);
    return done;
}

struct faulty_counts faulty_disk_counts(int handle) {
    struct disk *disk = disk_at(handle);
    pthread_mutex_lock(&disk->lock);
    struct faulty_counts counts = disk->counts;
    pthread_mutex_unlock(&disk->lock);
    return counts;
}
