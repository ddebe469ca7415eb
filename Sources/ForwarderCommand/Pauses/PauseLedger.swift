import Collector
import Monitoring
import Spool

/// What pauses are as entries of the spool's ledger.
enum PauseLedger {
    /// What the keys of all entries begin with.
    static let prefix = "pause\u{1F}"

    private struct Body: Codable {
        var reason: String
        var author: String
        var since: Int64
        var until: Int64

        enum CodingKeys: String, CodingKey {
            case reason, author
            case since = "since_us"
            case until = "until_us"
        }
    }

    /// The key of an object's pause.
    static func key(of object: ObjectName) -> String { prefix + object.fullName }

    /// The entry that is an object's pause.
    static func entry(_ object: ObjectName, _ pause: ObjectPause) -> LedgerEntry {
        let body = Body(
            reason: pause.reason, author: pause.author, since: pause.since.microseconds,
            until: pause.until.microseconds)
        return LedgerEntry(key: key(of: object), saying: body)
    }

    /// The entries that these pauses are.
    static func entries(of pauses: [ObjectName: ObjectPause]) -> [LedgerEntry] {
        pauses.map { entry($0.key, $0.value) }
    }

    /// The pauses among these entries; one that cannot be read is none, and the object is checked.
    static func pauses(_ entries: [LedgerEntry]) -> [ObjectName: ObjectPause] {
        var pauses: [ObjectName: ObjectPause] = [:]
        for entry in entries where entry.key.hasPrefix(prefix) {
            guard let body = entry.said(as: Body.self),
                let object = ObjectName(fullName: String(entry.key.dropFirst(prefix.count)))
            else { continue }
            pauses[object] = ObjectPause(
                reason: body.reason, author: body.author,
                since: Timestamp(microseconds: body.since),
                until: Timestamp(microseconds: body.until))
        }
        return pauses
    }
}
