/// A compiled regular expression in Perl's words, for the question whether it is found in a text.
///
/// Runs all alternatives side by side instead of one after the other, so that it takes time of the
/// product of pattern and text at worst and memory of the pattern alone. That leaves out what needs
/// to look back at captured text: references and atomic groups are refused.
struct RegularExpression {
    /// Why a pattern cannot be used.
    enum Fault: Error, CustomStringConvertible {
        case malformed(String)
        case unsupported(String)
        case tooLarge

        var description: String {
            switch self {
            case .malformed(let what): what
            case .unsupported(let what):
                "it uses \(what), which could take for ever and is left out here"
            case .tooLarge:
                "it is too large; at most \(RegularExpression.longestPattern) bytes and "
                    + "\(RegularExpression.largestProgram) steps once repetitions are written out"
            }
        }
    }

    /// Longest pattern: 4 KiB, beyond any filter.
    static let longestPattern = 4096
    /// Most instructions: 20,000; some `{1000}` of something short.
    static let largestProgram = 20_000

    private let program: [RegexInstruction]

    /// How many instructions it has.
    var size: Int { program.count }

    init(_ pattern: [UInt8]) throws(Fault) {
        guard pattern.count <= Self.longestPattern else { throw .tooLarge }
        var parser = RegexParser(pattern)
        let tree = try parser.parse()
        var compiler = RegexCompiler()
        try compiler.compile(tree)
        try compiler.emit(.match)
        program = compiler.program
    }

    /// True when it matches anywhere in the text.
    ///
    /// - Parameter spend: told how many steps were taken, in portions; what it throws ends the
    ///   search.
    func isFound<Stop: Error>(
        in text: [UInt8],
        spend: (Int) throws(Stop) -> Void
    ) throws(Stop) -> Bool {
        var run = RegexRun(program: program, text: text)
        let isFound = try run.search(from: 0, isAnchored: false, 0, spend)
        try run.tell(spend)
        return isFound
    }
}

/// One step of a compiled pattern.
enum RegexInstruction {
    /// Takes one byte of a set.
    case byte(ByteSet)
    /// Goes on at both places.
    case fork(Int, Int)
    case jump(Int)
    /// Goes on if the place in the text is right.
    case assert(Assertion)
    /// Goes on at `after` if what begins with the next one matches so many bytes before this place,
    /// or does not.
    case look(behind: Int, isNegated: Bool, after: Int)
    case match

    enum Assertion {
        case lineStart, lineEnd, textStart, textEnd, textEndOrNewline
        case wordBoundary, noWordBoundary, wordStart, wordEnd
    }
}

/// A set of bytes.
struct ByteSet: Equatable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init() {}

    init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { insert(byte) }
    }

    mutating func insert(_ byte: UInt8) {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word & UInt64(1) << UInt64(byte & 63) != 0
    }

    mutating func formUnion(_ other: ByteSet) {
        words = (
            words.0 | other.words.0, words.1 | other.words.1, words.2 | other.words.2,
            words.3 | other.words.3
        )
    }

    var inverted: ByteSet {
        var result = ByteSet()
        result.words = (~words.0, ~words.1, ~words.2, ~words.3)
        return result
    }

    /// With both cases of each letter.
    var ignoringCase: ByteSet {
        var result = self
        for byte in UInt8(ascii: "a")...UInt8(ascii: "z")
        where contains(byte) || contains(byte & 0xdf) {
            result.insert(byte)
            result.insert(byte & 0xdf)
        }
        return result
    }

    static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }

    static let digits = ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9"))
    static let lower = ByteSet(UInt8(ascii: "a")...UInt8(ascii: "z"))
    static let upper = ByteSet(UInt8(ascii: "A")...UInt8(ascii: "Z"))
    static let blanks = ByteSet([0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d])
    static let punctuation = ByteSet(0x21...0x7e).subtracting(letters).subtracting(digits)
    static let letters = lower.union(upper)
    static let word = letters.union(digits).union(ByteSet([UInt8(ascii: "_")]))
    static let all = ByteSet().inverted

    func union(_ other: ByteSet) -> ByteSet {
        var result = self
        result.formUnion(other)
        return result
    }

    func subtracting(_ other: ByteSet) -> ByteSet {
        inverted.union(other).inverted
    }
}
