import Monitoring

/// Values as text of Icinga's configuration language, such that nothing in them is code.
///
/// - Source: Icinga 2 documentation, "Language Reference": String Literals, Number Literals,
///   Dictionary, Array.
enum IcingaText {
    /// A string literal that reads back as exactly these bytes.
    ///
    /// Quotes and backslashes are escaped. What a reader could not see or would see in another
    /// order (controls, blanks other than the space, marks, scripts that run from right to left) is
    /// written as octal bytes, so that the file looks like what it says.
    static func string(_ text: String) -> String {
        var literal = "\""
        var followsOctal = false
        for scalar in text.unicodeScalars {
            // Icinga takes every digit after an octal byte for a part of it, and refuses that.
            let isDigit = ("0"..."9").contains(scalar)
            if isPlain(scalar), !(followsOctal && isDigit) {
                if scalar == "\"" || scalar == "\\" { literal += "\\" }
                literal.unicodeScalars.append(scalar)
                followsOctal = false
            } else {
                for byte in UTF8.encode(scalar) ?? .init([]) { literal += octal(byte) }
                followsOctal = true
            }
        }
        return literal + "\""
    }

    /// A string literal for a custom variable: what Icinga makes of its macros is the text again.
    ///
    /// Icinga resolves `$name$` in values of `vars` when something on the master uses them, which
    /// would hand out other variables, and refuses a configuration with an unpaired `$`.
    static func macroFreeString(_ text: String) -> String { string(macroFree(text)) }

    /// Text in which no macro is left: each dollar sign stands for itself.
    static func macroFree(_ text: String) -> String {
        var doubled = ""
        for scalar in text.unicodeScalars {
            doubled.unicodeScalars.append(scalar)
            if scalar == "$" { doubled.unicodeScalars.append(scalar) }
        }
        return doubled
    }

    /// A comment on a line of its own; what would end it, or could not be seen, is written as octal
    /// bytes.
    static func comment(_ text: String) -> String {
        var line = "// "
        for scalar in text.unicodeScalars {
            if isPlain(scalar) {
                line.unicodeScalars.append(scalar)
            } else {
                for byte in UTF8.encode(scalar) ?? .init([]) { line += octal(byte) }
            }
        }
        return line + "\n"
    }

    /// A number literal, which knows no exponent; not a number and the infinities become `null`.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        let digits = decimal(value.magnitude)
        return value < 0 ? "-\(digits)" : digits
    }

    /// A span as a number literal of seconds, to the microsecond.
    static func seconds(_ span: Duration) -> String {
        number(Double(span.wholeMicroseconds) / 1_000_000)
    }

    /// The value of a custom variable, on one line.
    static func value(_ value: VariableValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): number(value)
        case .string(let text): macroFreeString(text)
        case .array(let elements): array(elements.map(Self.value))
        case .dictionary(let members): dictionary(members)
        }
    }

    /// An array literal of ready expressions, on one line.
    static func array(_ expressions: [String]) -> String {
        expressions.isEmpty ? "[ ]" : "[ \(expressions.joined(separator: ", ")) ]"
    }

    /// A dictionary literal in the byte order of its keys, on one line.
    ///
    /// The blanks count: `}}` would end a function.
    static func dictionary(_ members: [String: VariableValue]) -> String {
        let sorted = members.sorted { Inventory.precedes($0.key, $1.key) }
        let entries = sorted.map { "\(string($0.key)) = \(value($0.value))" }
        return entries.isEmpty ? "{ }" : "{ \(entries.joined(separator: ", ")) }"
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (0x20..<0x7F).contains(scalar.value) }
        if rightToLeft.contains(where: { $0.contains(scalar.value) }) { return false }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber,
            .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation,
            .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
            true
        default: false
        }
    }

    /// The blocks whose letters reorder what stands around them.
    ///
    /// - Source: Unicode Character Database, DerivedBidiClass.txt, defaults for R and AL.
    private static let rightToLeft: [ClosedRange<UInt32>] = [
        0x0590...0x08FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x1_0800...0x1_0FFF,
        0x1_E800...0x1_EFFF,
    ]

    private static func octal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 8)
        return "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
    }

    /// The shortest digits that read back as `value`, without an exponent.
    private static func decimal(_ value: Double) -> String {
        let parts = "\(value)".split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let whole = String(mantissa[0])
        let fraction = mantissa.count > 1 && mantissa[1] != "0" ? String(mantissa[1]) : ""
        guard parts.count == 2, let exponent = Int(parts[1]) else {
            return fraction.isEmpty ? whole : "\(whole).\(fraction)"
        }
        let zeros = { (count: Int) in String(repeating: "0", count: max(0, count)) }
        if exponent < 0 { return "0." + zeros(-exponent - whole.utf8.count) + whole + fraction }
        return whole + fraction + zeros(exponent - fraction.utf8.count)
    }
}
