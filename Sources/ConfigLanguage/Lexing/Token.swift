/// One word of the language with its place in the text.
struct Token: Sendable {
    enum Kind: Sendable, Equatable {
        case identifier(ByteString)
        case string(ByteString)
        case number(Double)
        /// The inside of `<…>`.
        case path(ByteString)
        case keyword(Keyword)
        case symbol(Symbol)
        case newline
        case end
    }

    let kind: Kind
    let location: SourceLocation
}

/// Operators and brackets; the raw value is how they are written.
enum Symbol: String, Sendable, CaseIterable {
    case set = "="
    case setAdd = "+="
    case setSubtract = "-="
    case setMultiply = "*="
    case setDivide = "/="
    case setModulo = "%="
    case setXor = "^="
    case setAnd = "&="
    case setOr = "|="
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"
    case notIn = "!in"
    case logicalAnd = "&&"
    case logicalOr = "||"
    case lambdaOpen = "{{"
    case lambdaClose = "}}"
    case follows = "=>"
    case plus = "+"
    case minus = "-"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
    case xor = "^"
    case and = "&"
    case or = "|"
    case not = "!"
    case complement = "~"
    case question = "?"
    case colon = ":"
    case dot = "."
    case comma = ","
    case semicolon = ";"
    case parenOpen = "("
    case parenClose = ")"
    case bracketOpen = "["
    case bracketClose = "]"
    case braceOpen = "{"
    case braceClose = "}"

    /// Grouped by first byte, longest first, for longest match.
    static let byFirstByte: [UInt8: [(bytes: [UInt8], symbol: Symbol)]] = {
        let all = allCases.map { (bytes: Array($0.rawValue.utf8), symbol: $0) }
        return Dictionary(grouping: all) { $0.bytes[0] }
            .mapValues { $0.sorted { $0.bytes.count > $1.bytes.count } }
    }()
}

extension Token.Kind: CustomStringConvertible {
    var description: String {
        switch self {
        case .identifier(let name): "'\(name.text)'"
        case .string: "a string"
        case .number: "a number"
        case .path(let path): "'<\(path.text)>'"
        case .keyword(let word): "keyword '\(word.rawValue)'"
        case .symbol(let symbol): "'\(symbol.rawValue)'"
        case .newline: "end of line"
        case .end: "end of file"
        }
    }
}
