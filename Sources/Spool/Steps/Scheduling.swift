package import Monitoring

extension SpoolQueue {
    /// Stores schedules that changed without a result.
    package func saveSchedule(_ states: [ScheduleState]) async throws(SpoolFault) {
        try await perform { step in
            if !states.isEmpty { step.note(.schedule) }
            for state in states { try step.save(state, of: try step.findOrAdd(state.object)) }
        }
    }

    /// All schedules that are stored, in no order.
    package func scheduleStates() async throws(SpoolFault) -> [ScheduleState] {
        try await perform { step in try step.fetch(SQL.schedules, [], read: ScheduleState.init) }
    }

    /// Forgets the schedules of objects that are no longer defined, and returns how many.
    ///
    /// Their queued results stay.
    package func forgetSchedules(
        except defined: Set<ObjectName>
    ) async throws(SpoolFault) -> Int {
        try await perform { step in
            var count = 0
            let known = try step.fetch(SQL.scheduledObjects, []) { row in
                (id: try row.value(0) as Int64, name: try row.object(1))
            }
            for object in known where !defined.contains(object.name) {
                count += try step.run(SQL.forgetSchedule, [object.id])
            }
            return count
        }
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
                schedule.nextCheck.microseconds, schedule.lastOutput,
            ]
        )
    }
}

extension ScheduleState {
    fileprivate init(_ row: StoredRow) throws {
        let state: Int? = try row.optional(1)
        self.init(
            object: try row.object(0),
            checkState: state == nil ? nil : try CheckState(row, first: 1),
            lastStart: try row.optionalTimestamp(4),
            lastEnd: try row.optionalTimestamp(5),
            nextCheck: try row.timestamp(6),
            lastOutput: try row.value(7)
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
