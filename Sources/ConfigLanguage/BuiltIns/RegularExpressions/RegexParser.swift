/// Reads a pattern in Perl's words, as the Boost library takes them.
///
/// - Source: Boost.Regex documentation, "Perl Regular Expression Syntax"; verdicts tried on
///   Icinga 2.13.6.
struct RegexParser {
    let pattern: [UInt8]
    var position = 0
    private var flags = Flags()
    private var depth = 0

    /// Deepest nesting of groups: 100.
    private static let deepestNesting = 100
    /// Most repetitions that `{n}` may ask for: 1,000.
    private static let mostRepetitions = 1000

    /// What `(?i)` and its like switch.
    struct Flags {
        var ignoresCase = false
        var ignoresBlanks = false
        var dotTakesNewline = true
        var linesCount = true
    }

    init(_ pattern: [UInt8]) {
        self.pattern = pattern
    }

    mutating func parse() throws(RegularExpression.Fault) -> RegexNode {
        let node = try choice()
        guard position == pattern.count else { throw .malformed("')' has no '('") }
        return node
    }

    // MARK: - Reading

    var current: UInt8? { position < pattern.count ? pattern[position] : nil }

    mutating func take(_ text: String) -> Bool {
        guard pattern[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    /// Digits at this point as a number.
    mutating func number() -> Int? {
        let start = position
        while let byte = current, byte.isDigit { position += 1 }
        return Int(String(decoding: pattern[start..<position], as: UTF8.self))
    }

    // MARK: - Structure

    private mutating func choice() throws(RegularExpression.Fault) -> RegexNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepestNesting else { throw .tooLarge }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence() throws(RegularExpression.Fault) -> RegexNode {
        var parts: [RegexNode] = []
        while let byte = current, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            if flags.ignoresBlanks, skipBlank() { continue }
            if take("\\Q") {
                while let byte = current, !take("\\E") {
                    position += 1
                    parts.append(.set(set(of: byte)))
                }
                continue
            }
            guard let atom = try atom() else { continue }
            parts.append(try repeated(atom))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    /// Skips a blank or comment of a pattern with `(?x)`.
    private mutating func skipBlank() -> Bool {
        guard let byte = current else { return false }
        if byte == UInt8(ascii: "#") {
            while let byte = current, byte != 0x0a { position += 1 }
            return true
        }
        guard ByteSet.blanks.contains(byte) else { return false }
        position += 1
        return true
    }

    private mutating func repeated(
        _ atom: RegexNode
    ) throws(RegularExpression.Fault) -> RegexNode {
        guard let (least, most) = try quantifier() else { return atom }
        if case .assert = atom { throw .malformed("there is nothing that could be repeated") }
        if current == UInt8(ascii: "+") { throw .unsupported("a possessive repetition") }
        // how little or much it takes makes no difference to whether it is found
        _ = take("?")
        let isRepeated = try quantifier() != nil
        guard !isRepeated else { throw .malformed("a repetition is repeated") }
        return .repetition(atom, least: least, most: most)
    }

    private mutating func quantifier() throws(RegularExpression.Fault) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = position
        guard take("{"), let least = number() else {
            position = start
            return nil
        }
        var most: Int? = least
        if take(",") { most = number() }
        guard take("}") else {
            position = start
            return nil
        }
        guard max(least, most ?? 0) <= Self.mostRepetitions else { throw .tooLarge }
        guard least <= most ?? least else { throw .malformed("a repetition ends before it begins") }
        return (least, most)
    }

    // MARK: - Atoms

    /// One thing that can be repeated; nil for what only switches something.
    private mutating func atom() throws(RegularExpression.Fault) -> RegexNode? {
        guard let byte = current else { return nil }
        position += 1
        switch byte {
        case UInt8(ascii: "("): return try group()
        case UInt8(ascii: "["): return .set(try bracketSet())
        case UInt8(ascii: "."):
            return .set(flags.dotTakesNewline ? .all : .all.subtracting(ByteSet([0x0a, 0x0d])))
        case UInt8(ascii: "^"): return .assert(flags.linesCount ? .lineStart : .textStart)
        case UInt8(ascii: "$"): return .assert(flags.linesCount ? .lineEnd : .textEndOrNewline)
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
            throw .malformed("there is nothing that could be repeated")
        case UInt8(ascii: "\\"): return try escape()
        default: return .set(set(of: byte))
        }
    }

    func set(of byte: UInt8) -> ByteSet {
        withCase(ByteSet([byte]))
    }

    func withCase(_ set: ByteSet) -> ByteSet {
        flags.ignoresCase ? set.ignoringCase : set
    }

    private mutating func group() throws(RegularExpression.Fault) -> RegexNode? {
        if current == UInt8(ascii: "*") { throw .unsupported("a verb such as (*FAIL)") }
        let outer = flags
        guard take("?") else { return try inner(restoring: outer) }
        if take("#") {
            while let byte = current, byte != UInt8(ascii: ")") { position += 1 }
            guard take(")") else { throw .malformed("a comment has no end") }
            return nil
        }
        if take(":") || take("|") { return try inner(restoring: outer) }
        if take("=") { return .look(behind: 0, isNegated: false, try inner(restoring: outer)) }
        if take("!") { return .look(behind: 0, isNegated: true, try inner(restoring: outer)) }
        if take("<=") { return try behind(isNegated: false, outer) }
        if take("<!") { return try behind(isNegated: true, outer) }
        if take("<") || take("P<") || take("'") {
            while let byte = current, ByteSet.word.contains(byte) { position += 1 }
            guard take(">") || take("'") else { throw .malformed("the name of a group has no end") }
            return try inner(restoring: outer)
        }
        if take(">") { throw .unsupported("an atomic group") }
        return try switches(restoring: outer)
    }

    private mutating func inner(
        restoring outer: Flags
    ) throws(RegularExpression.Fault) -> RegexNode {
        let node = try choice()
        guard take(")") else { throw .malformed("'(' has no ')'") }
        flags = outer
        return node
    }

    private mutating func behind(
        isNegated: Bool,
        _ outer: Flags
    ) throws(RegularExpression.Fault) -> RegexNode {
        let node = try inner(restoring: outer)
        guard let length = node.length else {
            throw .malformed("what is looked for behind has no fixed length")
        }
        return .look(behind: length, isNegated: isNegated, node)
    }

    /// `(?i-s)` and `(?i:…)`.
    private mutating func switches(
        restoring outer: Flags
    ) throws(RegularExpression.Fault) -> RegexNode? {
        var isOn = true
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "-"): isOn = false
            case UInt8(ascii: "i"): flags.ignoresCase = isOn
            case UInt8(ascii: "x"): flags.ignoresBlanks = isOn
            case UInt8(ascii: "s"): flags.dotTakesNewline = isOn
            case UInt8(ascii: "m"): flags.linesCount = isOn
            case UInt8(ascii: ":"): return try inner(restoring: outer)
            case UInt8(ascii: ")"): return nil
            default: throw .unsupported("a group that begins with '(?' and an unusual sign")
            }
        }
        throw .malformed("'(' has no ')'")
    }
}
