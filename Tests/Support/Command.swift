package import Foundation

/// Runs an executable to its end and collects what it said.
package enum Command {
    /// What came of a run.
    package struct Outcome: Sendable {
        /// How it ended.
        package let ending: ChildProcess.Ending
        /// What it wrote to standard output.
        package let output: Data
        /// What it wrote to standard error, as text.
        package let errorText: String

        /// Standard output as text.
        package var outputText: String { String(decoding: output, as: UTF8.self) }
        /// True when it exited with status 0.
        package var isSuccess: Bool { ending == .exited(0) }
    }

    /// Runs `executable` (an absolute path, or a name to look up in PATH) to its end.
    ///
    /// - Parameter environment: all of it; nil passes on the test's own.
    /// - Throws: when it cannot be started, or is still running after `patience` and was killed.
    package static func run(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String]? = nil,
        input: Data = Data(),
        folder: String? = nil,
        patience: Duration = .seconds(180)
    ) throws -> Outcome {
        let child = try ChildProcess(
            executable,
            arguments,
            environment: environment,
            input: input,
            folder: folder
        )
        let ending = try child.wait(patience: patience)
        return Outcome(ending: ending, output: child.output, errorText: child.errorText)
    }

    /// Runs `executable` as ``run(_:_:environment:input:folder:patience:)`` and insists on success.
    @discardableResult
    package static func require(
        _ executable: String,
        _ arguments: [String] = [],
        input: Data = Data(),
        folder: String? = nil,
        patience: Duration = .seconds(180)
    ) throws -> Outcome {
        let outcome = try run(
            executable,
            arguments,
            input: input,
            folder: folder,
            patience: patience
        )
        guard outcome.isSuccess else {
            let said = outcome.errorText + outcome.outputText
            throw SupportFault("\(executable) \(arguments): \(outcome.ending)\n\(said)")
        }
        return outcome
    }

    /// Where PATH finds `name`, or nil.
    package static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let folders: [String] = path.split(separator: ":").map(String.init)
        return (folders + ["/usr/sbin", "/sbin"])
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
