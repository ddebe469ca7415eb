#ifndef C_CHILDREN_H
#define C_CHILDREN_H

// Has a child that is spawned by these actions (posix_spawn_file_actions_t) close every descriptor from this
// one on, once the actions before are done. Swift's Glibc module does not show it. Returns 0 or an errno value.
int children_close_from(void *actions, int descriptor);

#endif
