import Delivery
import Spool
import Synchronization

/// An open spool and the delivery out of it; both end together.
struct SpoolSession: Sendable {
    let spool: SpoolQueue
    let driver: DeliveryDriver
}

/// The spool that the daemon works with now, or why there is none.
final class SpoolDesk: Sendable {
    private struct State {
        var session: SpoolSession?
        var fault: String?
    }

    private let state = Mutex(State())

    /// The open spool; nil while there is none.
    var session: SpoolSession? { state.withLock { $0.session } }
    /// Why there is none.
    var fault: String? { state.withLock { $0.fault } }

    /// A spool is open.
    func begin(_ session: SpoolSession) {
        state.withLock { $0 = State(session: session, fault: nil) }
    }

    /// There is none any more, or still none.
    func end(because fault: SpoolFault) {
        state.withLock { $0 = State(session: nil, fault: fault.description) }
    }
}
