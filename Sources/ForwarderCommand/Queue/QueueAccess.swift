import Foundation
import Monitoring
import Spool

/// The queue as subcommands reach it: through the daemon that owns it, or by owning it themselves.
enum QueueAccess {
    case daemon(ForwarderConfiguration)
    case spool(SpoolQueue)

    /// The way that is open now; nil when there is no spool yet.
    static func open(_ configuration: ForwarderConfiguration) async throws -> QueueAccess? {
        switch try await SpoolWay.find(configuration, open: { try spool(configuration) }) {
        case .daemon: .daemon(configuration)
        case .own(let spool): spool.map(QueueAccess.spool)
        }
    }

    /// The spool, owned by this process; nil when there is none yet.
    static func spool(_ configuration: ForwarderConfiguration) throws -> SpoolQueue? {
        var file = stat()
        if lstat(configuration.spool.path, &file) != 0, errno == ENOENT { return nil }
        return try SpoolQueue.open(configuration.spool, time: SystemTime())
    }

    /// Lets the next owner in.
    func close() throws {
        if case .spool(let spool) = self { try spool.close() }
    }

    /// Whether more is wanted.
    enum Appetite { case more, enough }

    /// All entries that pass the filter, a page at a time.
    func rows(_ filter: QueueFilter, _ take: (QueueRow) throws -> Void) async throws {
        try await rows(filter) { row in
            try take(row)
            return .more
        }
    }

    /// Entries that pass the filter, a page at a time, until `take` has enough.
    func rows(_ filter: QueueFilter, until take: (QueueRow) throws -> Appetite) async throws {
        var cursor: QueueCursor?
        repeat {
            let (rows, next): ([QueueRow], QueueCursor?)
            switch self {
            case .spool(let spool):
                let page = try await spool.entries(filter, after: cursor)
                (rows, next) = (page.entries.map(QueueRow.init), page.next)
            case .daemon(let configuration):
                let reply = try Self.ask(configuration, .rows(filter, after: cursor))
                guard case .rows(let page, let after) = reply else { throw Self.otherAnswer }
                (rows, next) = (page, after)
            }
            for row in rows { if try take(row) == .enough { return } }
            cursor = next
        } while cursor != nil
    }

    /// Does what an operator said to all entries that pass the filter.
    func change(_ kind: QueueRequest.Change, _ filter: QueueFilter) async throws -> QueueOutcome {
        var total = QueueOutcome()
        var cursor: QueueCursor?
        repeat {
            let step: QueueOutcome
            switch self {
            case .spool(let spool):
                let change = try await spool.change(kind, filter, after: cursor)
                (step, cursor) = (QueueOutcome(change), change.next)
            case .daemon(let configuration):
                let reply = try Self.ask(configuration, .change(kind, filter, after: cursor))
                guard case .changed(let change, let next) = reply else { throw Self.otherAnswer }
                (step, cursor) = (change, next)
            }
            total.changed += step.changed
            total.left.merge(step.left, uniquingKeysWith: +)
        } while cursor != nil
        return total
    }

    /// What contradicts itself in the spool; empty when it is sound.
    func contradictions() async throws -> [String] {
        switch self {
        case .spool(let spool): return try await spool.contradictions()
        case .daemon(let configuration):
            guard case .contradictions(let found) = try Self.ask(configuration, .check) else {
                throw Self.otherAnswer
            }
            return found
        }
    }

    private static func ask(
        _ configuration: ForwarderConfiguration, _ request: QueueRequest
    ) throws -> QueueReply {
        guard let client = try ControlClient(path: configuration.controlPath) else {
            throw ControlFault(
                description: "The daemon went away. Ask again: the queue itself is read then.")
        }
        return try client.answer(to: .queue(request)) { reply in
            if case .queue(let answer) = reply { answer } else { nil }
        }
    }

    private static let otherAnswer = ControlFault(
        description: "The daemon answered another question. Restart it: its version may differ.")
}

/// What `forwarder queue` asks the daemon.
enum QueueRequest: Codable, Sendable {
    case rows(QueueFilter, after: QueueCursor?)
    case change(Change, QueueFilter, after: QueueCursor?)
    case check

    enum Change: String, Codable, Sendable {
        /// Rejected results wait again; objects that are left alone are tried at once.
        case retry
        /// The entries are forgotten and counted.
        case drop
    }
}

/// What an operator's word came to.
struct QueueOutcome: Codable, Sendable, Hashable {
    /// Entries that were changed.
    var changed = 0
    /// Entries that stayed as they are, by reason.
    var left: [String: Int] = [:]

    init() {}

    init(_ change: QueueChange) {
        changed = change.changed
        left = change.left
    }
}

/// What the daemon answers to ``QueueRequest``.
enum QueueReply: Codable, Sendable {
    case rows([QueueRow], next: QueueCursor?)
    case changed(QueueOutcome, next: QueueCursor?)
    case contradictions([String])
}

extension SpoolQueue {
    /// The filter with the destination that is meant by its name.
    ///
    /// - Throws: when neither the configuration nor the spool, with its retired ones, knows it.
    func resolved(
        _ filter: QueueFilter, _ configuration: ForwarderConfiguration
    ) async throws -> QueueFilter {
        guard let name = filter.destination else { return filter }
        var filter = filter
        filter.destination = try configuration.zone(
            meantBy: name, besides: try await destinationNames())
        return filter
    }

    /// One step of what an operator said.
    func change(
        _ kind: QueueRequest.Change, _ filter: QueueFilter, after cursor: QueueCursor?
    ) async throws(SpoolFault) -> QueueChange {
        switch kind {
        case .retry: try await retry(filter, after: cursor)
        case .drop: try await drop(filter, after: cursor)
        }
    }
}
