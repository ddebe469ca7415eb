/// An extended regular expression as far as an import has to understand it.
///
/// - Source: POSIX.1-2017, Base Definitions, section 9.4.
struct ExtendedPattern: Sendable, Hashable {
    let text: String
    /// The text at the `|` that stand in no parentheses.
    let alternatives: [String]
    /// The texts that it matches, with a dot for each dot; empty where they cannot be listed, or
    /// where a `|` in no parentheses splits more than it.
    let names: [String]
    /// True when there is a dot that is not escaped, and matches any character.
    let hasLooseDot: Bool
    /// True when there is a `^` or `$` that stands for a place.
    let hasAnchor: Bool
    /// What is no letter behind its backslash, such as `\w`, in order, each once.
    let specialEscapes: [String]
    /// True when a part of it matches texts of any length, semicolons included.
    let spansFields: Bool

    /// True for what matches everything.
    var isEverything: Bool { [".*", ".+", "(.*)", "(.+)"].contains(text) }

    init(_ text: String) {
        self.text = text
        var reader = Reader(Array(text.unicodeScalars))
        reader.read()
        alternatives = reader.alternatives
        let names = reader.alternatives.count == 1 ? PatternNames.of(text) ?? [] : []
        // what has a semicolon matches more than one field, and no name
        self.names = names.filter { !$0.isEmpty && !$0.contains(";") }
        hasLooseDot = reader.hasLooseDot
        hasAnchor = reader.hasAnchor
        specialEscapes = reader.specialEscapes
        spansFields = reader.spansFields
    }

    /// True for what stands for a class of characters, a place, or a text before it, behind a
    /// backslash.
    ///
    /// - Source: GNU C library, regcomp(3); seen by `grep -E`.
    static func isSpecialEscape(_ scalar: Unicode.Scalar) -> Bool {
        "wWsSbB<>`'123456789".unicodeScalars.contains(scalar)
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
        private(set) var hasLooseDot = false
        private(set) var hasAnchor = false
        private(set) var specialEscapes: [String] = []
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
                if index < scalars.count { escape() }
            case ".":
                hasLooseDot = true
                takesSemicolon = true
            case "[": bracket()
            case "(":
                open.append(false)
                return
            case ")": takesSemicolon = open.popLast() ?? false
            case "|":
                if open.isEmpty {
                    alternatives.append(alternative)
                    alternative = ""
                }
                return
            case "*", "+", "{": spansFields = spansFields || takesSemicolon
            case "?", "}": break
            case "^", "$": hasAnchor = true
            default: takesSemicolon = scalar == ";"
            }
            if takesSemicolon, let last = open.indices.last { open[last] = true }
        }

        /// What stands behind a backslash.
        private mutating func escape() {
            let scalar = scalars[index]
            index += 1
            takesSemicolon = [";", "W", "S"].contains(scalar)
            guard ExtendedPattern.isSpecialEscape(scalar) else { return }
            let shown = "\\\(scalar)"
            if !specialEscapes.contains(shown) { specialEscapes.append(shown) }
        }

        /// A set; one that begins with `^` has a semicolon unless that is in it.
        private mutating func bracket() {
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
