/// A moment between two steps at which the process may die without harm.
///
/// The crash tests have it killed at each of them; docs/crash-tests.md says what must hold then.
package enum KillPoint: Hashable, Sendable, CaseIterable {
    /// The lock is held and nothing else was done to the spool.
    case opening
    /// The transaction did this and is not committed.
    case uncommitted(Work)
    /// The transaction did this and is committed.
    case committed(Work)
    /// The write-ahead log is too long and about to be emptied.
    case emptyingLog
    /// It was tried to empty it.
    case emptiedLog
    /// A damaged database has its second name, its log has not.
    case movingAside
    /// Its log has, and its first name is still there.
    case movedLogAside
    /// Nothing of it is left at the spool's place.
    case movedAside
    /// The lease is committed, no byte of the result has left.
    case sending
    /// The submission was handed to the uplink.
    case sent
    /// Its outcome came, nothing of it is stored.
    case answered

    /// What a transaction of the spool can do.
    package enum Work: String, Sendable, CaseIterable {
        case migrate, reopen, register, accept, evict, lease, settle, confirm, resend, schedule
        case ledger
    }

    /// All of them.
    package static var allCases: [KillPoint] {
        [
            .opening, .emptyingLog, .emptiedLog, .movingAside, .movedLogAside, .movedAside,
            .sending,
            .sent, .answered,
        ]
            + Work.allCases.flatMap { [.uncommitted($0), .committed($0)] }
    }

    /// What it is called outside of the program, such as `lease.committed`.
    package var name: String {
        switch self {
        case .opening: "opening"
        case .uncommitted(let work): "\(work.rawValue).uncommitted"
        case .committed(let work): "\(work.rawValue).committed"
        case .emptyingLog: "log.emptying"
        case .emptiedLog: "log.emptied"
        case .movingAside: "quarantine.begun"
        case .movedLogAside: "quarantine.log"
        case .movedAside: "quarantine.done"
        case .sending: "sending"
        case .sent: "sent"
        case .answered: "answered"
        }
    }

    /// Hears of each one that is passed, on the thread that passes it.
    package typealias Observer = @Sendable (KillPoint) -> Void
}
