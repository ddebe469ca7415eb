import Foundation
import Logging
import Synchronization
import UplinkMessages

/// How the daemon comes by its uplink, and what is known of the one that runs now.
final class UplinkBoard: Sendable {
    /// Where it comes to the daemon; nil: the daemon starts it.
    let listener: UplinkListener?
    private let sandbox = Mutex<SandboxReport?>(nil)

    init(listener: UplinkListener? = nil) { self.listener = listener }

    /// An uplink is ready, in this sandbox.
    func begin(_ report: SandboxReport) { sandbox.withLock { $0 = report } }

    /// There is none any more.
    func end() { sandbox.withLock { $0 = nil } }

    /// What `status` shows; nil while none is ready.
    var report: StatusReport.Sandbox? {
        sandbox.withLock { $0 }.map(StatusReport.Sandbox.init)
    }
}

extension StatusReport.Sandbox {
    init(_ report: SandboxReport) {
        self.init(
            enforced: report.enforced.map(\.name),
            missing: report.lacking.map { layer in
                Layer(name: layer.name, reason: Self.reason(report.missing[layer] ?? 0))
            })
    }

    /// Why a layer is off, by the errno that the uplink told.
    private static func reason(_ error: UInt16) -> String {
        switch Int32(error) {
        case ENOSYS, EOPNOTSUPP: "this kernel has none"
        case 0: "it was not tried"
        default: String(cString: strerror(Int32(error)))
        }
    }

    /// The layers that are off, in one line; nil when all are on.
    var complaint: String? {
        guard !missing.isEmpty else { return nil }
        return missing.map { "\($0.name) (\($0.reason))" }.joined(separator: ", ")
    }
}

extension UplinkProgram {
    /// The socket that an uplink comes to; nil where the daemon starts it.
    ///
    /// - Throws: when nobody can come to it.
    func listening(log: Logger) throws(ControlFault) -> UplinkListener? {
        guard let socketPath, let user else { return nil }
        guard let entry = getpwnam(user) else {
            throw ControlFault(
                description: """
                    There is no user \(user) on this host, so that no uplink can come to \
                    \(socketPath) and nothing be delivered. Make that user, or set the Uplink \
                    object's user to another.
                    """)
        }
        return try UplinkListener(path: socketPath, user: entry.pointee.pw_uid, log: log)
    }
}
