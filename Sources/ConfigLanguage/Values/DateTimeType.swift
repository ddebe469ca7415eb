/// The type `DateTime`: a point in time, written in the calendar of the surroundings.
struct DateTimeType {
    static let name = "DateTime"

    /// What a point in time is as text: 1970-01-01 00:00:00 +0000.
    private static let format: ByteString = "%Y-%m-%d %H:%M:%S %z"

    let schema: ObjectTypeSchema
    private let calendar: ScriptCalendar

    init(_ calendar: ScriptCalendar) {
        self.calendar = calendar
        let value = AttributeSchema("value", .number)
        schema = ObjectTypeSchema(value: Self.name, attributes: [value]) { object in
            Self.seconds(of: object).flatMap { calendar.text(of: $0, format: Self.format) }
        }
    }

    /// A point in time, in seconds since 1970.
    func make(_ seconds: Double, at location: SourceLocation?) -> Value {
        let attributes = DictionaryValue()
        attributes["value"] = .number(seconds)
        // nothing writes to it: a point in time does not change
        attributes.isFrozen = true
        let place = location ?? SourceLocation(SourceFile(name: "(value)"), line: 1, column: 1)
        return .object(
            ConfigObject(schema: schema, name: .empty, attributes: attributes, location: place)
        )
    }

    /// The seconds since 1970, if the value is a point in time.
    static func seconds(of value: Value) -> Double? {
        value.asObject.flatMap { seconds(of: $0) }
    }

    private static func seconds(of object: ConfigObject) -> Double? {
        guard object.schema.isValue, object.typeName == name else { return nil }
        return object.attributes["value"]?.asNumber
    }

    static func areEqual(_ one: ConfigObject, _ other: ConfigObject) -> Bool {
        guard let first = seconds(of: one), let second = seconds(of: other) else { return false }
        return first == second
    }

    /// `DateTime()`, `DateTime(seconds)`, `DateTime(year, month, day)` or with hour, minute and
    /// second.
    func construct(_ call: Invocation, now: () -> Double) throws(ConfigFault) -> Value {
        try call.evaluator.charge(.object, call.location)
        switch call.arguments.count {
        case 0: return make(now(), at: call.location)
        case 1: return make(try call.expectNumber(call.argument(0)), at: call.location)
        case 3, 6:
            var fields: [Int32] = []
            for (place, argument) in call.arguments.enumerated() {
                // years and months are subtracted from, which words and truth values refuse
                guard place > 1 || argument.isNull || argument.asNumber != nil else {
                    throw call.fault(
                        "The year and the month of DateTime() must be numbers, not "
                            + "'\(argument.typeName.text)'.")
                }
                fields.append(Int32(wrapping: try call.expectNumber(argument)))
            }
            guard let seconds = calendar.seconds(of: fields) else {
                throw call.fault("The date is out of range.")
            }
            return make(seconds, at: call.location)
        default:
            throw call.fault(
                "DateTime() takes no arguments, the seconds since 1970, a date of 3 numbers, or a "
                    + "date with a time of 6, not \(call.arguments.count) arguments."
            )
        }
    }

    func define(in methods: NativeTable) {
        let calendar = calendar
        methods.define("format", ["format"], .effect) { call throws(ConfigFault) in
            guard let seconds = Self.seconds(of: call.this) else {
                throw call.fault("format() needs a DateTime, not '\(call.this.typeName.text)'.")
            }
            guard let text = calendar.text(of: seconds, format: try call.text(0)) else {
                throw call.fault(
                    "The time cannot be written in this format; the text may have "
                        + "\(ScriptCalendar.longestText) bytes."
                )
            }
            return try call.make(text)
        }
    }
}

extension Int32 {
    /// A number without its fraction; what is out of range or no number becomes the least value,
    /// which is what the processors that Icinga runs on make of it.
    init(wrapping number: Double) {
        self = Int32(exactly: number.rounded(.towardZero)) ?? .min
    }
}

extension Int64 {
    /// A number without its fraction; what is out of range or no number becomes the least value.
    init(wrapping number: Double) {
        self = Int64(exactly: number.rounded(.towardZero)) ?? .min
    }
}
