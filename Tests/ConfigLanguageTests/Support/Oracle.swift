import Foundation

/// The installed Icinga 2, as a black box that knows the language.
enum Oracle {
    static let binary = "/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2"
    static let includes = "/usr/share/icinga2/include"
    static let definitions = "/etc/icinga2/conf.d"

    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: binary) }
    static var hasIncludes: Bool { FileManager.default.fileExists(atPath: includes) }

    private static let environment = ProcessInfo.processInfo.environment

    /// True for the long form: `FORWARDER_ORACLE=full`.
    static var isFull: Bool { environment["FORWARDER_ORACLE"] == "full" }

    /// What all random inputs are made of: `FORWARDER_ORACLE_SEED`, or always the same.
    static var seed: UInt64 {
        environment["FORWARDER_ORACLE_SEED"].flatMap { UInt64($0) } ?? 20_261_121
    }

    /// Where answers are to be recorded: `FORWARDER_ORACLE_RECORD`, the path of a file.
    static var recordPath: String? { environment["FORWARDER_ORACLE_RECORD"] }

    /// The verdict on a text: true, false, or nil when the binary itself failed.
    static func accepts(_ text: [UInt8]) -> Bool? {
        run(text, ["--syntax-only"]).map { $0.status == 0 }
    }

    /// What the console prints last for a script; nil when it failed, was killed or hung.
    static func answer(to script: String) -> String? {
        guard let run = run(Array(script.utf8), []), run.status == 0 else { return nil }
        // warnings come before it
        return run.output.split(separator: "\n").last.map(String.init)
    }

    /// Most that is read of what the binary writes: 16 MiB, far more than 200 answers.
    private static let mostOutput = 16 << 20

    private static func run(
        _ text: [UInt8],
        _ options: [String]
    ) -> (status: Int32, output: String)? {
        let path = NSTemporaryDirectory() + "oracle-\(UUID().uuidString).conf"
        defer { try? FileManager.default.removeItem(atPath: path) }  // lost on purpose: temporary
        guard FileManager.default.createFile(atPath: path, contents: Data(text)) else {
            return nil
        }
        let process = Process()
        let pipe = Pipe()
        // the binary waits for ever on some texts, such as `$x`, or ignores that it is to end
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
        // crash reports go nowhere
        process.arguments =
            ["-k", "1", "5", binary, "console", "-D", "LogDir=/nonexistent"] + options
            + ["-r", path]
        process.environment = [
            "ICINGA2_USER": "root", "ICINGA2_GROUP": "root", "PATH": "/usr/bin", "TZ": "UTC",
        ]
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { return nil }
        var output = Data()
        while output.count < mostOutput {
            let piece = pipe.fileHandleForReading.availableData
            guard !piece.isEmpty else { break }
            output += piece
        }
        // on some texts the binary would write gigabytes until its time is over
        process.waitUntilExit()
        // 124: out of time; a signal shows as 128 and more, or as the reason
        guard process.terminationReason == .exit, process.terminationStatus < 124 else {
            return nil
        }
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

/// How often both sides agreed.
struct OracleTally {
    /// What was compared, for the last line.
    let subject: String
    private(set) var agreements = 0
    private(set) var differences: [String] = []
    /// How often the oracle crashed or hung.
    private(set) var skipped = 0

    init(_ subject: String) {
        self.subject = subject
    }

    mutating func compare(_ what: String, ours: String, theirs: String) {
        if ours == theirs {
            agreements += 1
        } else {
            differences.append("\(what)\n  Icinga: \(theirs)\n  here:   \(ours)")
        }
    }

    mutating func skip() { skipped += 1 }

    /// The counts, for the last line of a run.
    var summary: String {
        "oracle: \(subject), seed \(Oracle.seed): \(agreements) agreements, "
            + "\(differences.count) differences (\(skipped) skipped because Icinga crashed)"
    }
}
