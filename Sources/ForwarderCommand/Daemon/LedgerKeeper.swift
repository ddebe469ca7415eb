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
    private let desk: SpoolDesk
    private let prefix: String
    /// The spool that holds all that is known.
    private let complete = Mutex<SpoolQueue?>(nil)

    /// A keeper of the entries whose keys begin with `prefix`.
    init(_ desk: SpoolDesk, prefix: String) {
        self.desk = desk
        self.prefix = prefix
    }

    /// What the open spool holds, which is all that is known from now on.
    func read() async throws(LedgerFault) -> [LedgerEntry] {
        let spool = try spool
        do throws(SpoolFault) {
            let entries = try await spool.ledger().filter { $0.key.hasPrefix(prefix) }
            complete.withLock { $0 = spool }
            return entries
        } catch {
            throw LedgerFault(description: "\(error)")
        }
    }

    /// Makes a change durable; in a spool that is another one by now, everything.
    ///
    /// - Parameter all: all that is known, the change included.
    func note(
        _ entries: [LedgerEntry] = [], forgetting keys: [String] = [],
        all: @Sendable () -> [LedgerEntry]
    ) async throws(LedgerFault) {
        let spool = try spool
        do throws(SpoolFault) {
            if complete.withLock({ $0 === spool }) {
                try await spool.note(entries, forgetting: keys)
            } else {
                let all = all()
                // An older copy may know what was forgotten since.
                let stale = try await spool.ledger().map(\.key).filter { $0.hasPrefix(prefix) }
                let known = Set(all.map(\.key))
                try await spool.note(all, forgetting: stale.filter { !known.contains($0) })
                complete.withLock { $0 = spool }
            }
        } catch {
            throw LedgerFault(description: "\(error)")
        }
    }

    /// Makes sure that the open spool holds everything.
    func complete(all: @Sendable () -> [LedgerEntry]) async throws(LedgerFault) {
        guard try complete.withLock({ $0 }) !== spool else { return }
        try await note(all: all)
    }

    /// True for the spool that holds everything.
    func isComplete(_ spool: SpoolQueue) -> Bool { complete.withLock { $0 === spool } }

    private var spool: SpoolQueue {
        get throws(LedgerFault) {
            if let session = desk.session { return session.spool }
            throw LedgerFault(description: desk.fault ?? "There is no spool.")
        }
    }
}

extension LedgerEntry {
    /// An entry whose body is a value as JSON: the same bytes for the same value.
    ///
    /// Of texts, whole numbers, and arrays and records of them, which can always be written.
    init(key: String, saying value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // lost on purpose: what cannot be written reads as nothing
        self.init(key: key, body: (try? encoder.encode(value)).map(Array.init) ?? [])
    }

    /// What the body says; nil when it says no such thing.
    func said<Value: Decodable>(as type: Value.Type) -> Value? {
        // lost on purpose: each reader says what that counts as
        try? JSONDecoder().decode(type, from: Data(body))
    }
}
