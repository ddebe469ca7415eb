internal import Glibc

/// What a configuration can learn of the world around the program.
///
/// Everything that would give another value in another place or at another time comes from here,
/// so that a host program decides what scripts may see and tests can pin it.
public struct Surroundings: Sendable {
    /// Seconds since 1970, for `get_time()` and `DateTime()`.
    public var now: @Sendable () -> Double
    /// A random number for `random()`.
    public var random: @Sendable () -> UInt64
    /// An environment variable, for `getenv()`; nil when there is none of that name.
    public var environment: @Sendable (ByteString) -> ByteString?
    /// Looks at names in the file system, for `path_exists()`, `glob()` and `glob_recursive()`.
    public var paths: any PathLookup
    /// How points in time are written and read.
    public var calendar: ScriptCalendar

    /// Surroundings with all their parts.
    public init(
        now: @escaping @Sendable () -> Double,
        random: @escaping @Sendable () -> UInt64,
        environment: @escaping @Sendable (ByteString) -> ByteString?,
        paths: any PathLookup,
        calendar: ScriptCalendar
    ) {
        self.now = now
        self.random = random
        self.environment = environment
        self.paths = paths
        self.calendar = calendar
    }

    /// The machine's clock, randomness, files and local time, and the environment that the program
    /// was started with.
    public static var system: Surroundings {
        let variables = processEnvironment()
        return Surroundings(
            now: { systemTime() },
            random: { UInt64.random(in: .min ... .max) },
            environment: { variables[$0] },
            paths: SystemPaths(),
            calendar: .local
        )
    }

    private static func systemTime() -> Double {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    /// What the program was started with; a change of the C library's copy cannot race with this.
    private static func processEnvironment() -> [ByteString: ByteString] {
        // lost on purpose: without /proc there is no environment to read
        guard let text = try? SystemFileReader().read("/proc/self/environ") else { return [:] }
        var variables: [ByteString: ByteString] = [:]
        for entry in text.split(separator: 0) {
            guard let sign = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = ByteString(bytes: entry[..<sign])
            // of two with one name the first is what the C library finds
            if variables[name] == nil {
                variables[name] = ByteString(bytes: entry[(sign + 1)...])
            }
        }
        return variables
    }
}
