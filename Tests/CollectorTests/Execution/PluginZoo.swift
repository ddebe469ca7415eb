import Collector
import Foundation
import Monitoring
import TestSupport

/// Plugins of every bad manner, written as shell scripts into a folder of their own.
final class PluginZoo: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "plugin-zoo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        // Lost on purpose: what stays behind is a temporary folder.
        try? FileManager.default.removeItem(at: folder)
    }

    /// A script of this text behind `#!/bin/sh`.
    func plugin(_ script: String, timeout: Duration = .seconds(60)) throws -> PluginCommand {
        try file("#!/bin/sh\n" + script + "\n", timeout: timeout)
    }

    /// An executable file of exactly this text.
    func file(_ text: String, timeout: Duration = .seconds(60)) throws -> PluginCommand {
        let file = folder.appending(path: "check_\(UUID().uuidString)")
        let draft = file.appendingPathExtension("draft")
        try Data(text.utf8).write(to: draft)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: draft.path)
        // A process of its own writes the file: while this one has it open for writing, a plugin
        // of another test may hold a copy of the descriptor, and nobody can execute the file.
        try Process.run(URL(filePath: "/bin/cp"), arguments: ["-p", draft.path, file.path])
            .waitUntilExit()
        return PluginCommand(argumentVector: [Array(file.path.utf8)], timeout: timeout)
    }

    /// Where a script may leave something for the test.
    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// What a script has left there.
    func content(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
}

/// `sh -c` with this text, without a file.
func shell(_ text: String, timeout: Duration = .seconds(60)) -> PluginCommand {
    PluginCommand(argumentVector: ["/bin/sh", "-c", text].map { Array($0.utf8) }, timeout: timeout)
}

/// Runs a plugin that does not end by itself, with a longer timeout each time until it had the time
/// to say something.
///
/// - Returns: the timeout, what it came to, and the number that is its first line.
func timedOut(
    _ run: (Duration) throws -> FinishedPlugin
) throws -> (timeout: Duration, result: FinishedPlugin, said: Int32) {
    for timeout in [Duration.milliseconds(300), .seconds(2), .seconds(10), .seconds(60)] {
        let result = try run(timeout)
        let first = result.output.text.split(separator: "\n").first
        if let said = first.flatMap({ Int32($0) }) { return (timeout, result, said) }
    }
    throw SupportFault("the plugin said nothing within a minute")
}

/// Ids of processes whose session is `session`, zombies included.
func processes(inSession session: Int32) -> [Int32] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap { Int32($0) }.filter { id in
        guard let line = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else {
            return false
        }
        // After the name in parentheses: state, parent, group, session.
        let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 3 && Int32(fields[3]) == session
    }
}

/// True for a zombie, and for a process that SIGKILL has reached but the kernel's scheduler not
/// yet.
func isDying(_ id: Int32) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
    let lines = status.split(separator: "\n")
    let isGone =
        status.isEmpty || lines.contains { $0.hasPrefix("State:\tZ") || $0.hasPrefix("State:\tX") }
    return isGone || lines.contains { $0.contains("Pnd:") && $0.hasSuffix("100") }
}

/// Open descriptors of this process.
func descriptorCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
}

/// Children of this process that nobody has reaped.
func ownZombieCount() -> Int {
    let own = ProcessInfo.processInfo.processIdentifier
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.filter { name in
        guard Int32(name) != nil,
            let line = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8)
        else { return false }
        let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 1 && fields[0] == "Z" && Int32(fields[1]) == own
    }.count
}
