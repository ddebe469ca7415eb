internal import GRDB

extension SpoolQueue {
    /// The names of all destinations that it knows, retired ones too.
    package func destinationNames() async throws(SpoolFault) -> [String] {
        try await perform { step in try step.destinations().map(\.name) }
    }

    /// Makes exactly these the receivers of what is accepted from now on, and returns their ids in
    /// the same order.
    ///
    /// A destination that is not among them is retired: it gets nothing new, what it has stays and
    /// is counted until it is dropped or evicted; then ``tidy()`` forgets it. One that comes back
    /// before goes on where it was.
    package func register(
        destinations names: [String]
    ) async throws(SpoolFault) -> [DestinationID] {
        try await perform { step in try step.register(names) }
    }

    /// Forgets retired destinations that hold nothing any more, and gives free pages back to the
    /// file system, a bounded number at a time.
    ///
    /// - Returns: true when there is more to do.
    package func tidy() async throws(SpoolFault) -> Bool {
        try await perform { step in
            if try step.forgetEmptyDestinations() { return true }
            return try step.giveBack()
        }
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

    /// Forgets the lanes of retired destinations without results, and then these; true when some
    /// are left.
    fileprivate mutating func forgetEmptyDestinations() throws -> Bool {
        for destination in try destinations() where destination.isRetired {
            guard try integer(SQL.holdsResults, [destination.id]) == nil else { continue }
            let lanes = Int64(min(Self.laneLimit, bounds.stepFrames))
            guard try run(SQL.dropLanes, [destination.id, lanes]) < lanes else { return true }
            try run(SQL.dropDestination, [destination.id])
            memory.destinations = nil
        }
        return false
    }

    fileprivate func giveBack() throws -> Bool {
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

    /// Lanes of a destination that are forgotten in one step.
    ///
    /// 1,000: a step that delivery hardly notices.
    private static let laneLimit = 1000
    /// Pages of one step of giving back.
    ///
    /// 1,024: 4 MiB.
    private static let vacuumLimit: Int64 = 1024
}
