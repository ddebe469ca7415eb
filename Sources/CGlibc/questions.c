#define _GNU_SOURCE

#include "CGlibc.h"

#include <pthread.h>
#include <string.h>

uintptr_t cglibc_stack_start(void) {
    pthread_attr_t attributes;
    void *start = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
        return 0;
    }
    if (pthread_attr_getstack(&attributes, &start, &size) != 0) {
        start = NULL;
    }
    pthread_attr_destroy(&attributes);
    return (uintptr_t)start;
}

ptrdiff_t cglibc_find(const void *text, size_t length, const void *wanted, size_t wanted_length) {
    const char *found = memmem(text, length, wanted, wanted_length);
    return found == NULL ? -1 : found - (const char *)text;
}
