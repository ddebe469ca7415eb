package import Monitoring

extension SpoolQueue {
    /// Stores schedules that changed without a result.
    ///
    /// In as many transactions as the log's share asks for; each schedule stands for itself.
    package func saveSchedule(_ states: [ScheduleState]) async throws(SpoolFault) {
        var left = states[...]
        while !left.isEmpty {
            let done = try await perform { [left] step in
                step.note(.schedule)
                for (place, state) in left.enumerated() {
                    guard try step.hasLogRoom(for: state.frames) else { return place }
                    try step.save(state, of: try step.findOrAdd(state.object))
                }
                return left.count
            }
            left = left.dropFirst(done)
        }
    }

    /// All schedules that are stored, in no order.
    package func scheduleStates() async throws(SpoolFault) -> [ScheduleState] {
        try await perform { step in try step.fetch(SQL.schedules, [], read: ScheduleState.init) }
    }

    /// Forgets the schedules of objects that are no longer defined, and returns how many.
    ///
    /// Their queued results stay. In as many transactions as the log's share asks for.
    package func forgetSchedules(
        except defined: Set<ObjectName>
    ) async throws(SpoolFault) -> Int {
        let known = try await perform { step in
            try step.fetch(SQL.scheduledObjects, []) { row in
                (id: try row.value(0) as Int64, name: try row.object(1))
            }
        }
        var left = known.filter { !defined.contains($0.name) }.map(\.id)[...]
        let count = left.count
        while !left.isEmpty {
            let done = try await perform { [left] step in
                for (place, object) in left.enumerated() {
                    guard try step.hasLogRoom(for: ScheduleState.forgottenFrames) else {
                        return place
                    }
                    try step.run(SQL.forgetSchedule, [object])
                }
                return left.count
            }
            left = left.dropFirst(done)
        }
        return count
    }
}

extension SpoolTransaction {
    /// Stores the schedule of the object in this row.
    func save(_ schedule: ScheduleState, of object: Int64) throws {
        try run(
            SQL.saveSchedule,
            [
                object, schedule.checkState?.state.rawValue,
                schedule.checkState?.type.rawValue, schedule.checkState?.attempt,
                schedule.lastStart?.microseconds, schedule.lastEnd?.microseconds,
                schedule.nextCheck.microseconds, schedule.lastOutput, schedule.isStale,
            ]
        )
    }
}

extension ScheduleState {
    /// Pages that change with one that is stored: its own, those of a new object's name, and those
    /// of its text.
    var frames: Int { 6 + lastOutput.utf8.count / SpoolBounds.pageBytes }
    /// Pages that change with one that is forgotten.
    fileprivate static let forgottenFrames = 3

    fileprivate init(_ row: StoredRow) throws {
        let state: Int? = try row.optional(1)
        self.init(
            object: try row.object(0),
            checkState: state == nil ? nil : try CheckState(row, first: 1),
            lastStart: try row.optionalTimestamp(4),
            lastEnd: try row.optionalTimestamp(5),
            nextCheck: try row.timestamp(6),
            lastOutput: try row.value(7),
            isStale: try row.value(8)
        )
    }
}

extension CheckState {
    fileprivate init(_ row: StoredRow, first: Int) throws {
        guard let state = ServiceState(rawValue: try row.value(first)),
            let type = StateType(rawValue: try row.value(first + 1))
        else { throw RowFault(column: first) }
        self.init(state: state, type: type, attempt: try row.value(first + 2))
    }
}
