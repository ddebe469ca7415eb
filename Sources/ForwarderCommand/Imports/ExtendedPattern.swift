/// An extended regular expression as far as an import has to understand it.
///
/// - Source: POSIX.1-2017, Base Definitions, section 9.4.
struct ExtendedPattern: Sendable, Hashable {
    let text: String
    /// The text at the `|` that stand in no parentheses.
    let alternatives: [String]
    /// The one text that it matches, with a dot for each dot; nil when there are more.
    let name: String?
    /// True when ``name`` has a dot that is not escaped, and matches any character.
    let hasLooseDot: Bool
    /// True when a part of it matches texts of any length, semicolons included.
    let spansFields: Bool

    /// True for what matches everything.
    var isEverything: Bool { [".*", ".+", "(.*)", "(.+)"].contains(text) }

    init(_ text: String) {
        self.text = text
        var reader = Reader(Array(text.unicodeScalars))
        reader.read()
        alternatives = reader.alternatives
        name = reader.isLiteral && !reader.literal.isEmpty ? reader.literal : nil
        hasLooseDot = reader.hasLooseDot
        spansFields = reader.spansFields
    }

    /// Goes through the text once.
    private struct Reader {
        private let scalars: [Unicode.Scalar]
        private var index = 0
        private var alternative = ""
        /// For each open parenthesis, whether something within matches a semicolon.
        private var open: [Bool] = []
        /// Whether what was read last matches a semicolon.
        private var takesSemicolon = false
        private(set) var alternatives: [String] = []
        private(set) var literal = ""
        private(set) var isLiteral = true
        private(set) var hasLooseDot = false
        private(set) var spansFields = false

        init(_ scalars: [Unicode.Scalar]) { self.scalars = scalars }

        mutating func read() {
            while index < scalars.count {
                let start = index
                take(scalars[index])
                for scalar in scalars[start..<index] where !(scalar == "|" && open.isEmpty) {
                    alternative.unicodeScalars.append(scalar)
                }
            }
            alternatives.append(alternative)
        }

        private mutating func take(_ scalar: Unicode.Scalar) {
            index += 1
            switch scalar {
            case "\\":
                if index < scalars.count {
                    literal.unicodeScalars.append(scalars[index])
                    takesSemicolon = scalars[index] == ";"
                    index += 1
                }
            case ".":
                literal.unicodeScalars.append(scalar)
                hasLooseDot = true
                takesSemicolon = true
            case "[": bracket()
            case "(":
                isLiteral = false
                open.append(false)
                return
            case ")":
                isLiteral = false
                takesSemicolon = open.popLast() ?? false
            case "|":
                isLiteral = false
                if open.isEmpty {
                    alternatives.append(alternative)
                    alternative = ""
                }
                return
            case "*", "+", "{":
                isLiteral = false
                spansFields = spansFields || takesSemicolon
            case "?", "^", "$", "}": isLiteral = false
            default:
                literal.unicodeScalars.append(scalar)
                takesSemicolon = scalar == ";"
            }
            if takesSemicolon, let last = open.indices.last { open[last] = true }
        }

        /// A set; one that begins with `^` has a semicolon unless that is in it.
        private mutating func bracket() {
            isLiteral = false
            var members: [Unicode.Scalar] = []
            let isNegated = index < scalars.count && scalars[index] == "^"
            if isNegated { index += 1 }
            while index < scalars.count {
                let scalar = scalars[index]
                index += 1
                if scalar == "]", !members.isEmpty { break }
                members.append(scalar)
            }
            takesSemicolon = members.contains(";") != isNegated
        }
    }
}
