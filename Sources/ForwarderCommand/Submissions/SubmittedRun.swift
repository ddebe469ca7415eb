import Collector
import Foundation
import Monitoring

/// A plugin that was run here and now to submit what it says.
///
/// It is run as checks are: words and no shell, a clean environment, a process group that its
/// timeout ends, bounded output; as the calling user. That group ends with this process too, where
/// a signal asks it to end; where SIGKILL does not ask, the plugin itself is killed, not what it
/// started.
struct SubmittedRun: Sendable, Hashable {
    /// 0 to 3: whatever else it ended with is UNKNOWN.
    let exitStatus: Int32
    /// What it printed, and a line about an ending that deserves one.
    let output: String
    let execution: ExecutionSpan

    /// Runs a plugin to its end.
    ///
    /// - Throws: `.interrupted` when this process was asked to end first; nothing of the plugin's
    ///   group runs then.
    static func of(
        _ words: [String], timeout: Duration, environment: [String: String]
    ) throws(SubmittedRunFault) -> SubmittedRun {
        let launcher: PluginLauncher
        do throws(LaunchFault) {
            launcher = try PluginLauncher(
                time: SystemTime(),
                environment: PluginEnvironment(inheriting: environment, of: nil),
                settings: LauncherSettings(pluginsEndWithThread: true))
        } catch { throw .launch(error) }
        let signals = RunSignals(waking: launcher.wakeUpCall)
        defer { signals.end() }
        launcher.start(
            PluginCommand(argumentVector: words.map { Array($0.utf8) }, timeout: timeout),
            as: RunID(number: 1))
        while true {
            let finished = launcher.turn(until: nil).first
            if let number = signals.first {
                launcher.killAll()
                throw .interrupted(signal: number)
            }
            if let finished { return SubmittedRun(finished) }
        }
    }

    init(_ finished: FinishedPlugin) {
        exitStatus =
            (0...3).contains(finished.output.exitStatus)
            ? finished.output.exitStatus : Int32(ServiceState.unknown.rawValue)
        output = Self.text(finished.printed, finished.ending?.note)
        execution = ExecutionSpan(start: finished.start, end: finished.end)
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

/// Why there is no result of a plugin.
enum SubmittedRunFault: Error, CustomStringConvertible {
    case launch(LaunchFault)
    /// This process was asked to end.
    case interrupted(signal: Int32)

    /// What the program ends with, as a shell says of what a signal ended.
    var exitStatus: Int32 {
        switch self {
        case .launch: 1
        case .interrupted(let signal): 128 + signal
        }
    }

    var description: String {
        switch self {
        case .launch(let fault): "\(fault) Nothing was submitted."
        case .interrupted(let signal):
            """
            Signal \(signal) (\(String(cString: strsignal(signal)))) came before the plugin's end. \
            The plugin was killed with its process group; nothing was submitted.
            """
        }
    }
}
