internal import GRDB

extension SpoolQueue {
    /// Makes exactly these the receivers of what is accepted from now on, and returns their ids in
    /// the same order.
    ///
    /// A destination that is not among them is retired: it gets nothing new, what it has stays and
    /// is counted until it is dropped or evicted. One that comes back goes on where it was.
    package func register(
        destinations names: [String]
    ) async throws(SpoolFault) -> [DestinationID] {
        try await perform { step in try step.register(names) }
    }

    /// Deletes rows of a retired destination, a bounded number at a time.
    ///
    /// Each is counted as dropped, so that one that comes back before the last step goes on with
    /// what is left.
    ///
    /// - Returns: false when nothing is left of it, true when it has to be called again.
    package func dropStep(retired destination: DestinationID) async throws(SpoolFault) -> Bool {
        try await perform { step in try step.dropStep(destination.rawValue) }
    }

    /// Gives free pages back to the file system, a bounded number at a time.
    ///
    /// - Returns: true when there is more to give back.
    package func tidy() async throws(SpoolFault) -> Bool {
        try await perform { step in try step.tidy() }
    }
}

extension SpoolTransaction {
    fileprivate mutating func register(_ names: [String]) throws -> [DestinationID] {
        note(.register)
        memory.destinations = nil
        let receiving = try destinations().filter { !$0.isRetired }.map(\.name)
        // Nothing is written for those that stay: a full disk must be opened too.
        for name in names where !receiving.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
            try run(SQL.addDestination, [name])
        }
        memory.destinations = nil
        for known in try destinations() where !known.isRetired {
            guard !names.contains(where: { $0.utf8.elementsEqual(known.name.utf8) }) else {
                continue
            }
            try run(SQL.retireDestination, [known.id])
        }
        memory.destinations = nil
        let rows = try destinations()
        return try names.map { name in
            guard let row = rows.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
                throw damaged("a destination that was just stored is not there")
            }
            return DestinationID(rawValue: row.id)
        }
    }

    fileprivate mutating func dropStep(_ destination: Int64) throws -> Bool {
        guard try destinations().contains(where: { $0.id == destination && $0.isRetired }) else {
            return false
        }
        for find in SQL.dropping {
            let rows = try fetch(find, [destination, Self.dropLimit]) { row in
                (object: try row.value(0) as Int64, result: try row.value(1) as Int64)
            }
            guard !rows.isEmpty else { continue }
            for (object, result) in rows {
                guard try hasLogRoom(for: Self.forgottenFrames) else { break }
                try drop(result, of: object, at: destination)
            }
            return true
        }
        try run(SQL.dropLanes, [destination])
        try run(SQL.dropDestination, [destination])
        memory.destinations = nil
        return false
    }

    fileprivate func tidy() throws -> Bool {
        let free = try integer(SQL.freePageCount) ?? 0
        // a quarter of what is live stays free for what comes next: giving back and taking again
        // costs more than the space is worth
        let pages = try integer(SQL.pageCount) ?? 0
        let surplus = free - max(256, (pages - free) / 4)
        guard surplus > 0 else { return false }
        // each moves into another's place, its parent and the map change with it
        let step = min(surplus, Self.vacuumLimit, Int64(bounds.stepFrames / 3))
        _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(\(step))")
        return surplus > step
    }

    /// Rows of one step of dropping a destination.
    ///
    /// 1,000: a step that delivery hardly notices.
    private static let dropLimit = 1000
    /// Pages of one step of giving back.
    ///
    /// 1,024: 4 MiB.
    private static let vacuumLimit: Int64 = 1024
}
