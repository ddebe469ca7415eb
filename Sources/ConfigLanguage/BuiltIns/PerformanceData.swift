/// `parse_performance_data()`: one value of a plugin's performance data as Icinga reads it.
///
/// - Source: Monitoring Plugins guidelines, "Performance data"; units as tried on Icinga 2.13.6.
enum PerformanceData {
    private static let schema = ObjectTypeSchema(
        value: "PerfdataValue",
        attributes: [
            AttributeSchema("label", .string), AttributeSchema("value", .number),
            AttributeSchema("counter", .boolean), AttributeSchema("unit", .string),
            AttributeSchema("warn", .any), AttributeSchema("crit", .any),
            AttributeSchema("min", .any), AttributeSchema("max", .any),
        ]
    )

    static func define(in system: NativeTable) {
        system.define("parse_performance_data", ["perfdata"], .effect) { call throws(ConfigFault) in
            let text = try call.text(0)
            try call.evaluator.charge(bytes: text.count, call.location)
            try call.evaluator.charge(.object, call.location)
            try call.work(text.count)
            guard let parsed = parse(text) else {
                throw call.fault(
                    "'\(text.shown.prefix(80))' is not performance data such as 'time=5ms;10;20'."
                )
            }
            let place =
                call.location ?? SourceLocation(SourceFile(name: "(value)"), line: 1, column: 1)
            return .object(
                ConfigObject(schema: schema, name: .empty, attributes: parsed, location: place)
            )
        }
    }

    /// The attributes of the value; nil when the text is none.
    private static func parse(_ text: ByteString) -> DictionaryValue? {
        guard let sign = text.bytes.lastIndex(of: UInt8(ascii: "=")) else { return nil }
        var label = text.bytes[..<sign]
        let quote = UInt8(ascii: "'")
        if label.count > 2, label.first == quote, label.last == quote {
            label = label.dropFirst().dropLast()
        }
        let fields = text.bytes[(sign + 1)...]
            .split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard let first = fields.first else { return nil }
        let (numberText, unitText) = split(first)
        guard let number = Value.number(fromText: numberText),
            !unitText.bytes.contains(where: \.isDigit)
        else { return nil }
        let unit = PerformanceUnit(unitText)
        let attributes = DictionaryValue()
        attributes["label"] = .string(ByteString(bytes: label))
        attributes["value"] = .number(number * (unit?.factor ?? 1))
        attributes["unit"] = .text(unit?.name ?? "")
        attributes["counter"] = .boolean(false)
        for (index, name) in zip(1..., ["warn", "crit", "min", "max"] as [ByteString]) {
            guard index < fields.count else { break }
            // a range such as 10:20 is no number, and says nothing here
            let limit = Value.number(fromText: ByteString(bytes: fields[index]))
            attributes[name] = limit.map { .number($0 * (unit?.factor ?? 1)) } ?? .null
        }
        return attributes
    }

    /// The number and the unit behind it; an `e` that begins a unit is no exponent.
    private static func split(_ field: ArraySlice<UInt8>) -> (number: ByteString, unit: ByteString)
    {
        var end = field.startIndex
        func skip(while fits: (UInt8) -> Bool) -> Int {
            let start = end
            while end < field.endIndex, fits(field[end]) { end += 1 }
            return end - start
        }
        if end < field.endIndex, "+-".utf8.contains(field[end]) { end += 1 }
        var count = skip(while: \.isDigit)
        if end < field.endIndex, field[end] == UInt8(ascii: ".") {
            end += 1
            count += skip(while: \.isDigit)
        }
        guard count > 0 else { return (ByteString(bytes: field), .empty) }
        let whole = end
        if end < field.endIndex, field[end] | 0x20 == UInt8(ascii: "e") {
            end += 1
            if end < field.endIndex, "+-".utf8.contains(field[end]) { end += 1 }
            if skip(while: \.isDigit) == 0 { end = whole }
        }
        return (ByteString(bytes: field[..<end]), ByteString(bytes: field[end...]))
    }
}

/// A unit of measurement: its name and what a value is multiplied by.
struct PerformanceUnit {
    let name: String
    let factor: Double

    init?(_ text: ByteString) {
        let lower = text.lowercasedASCII.text
        if let (name, factor) = Self.fixed[lower], lower != "c" || text == "C" {
            self.init(name: name, factor: factor)
            return
        }
        let last = text.bytes.last
        if last == UInt8(ascii: "b") || last == UInt8(ascii: "B") {
            guard let factor = Self.amounts[String(lower.dropLast())] else { return nil }
            self.init(name: last == UInt8(ascii: "B") ? "bytes" : "bits", factor: factor)
            return
        }
        // longest first: "mah" is not milli-"ah"-something else
        for (suffix, name, factor) in Self.electrical where lower.hasSuffix(suffix) {
            let prefix = String(lower.dropLast(suffix.count))
            let isMilli = text.bytes.first == UInt8(ascii: "m")
            guard let scale = prefix == "m" && isMilli ? 1e-3 : Self.scales[prefix] else {
                return nil
            }
            self.init(name: name, factor: scale * factor)
            return
        }
        return nil
    }

    private init(name: String, factor: Double) {
        self.name = name
        self.factor = factor
    }

    private static let fixed: [String: (String, Double)] = [
        "s": ("seconds", 1), "ms": ("seconds", 1e-3), "us": ("seconds", 1e-6),
        // the last digit is Icinga's, too
        "ns": ("seconds", 9.999999999999999e-10),
        "m": ("seconds", 60), "h": ("seconds", 3600), "d": ("seconds", 86400),
        "l": ("liters", 1), "ml": ("liters", 1e-3), "hl": ("liters", 100),
        "g": ("grams", 1), "mg": ("grams", 1e-3), "ug": ("grams", 1e-6),
        "ng": ("grams", 9.999999999999999e-10),
        "kg": ("grams", 1e3), "t": ("grams", 1e6),
        "lm": ("lumens", 1), "dbm": ("decibel-milliwatts", 1), "%": ("percent", 1),
        "c": ("degrees-celsius", 1), "f": ("degrees-fahrenheit", 1), "k": ("degrees-kelvin", 1),
        "packets": ("packets", 1),
    ]

    private static let amounts: [String: Double] = [
        "": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15, "e": 1e18, "z": 1e21,
        "y": 1e24, "ki": 0x1p10, "mi": 0x1p20, "gi": 0x1p30, "ti": 0x1p40, "pi": 0x1p50,
        "ei": 0x1p60, "zi": 0x1p70, "yi": 0x1p80,
    ]

    private static let electrical: [(String, String, Double)] = [
        ("wh", "watt-hours", 1), ("wm", "watt-hours", 1 / 60), ("ws", "watt-hours", 1 / 3600),
        ("ah", "ampere-seconds", 3600), ("am", "ampere-seconds", 60), ("as", "ampere-seconds", 1),
        ("a", "amperes", 1), ("v", "volts", 1), ("w", "watts", 1), ("o", "ohms", 1),
    ]

    private static let scales: [String: Double] = [
        "": 1, "n": 1e-9, "u": 1e-6, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15,
        "e": 1e18, "z": 1e21, "y": 1e24,
    ]
}
