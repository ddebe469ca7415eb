#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int first_error(long result) { return result < 0 ? errno : 0; }

/* Sets soft and hard limit to `limit` unless they are lower. */
static int lower(int resource, rlim_t limit) {
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) < 0) return errno;
    if (now.rlim_cur > limit) now.rlim_cur = limit;
    if (now.rlim_max > limit) now.rlim_max = limit;
    return first_error(setrlimit((__rlimit_resource_t)resource, &now));
}

static int close_others(int kept) {
    int error = 0;
    if (kept > 3) error = first_error(syscall(SYS_close_range, 3U, (unsigned)kept - 1, 0));
    if (error) return error;
    return first_error(syscall(SYS_close_range, (unsigned)kept + 1, ~0U, 0));
}

/* No limit on file sizes: standard error may be a file, and no other can be opened. */
static int limit(const struct csandbox_request *request) {
    int error = close_others(request->descriptor);
    if (!error) error = lower(RLIMIT_CORE, 0);
    if (!error) error = lower(RLIMIT_NPROC, 0);
    if (!error) error = lower(RLIMIT_MEMLOCK, 0);
    if (!error) error = lower(RLIMIT_MSGQUEUE, 0);
    if (!error) error = lower(RLIMIT_NOFILE, request->descriptor_limit);
    return error;
}

/* The bounding set goes first, since lowering it needs a capability itself. Without that one there
 * is nothing to gain from the set: no_new_privs is on, and nothing can be run. */
static int drop_capabilities(void) {
    for (int one = 0; prctl(PR_CAPBSET_READ, one, 0, 0, 0) >= 0; one++) {
        if (prctl(PR_CAPBSET_DROP, one, 0, 0, 0) < 0 && errno != EPERM) return errno;
    }
    int error = first_error(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    if (error) return error;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return first_error(syscall(SYS_capset, &header, none));
}

void csandbox_confine(const struct csandbox_request *request, struct csandbox_report *report) {
    int *errors = report->errors;
    errors[CSANDBOX_LIMITS] = limit(request);
    errors[CSANDBOX_DUMPABLE] = first_error(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
    errors[CSANDBOX_PRIVILEGES] = first_error(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    errors[CSANDBOX_CAPABILITIES] = drop_capabilities();
    csandbox_landlock(request, report);
    /* Last: it takes away the calls that the others are made of. */
    errors[CSANDBOX_SYSTEM_CALLS] = csandbox_filter();
}
