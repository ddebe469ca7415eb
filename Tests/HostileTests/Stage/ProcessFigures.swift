import Foundation

/// What the kernel says of a process.
///
/// - Source: proc(5): `/proc/PID/stat`, `/proc/PID/status`, `/proc/PID/clear_refs`.
struct ProcessFigures: Sendable, Hashable {
    /// User and system time so far.
    var cpuSeconds: Double
    /// The most that was resident since ``forgetPeak(of:)``.
    var peakBytes: Int

    /// Nil when there is no such process.
    init?(of pid: pid_t) {
        guard let stat = Self.text("/proc/\(pid)/stat"), let name = stat.lastIndex(of: ")"),
            let status = Self.text("/proc/\(pid)/status")
        else { return nil }
        // utime and stime are fields 14 and 15, and the name is field 2.
        let fields = stat[name...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13])
        else { return nil }
        cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        peakBytes = (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// Has the peak begin anew; without the right to, it stays that of the process's whole life.
    static func forgetPeak(of pid: pid_t) {
        // lost on purpose: a peak that lasts longer only makes the bound stricter
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/\(pid)/clear_refs"))
    }

    /// The children of a process: their number, and what they were called with.
    static func children(of pid: pid_t) -> [(pid: pid_t, command: String)] {
        // lost on purpose: a thread or process that is gone meanwhile has no children
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task"))
        return (threads ?? []).flatMap { thread in
            (text("/proc/\(pid)/task/\(thread)/children") ?? "").split(separator: " ")
                .compactMap { pid_t($0) }
        }.map { child in
            let words = (text("/proc/\(child)/cmdline") ?? "").split(separator: "\0")
            return (child, words.joined(separator: " "))
        }
    }

    private static func text(_ path: String) -> String? {
        // By handle: a file of /proc has no length, and is cut when it is read as one that has.
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }  // lost on purpose: nothing was written
        // lost on purpose: it may end between the two calls
        guard let bytes = try? file.readToEnd() else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
