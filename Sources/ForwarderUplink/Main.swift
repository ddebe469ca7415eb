import Forwarder
import Glibc
import Logging

/// `forwarder-uplink`: the only process that talks to masters.
///
/// The order below is what its safety rests on: all files are read, the user is given up and the
/// sandbox is closed before the first byte from a network, on one thread, blocking.
@main
struct Main {
    static func main() {
        do throws(ForwarderFault) {
            let arguments = try UplinkArguments(Array(CommandLine.arguments.dropFirst()))
            let (level, format) = (arguments.logLevel, arguments.logFormat)
            LoggingSystem.bootstrap { PlainLog(level: level, format: format, label: $0) }
            switch arguments.task {
            case .resolve(let name):
                for address in try NameResolver.addresses(of: name) { print(address) }
            case .check:
                let problems = UplinkProcess.problems(of: arguments)
                for problem in problems { print(problem) }
                exit(problems.isEmpty ? 0 : 1)
            case .renew(let process): exit(try renew(process, arguments) ? 0 : 1)
            case .serve(let descriptor): try serve(descriptor, arguments)
            case .connect(let path):
                try serve(DaemonSocket.connect(path: path), arguments)
            }
        } catch {
            let text = "forwarder-uplink: \(error)\n"
            _ = write(STDERR_FILENO, text, text.utf8.count)
            if case .usage = error { exit(64) }
            exit(1)
        }
    }

    /// Has a process that serves replaced where its keys changed; false when the new ones are of no
    /// use.
    private static func renew(
        _ process: Int32,
        _ arguments: UplinkArguments
    ) throws(ForwarderFault) -> Bool {
        guard let record = arguments.keyRecord, !record.isCurrent else { return true }
        let problems = UplinkProcess.problems(of: arguments)
        for problem in problems {
            let text = "new keys refused, the old ones stay in use: \(problem)\n"
            _ = write(STDERR_FILENO, text, text.utf8.count)
        }
        guard problems.isEmpty else { return false }
        try KeyRecord.ask(process)
        return true
    }

    private static func serve(
        _ descriptor: Int32,
        _ arguments: UplinkArguments
    ) throws(ForwarderFault) {
        signal(SIGPIPE, SIG_IGN)
        RenewalSignal.hold()
        arguments.keyRecord?.write()
        let keys = UplinkProcess.readKeys(arguments.identities, for: arguments.user)
        try UplinkProcess.check(descriptor: descriptor)
        if let user = arguments.user { try ProcessUser.drop(to: user) }
        let identities = UplinkProcess.judge(keys)
        guard let settings = try UplinkProcess.awaitSettings(from: descriptor) else { return }
        let sandbox = Sandbox.close(around: settings, descriptor: descriptor)
        UplinkProcess.serve(
            settings,
            descriptor: descriptor,
            identities: identities,
            sandbox: sandbox
        )
    }
}
