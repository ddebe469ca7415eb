import Foundation

/// A wall clock for other programs that is ahead or behind, and can be stepped while they run.
///
/// A small library that is loaded before the program shifts what it reads as the time of day; the
/// monotonic clock and all timers stay as they are, as with a real clock that is wrong. (Debian's
/// libfaketime 0.9.10 shifts absolute timers of the monotonic clock too, into the past of short
/// uptimes, where the kernel refuses them.)
package final class ShiftedClock: Sendable {
    private let folder: TemporaryDirectory

    /// Builds the library; the clock is right at first.
    package init() throws {
        folder = try TemporaryDirectory("clock")
        try folder.write(Self.source, to: "clock.c")
        guard let compiler = ["clang", "cc", "gcc"].compactMap({ Command.find($0) }).first else {
            throw SupportFault(
                "no C compiler in PATH; Swift's toolchain brings clang")
        }
        try Command.require(
            compiler,
            ["-shared", "-fPIC", "-O1", "-o", folder.path("clock.so"), folder.path("clock.c")]
        )
        try set(secondsAhead: 0)
    }

    /// What a program needs in its environment.
    package var environment: [String: String] {
        ["LD_PRELOAD": folder.path("clock.so"), "SHIFTED_CLOCK": folder.path("offset")]
    }

    /// Steps the clock of all programs that have it, by writing where they look at each time.
    package func set(secondsAhead seconds: Int) throws {
        let path = folder.path("offset")
        if !FileManager.default.fileExists(atPath: path) { try folder.write("", to: "offset") }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.write(contentsOf: withUnsafeBytes(of: Int64(seconds)) { Data($0) })
        try file.close()
    }

    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdint.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static const volatile int64_t *offset;

        __attribute__((constructor)) static void begin(void) {
            const char *path = getenv("SHIFTED_CLOCK");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *page = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
            close(file);
            if (page != MAP_FAILED) offset = page;
        }

        int clock_gettime(clockid_t clock, struct timespec *now) {
            int status = (int)syscall(SYS_clock_gettime, clock, now);
            int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
            if (status == 0 && is_wall && offset) now->tv_sec += *offset;
            return status;
        }

        int gettimeofday(struct timeval *restrict now, void *restrict zone) {
            (void)zone;
            struct timespec precise;
            if (clock_gettime(CLOCK_REALTIME, &precise) != 0) return -1;
            now->tv_sec = precise.tv_sec;
            now->tv_usec = precise.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *copy) {
            struct timespec now;
            if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
            if (copy) *copy = now.tv_sec;
            return now.tv_sec;
        }

        """
}
