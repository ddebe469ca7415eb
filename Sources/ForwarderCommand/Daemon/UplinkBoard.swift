import Foundation
import Logging
import Synchronization
import UplinkMessages

/// How the daemon comes by its uplink, and what is known of the one that runs now.
final class UplinkBoard: Sendable {
    /// Where it comes to the daemon; nil: the daemon starts it.
    let listener: UplinkListener?
    private struct State {
        var child: UplinkChild?
        var keys: KeyFiles?
        var sandbox: SandboxReport?
        var isRenewing = false
    }

    private let state = Mutex(State())

    init(listener: UplinkListener? = nil) { self.listener = listener }

    /// An uplink was started.
    ///
    /// - Parameter keys: its files as they were before; nil where somebody else named them to it.
    func attend(_ child: UplinkChild, keys: KeyFiles?) {
        state.withLock {
            $0.child = child
            $0.keys = keys
        }
    }

    /// It is ready, in this sandbox.
    func begin(_ report: SandboxReport) { state.withLock { $0.sandbox = report } }

    /// There is none any more; true when that was wanted, for its keys.
    @discardableResult
    func end() -> Bool {
        state.withLock { state in
            defer { state = State() }
            return state.isRenewing
        }
    }

    /// The files that the running uplink read, as they were; nil when there is none or they are not
    /// ours to look at.
    var keysInUse: KeyFiles? { state.withLock { $0.keys } }

    /// Has the running uplink replaced, once nothing is out.
    func renew() {
        state.withLock { state in
            state.isRenewing = state.child != nil
            return state.child
        }?.wantReplacement()
    }

    /// What `status` shows; nil while none is ready.
    var report: StatusReport.Sandbox? {
        state.withLock { $0.sandbox }.map(StatusReport.Sandbox.init)
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
