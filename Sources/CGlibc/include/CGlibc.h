/*
 * What the C library offers beyond POSIX and Swift's Glibc module does not show. Thin: each
 * function is one question to it, none keeps state, none locks.
 */
#ifndef FORWARDER_CGLIBC_H
#define FORWARDER_CGLIBC_H

#include <stddef.h>
#include <stdint.h>

/* The lowest address of the running thread's stack, where its limit lies, or 0 when the system does
 * not tell. On a program's first thread this reads /proc/self/maps. */
uintptr_t cglibc_stack_start(void);

/* Where a text occurs first in another: an offset, or -1. In time of the sum of both lengths. */
ptrdiff_t cglibc_find(const void *text, size_t length, const void *wanted, size_t wanted_length);

#endif
