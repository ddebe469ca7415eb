extension SpoolQueue {
    /// All entries, in the order of their keys.
    package func ledger() async throws(SpoolFault) -> [LedgerEntry] {
        try await perform { step in
            try step.fetch(SQL.ledger, []) { row in
                LedgerEntry(key: try row.value(0), body: try row.value(1))
            }
        }
    }

    /// Makes these entries durable, each in place of an older one of its key, and forgets others.
    ///
    /// In as many transactions as the log's share asks for, in the given order: after a crash a
    /// first part of them may be stored. Key and body must be within their limits.
    package func note(
        _ entries: [LedgerEntry],
        forgetting keys: [String] = []
    ) async throws(SpoolFault) {
        for entry in entries {
            precondition(entry.key.utf8.count <= LedgerEntry.keyByteLimit, "a key is bounded")
            precondition(entry.body.count <= LedgerEntry.bodyByteLimit, "a body is bounded")
        }
        var works = entries.map(LedgerWork.keep)[...] + keys.map(LedgerWork.forget)
        while !works.isEmpty {
            let done = try await perform { [works] step in
                step.note(.ledger)
                for (place, work) in works.enumerated() {
                    guard try step.hasLogRoom(for: work.frames) else { return place }
                    try step.perform(work)
                }
                return works.count
            }
            works = works.dropFirst(done)
        }
    }
}

/// One change of the ledger.
private enum LedgerWork: Sendable {
    case keep(LedgerEntry)
    case forget(String)

    /// Pages that change with it: its own, those above it, and those of a body.
    var frames: Int {
        switch self {
        case .keep(let entry): 4 + (entry.key.utf8.count + entry.body.count) / SpoolBounds.pageBytes
        case .forget: 4
        }
    }
}

extension SpoolTransaction {
    fileprivate func perform(_ work: LedgerWork) throws {
        switch work {
        case .keep(let entry): try run(SQL.keepEntry, [entry.key, entry.body])
        case .forget(let key): try run(SQL.forgetEntry, [key])
        }
    }
}
