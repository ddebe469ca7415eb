#define _GNU_SOURCE
#include "CChildren.h"

#include <spawn.h>

int children_close_from(void *actions, int descriptor) {
    return posix_spawn_file_actions_addclosefrom_np(actions, descriptor);
}
