/// Reads a filter expression: conditions joined by `&` or `|`, negated by `!`, grouped by `(…)`.
///
/// `%` and two hexadecimal digits stand for a byte that would be read as a sign. `&` and `|` side
/// by side need parentheses, because readers disagree on which one binds first.
///
/// - Source: Icinga DB Web documentation, "Security", sections "Filter Expressions" and "Variable
///   Paths"; Icinga Web 2 documentation, "Security", section "Filter Expressions".
struct FilterReader {
    /// Deepest nesting of parentheses.
    ///
    /// 32: people nest to three or four; it bounds the stack, here and where filters are asked.
    static let nestingLimit = 32

    /// What is wrong, and where in the line.
    struct Failure: Error {
        var message: String
        var column: Int
    }

    private let text: IniReader.Text
    private var place = 0

    /// Reads a whole filter.
    static func read(_ text: IniReader.Text) throws(Failure) -> FilterExpression {
        var reader = FilterReader(text: text)
        let expression = try reader.chain(depth: 0)
        guard reader.place == text.bytes.count else {
            throw reader.failure("A closing parenthesis that was never opened.")
        }
        return expression
    }

    private init(text: IniReader.Text) { self.text = text }

    private static let signs: Set<UInt8> = Set("&|()=!<>~".utf8)

    private func failure(_ message: String, at index: Int? = nil) -> Failure {
        Failure(message: message, column: text.column(of: index ?? place))
    }

    private mutating func skipBlanks() {
        while place < text.bytes.count, text.bytes[place].isBlank { place += 1 }
    }

    private var next: UInt8? { place < text.bytes.count ? text.bytes[place] : nil }

    private mutating func take(_ sign: Character) -> Bool {
        guard let byte = sign.asciiValue, next == byte else { return false }
        place += 1
        return true
    }

    // MARK: Grammar

    /// Terms and the one operator between them, up to a `)` or the end.
    private mutating func chain(depth: Int) throws(Failure) -> FilterExpression {
        var parts = [try term(depth: depth)]
        var joint: UInt8?
        while true {
            skipBlanks()
            guard let sign = next, sign != UInt8(ascii: ")") else { break }
            guard sign == UInt8(ascii: "&") || sign == UInt8(ascii: "|") else {
                throw failure("'&' or '|' is missing here.")
            }
            guard joint == nil || joint == sign else {
                throw failure(
                    """
                    '&' and '|' are mixed without parentheses, so it does not say which comes \
                    first. Put parentheses around the parts that belong together.
                    """
                )
            }
            joint = sign
            place += 1
            parts.append(try term(depth: depth))
        }
        guard parts.count > 1 else { return parts[0] }
        return joint == UInt8(ascii: "&") ? .all(parts) : .any(parts)
    }

    private mutating func term(depth: Int) throws(Failure) -> FilterExpression {
        skipBlanks()
        let isNegated = take("!")
        skipBlanks()
        if isNegated, next == UInt8(ascii: "!") {
            throw failure("'!' twice takes itself back. Remove both.")
        }
        let expression =
            next == UInt8(ascii: "(") ? try group(depth: depth) : .condition(try condition())
        return isNegated ? .not(expression) : expression
    }

    private mutating func group(depth: Int) throws(Failure) -> FilterExpression {
        guard depth < Self.nestingLimit else {
            throw failure("Parentheses are nested deeper than \(Self.nestingLimit).")
        }
        let start = place
        _ = take("(")
        let expression = try chain(depth: depth + 1)
        guard take(")") else {
            throw failure("This parenthesis is never closed.", at: start)
        }
        return expression
    }

    private mutating func condition() throws(Failure) -> FilterCondition {
        let start = place
        let name = try word(until: Self.signs)
        guard !name.isEmpty else {
            guard let next else { throw failure("A condition is missing at the end.") }
            let sign = Character(Unicode.Scalar(next))
            throw failure("A condition is missing before '\(sign)'.")
        }
        let comparison = try comparison(after: name)
        let column = try FilterColumn(name).read().mapFailure { failure($0, at: start) }
        skipBlanks()
        let valueStart = place
        let value = try word(until: Set("&|)".utf8))
        let told = text.bytes[valueStart..<place]
        if let sign = told.firstIndex(where: { Set("(=!<>".utf8).contains($0) }) {
            let character = Character(Unicode.Scalar(text.bytes[sign]))
            throw failure(
                "'\(character)' inside a value. Write \(Self.encoded(text.bytes[sign])) for it.",
                at: sign
            )
        }
        guard !value.isEmpty else {
            throw failure("The value is missing. '*' stands for any value.", at: valueStart)
        }
        return FilterCondition(column, comparison, MatchPattern(value))
    }

    private mutating func comparison(
        after name: String
    ) throws(Failure) -> FilterCondition.Comparison {
        if take("=") { return .equal }
        let start = place
        if take("!") {
            if take("=") { return .unequal }
            throw failure("'!' here must be '!='.", at: start)
        }
        switch next {
        case UInt8(ascii: "<"), UInt8(ascii: ">"):
            throw failure("'<' and '>' do not exist in restrictions. Use '=' with '*'.")
        case UInt8(ascii: "~"):
            throw failure("'~' does not exist here: '=' and '!=' take '*' themselves.")
        default:
            throw failure(
                "'\(name.suffix(80))' is compared with nothing. Write '\(name.suffix(80))=*'.")
        }
    }

    /// The text up to one of the signs, trimmed, with `%` and two digits as the byte they mean.
    private mutating func word(until signs: Set<UInt8>) throws(Failure) -> String {
        let start = place
        while let byte = next, !signs.contains(byte) { place += 1 }
        let raw = text.trimmed(start..<place).bytes
        var bytes: [UInt8] = []
        var index = 0
        while index < raw.count {
            guard raw[index] == UInt8(ascii: "%") else {
                bytes.append(raw[index])
                index += 1
                continue
            }
            let digits = String(decoding: raw[(index + 1)...].prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit),
                let byte = UInt8(digits, radix: 16)
            else {
                throw failure("'%' needs two hexadecimal digits. Write %25 for '%'.", at: start)
            }
            bytes.append(byte)
            index += 3
        }
        guard let word = String(validating: bytes, as: UTF8.self),
            !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else {
            throw failure("The bytes after '%' are no text without control characters.", at: start)
        }
        return word
    }

    private static func encoded(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "%" + (digits.utf8.count == 1 ? "0" : "") + digits
    }
}
