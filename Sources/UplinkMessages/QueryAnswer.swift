package import Monitoring

/// What the master holds of one object.
package struct ObjectReading: Hashable, Sendable {
    /// Which object.
    package var object: ObjectName
    /// `last_check_result.execution_start`; nil before the first result.
    package var executionStart: Timestamp?
    /// `last_check`: when the master processed that result, by its clock; nil before the first.
    package var lastCheck: Timestamp?

    /// A reading with all its parts.
    package init(object: ObjectName, executionStart: Timestamp?, lastCheck: Timestamp?) {
        self.object = object
        self.executionStart = executionStart
        self.lastCheck = lastCheck
    }
}

/// When a master means one object to be checked next.
package struct ScheduleReading: Hashable, Sendable {
    /// Which object.
    package var object: ObjectName
    /// `next_check`, by the master's clock.
    package var nextCheck: Timestamp
    /// `force_next_check`: somebody asked for a check whatever the schedule says.
    package var isForced: Bool
    /// `last_check`: when the master processed the last result, by its clock; nil before the first.
    package var lastCheck: Timestamp?

    /// A reading with all its parts.
    package init(
        object: ObjectName, nextCheck: Timestamp, isForced: Bool, lastCheck: Timestamp?
    ) {
        self.object = object
        self.nextCheck = nextCheck
        self.isForced = isForced
        self.lastCheck = lastCheck
    }
}

/// How a question about some objects ended.
package enum QueryAnswer<Reading: Hashable & Sendable>: Hashable, Sendable {
    /// One reading for each object the master told about.
    case readings([Reading])
    /// 404: at least one of the names is unknown or forbidden; ask for fewer to find which.
    case objectUnknown
    /// 403: `objects/query/*` is missing.
    case permissionMissing
    /// No usable answer.
    case failed(LinkFault, text: String)
}

/// How a read-back ended.
package typealias ReadBackAnswer = QueryAnswer<ObjectReading>
/// How a look at when objects are due ended.
package typealias ScheduleAnswer = QueryAnswer<ScheduleReading>

extension FrameWriter {
    mutating func write<Reading>(
        _ answer: QueryAnswer<Reading>, limit: Int,
        _ writeOne: (inout FrameWriter, Reading) -> Void
    ) {
        switch answer {
        case .readings(let readings):
            write(UInt8(0))
            write(list: Array(readings.prefix(limit)), writeOne)
        case .objectUnknown: write(UInt8(1))
        case .permissionMissing: write(UInt8(2))
        case .failed(let fault, let text): write(fault, text)
        }
    }

    mutating func write(_ reading: ObjectReading) {
        write(reading.object.fullName)
        write(optional: reading.executionStart) { $0.write($1) }
        write(optional: reading.lastCheck) { $0.write($1) }
    }

    mutating func write(_ reading: ScheduleReading) {
        write(reading.object.fullName)
        write(reading.nextCheck)
        write(reading.isForced)
        write(optional: reading.lastCheck) { $0.write($1) }
    }
}

extension FrameReader {
    mutating func readQueryAnswer<Reading>(
        limit: Int, _ readOne: (inout FrameReader) throws(MessageFault) -> Reading
    ) throws(MessageFault) -> QueryAnswer<Reading> {
        switch try readByte() {
        case 0: return .readings(try readList("readings", limit: limit, readOne))
        case 1: return .objectUnknown
        case 2: return .permissionMissing
        case 3: return .failed(try readFault(), text: try readText())
        default: throw .outOfBounds(field: "query's answer")
        }
    }

    mutating func readObjectReading() throws(MessageFault) -> ObjectReading {
        ObjectReading(
            object: try readObject(),
            executionStart: try readOptionalTime("execution start"),
            lastCheck: try readOptionalTime("last check"))
    }

    mutating func readScheduleReading() throws(MessageFault) -> ScheduleReading {
        ScheduleReading(
            object: try readObject(), nextCheck: try readTimestamp(),
            isForced: try readBool("force"), lastCheck: try readOptionalTime("last check"))
    }

    private mutating func readOptionalTime(_ field: String) throws(MessageFault) -> Timestamp? {
        try readOptional(field) { (value) throws(MessageFault) in try value.readTimestamp() }
    }
}
