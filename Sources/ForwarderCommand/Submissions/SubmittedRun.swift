import Collector
import Foundation
import Monitoring

/// A plugin that was run here and now to submit what it says.
///
/// It is run as checks are: words and no shell, a clean environment, a process group that its
/// timeout ends, bounded output; as the calling user.
struct SubmittedRun: Sendable, Hashable {
    /// 0 to 3: whatever else it ended with is UNKNOWN.
    let exitStatus: Int32
    /// What it printed, and a line about an ending that deserves one.
    let output: String
    let execution: SubmittedExecution

    /// Runs a plugin to its end.
    static func of(
        _ words: [String], timeout: Duration, environment: [String: String]
    ) throws(LaunchFault) -> SubmittedRun {
        let launcher = try PluginLauncher(
            time: SystemTime(), environment: PluginEnvironment(inheriting: environment, of: nil))
        launcher.start(
            PluginCommand(argumentVector: words.map { Array($0.utf8) }, timeout: timeout),
            as: RunID(number: 1))
        while true {
            if let finished = launcher.turn(until: nil).first { return SubmittedRun(finished) }
        }
    }

    init(_ finished: FinishedPlugin) {
        exitStatus =
            (0...3).contains(finished.output.exitStatus)
            ? finished.output.exitStatus : Int32(ServiceState.unknown.rawValue)
        output = Self.text(finished.printed, finished.ending?.note)
        execution = SubmittedExecution(start: finished.start.seconds, end: finished.end.seconds)
    }

    /// Room for a note, so that it is not what is cut.
    private static let noteRoom = 1024

    private static func text(_ printed: [UInt8], _ note: String?) -> String {
        guard let note else { return String(decoding: printed, as: UTF8.self) }
        var head = printed.prefix(CheckResult.outputByteLimit - noteRoom)
        while let last = head.last, last == 0x0A || last == 0x0D { head.removeLast() }
        return String(decoding: head, as: UTF8.self) + "\n" + note
    }
}
