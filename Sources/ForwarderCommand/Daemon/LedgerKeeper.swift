import Foundation
import Monitoring
import Spool
import Synchronization

/// Why something could not be made durable.
struct LedgerFault: Error, CustomStringConvertible {
    let description: String
}

/// Writes what one part of the daemon must still know after a crash into the ledger of whichever
/// spool is open.
///
/// A spool that was begun meanwhile, because the one before was damaged or gone, is given all that
/// is known before anything that follows.
final class LedgerKeeper: Sendable {
    /// How bodies are written: the same bytes for the same content.
    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return encoder
    }

    private let desk: SpoolDesk
    /// The spool that holds all that is known.
    private let complete = Mutex<SpoolQueue?>(nil)

    init(_ desk: SpoolDesk) { self.desk = desk }

    /// What the open spool holds, which is all that is known from now on.
    func read() async throws(LedgerFault) -> [LedgerEntry] {
        let spool = try spool
        do throws(SpoolFault) {
            let entries = try await spool.ledger()
            complete.withLock { $0 = spool }
            return entries
        } catch {
            throw LedgerFault(description: "\(error)")
        }
    }

    /// True while the open spool holds all that is known, so that a change is enough.
    var isComplete: Bool { complete.withLock { $0 != nil && $0 === desk.session?.spool } }

    /// Makes a change durable, in a spool that holds all that was known before.
    func note(
        _ entries: [LedgerEntry], forgetting keys: [String] = []
    ) async throws(LedgerFault) {
        let spool = try spool
        guard complete.withLock({ $0 === spool }) else {
            throw LedgerFault(description: "Another spool was begun just now.")
        }
        try await write(entries, keys, to: spool)
    }

    /// Makes everything that is known durable.
    func noteAll(_ entries: [LedgerEntry]) async throws(LedgerFault) {
        let spool = try spool
        try await write(entries, [], to: spool)
        complete.withLock { $0 = spool }
    }

    private func write(
        _ entries: [LedgerEntry], _ keys: [String], to spool: SpoolQueue
    ) async throws(LedgerFault) {
        do throws(SpoolFault) {
            try await spool.note(entries, forgetting: keys)
        } catch {
            throw LedgerFault(description: "\(error)")
        }
    }

    private var spool: SpoolQueue {
        get throws(LedgerFault) {
            if let session = desk.session { return session.spool }
            throw LedgerFault(description: desk.fault ?? "There is no spool.")
        }
    }
}
