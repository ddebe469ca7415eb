extension RegexParser {
    /// What `\` and a letter stand for.
    mutating func escape() throws(RegularExpression.Fault) -> RegexNode? {
        guard let letter = current else { throw .malformed("it ends with a '\\'") }
        if let set = Self.classes[letter] {
            position += 1
            return .set(withCase(set))
        }
        if let assertion = Self.assertions[letter] {
            position += 1
            return .assert(assertion)
        }
        switch letter {
        case UInt8(ascii: "1")...UInt8(ascii: "9"), UInt8(ascii: "k"), UInt8(ascii: "g"):
            throw .unsupported("a reference to what a group took")
        case UInt8(ascii: "p"), UInt8(ascii: "P"):
            position += 1
            let set = try property()
            return .set(withCase(letter == UInt8(ascii: "p") ? set : set.inverted))
        case UInt8(ascii: "N"): throw .malformed("\\N names no character")
        case UInt8(ascii: "X"), UInt8(ascii: "C"):
            position += 1
            return .set(.all)
        case UInt8(ascii: "R"):
            position += 1
            let pair = RegexNode.sequence([.set(ByteSet([0x0d])), .set(ByteSet([0x0a]))])
            return .choice([pair, .set(Self.verticals)])
        case UInt8(ascii: "K"), UInt8(ascii: "E"):
            position += 1
            return nil
        default: return .set(set(of: try character()))
        }
    }

    private static let horizontals = ByteSet([0x20, 0x09])
    private static let verticals = ByteSet([0x0a, 0x0b, 0x0c, 0x0d])

    private static let classes: [UInt8: ByteSet] = [
        UInt8(ascii: "d"): .digits, UInt8(ascii: "D"): ByteSet.digits.inverted,
        UInt8(ascii: "w"): .word, UInt8(ascii: "W"): ByteSet.word.inverted,
        UInt8(ascii: "s"): .blanks, UInt8(ascii: "S"): ByteSet.blanks.inverted,
        UInt8(ascii: "l"): .lower, UInt8(ascii: "L"): ByteSet.lower.inverted,
        UInt8(ascii: "u"): .upper, UInt8(ascii: "U"): ByteSet.upper.inverted,
        UInt8(ascii: "h"): horizontals, UInt8(ascii: "H"): horizontals.inverted,
        UInt8(ascii: "v"): verticals, UInt8(ascii: "V"): verticals.inverted,
    ]

    private static let assertions: [UInt8: RegexInstruction.Assertion] = [
        UInt8(ascii: "b"): .wordBoundary, UInt8(ascii: "B"): .noWordBoundary,
        UInt8(ascii: "<"): .wordStart, UInt8(ascii: ">"): .wordEnd,
        UInt8(ascii: "A"): .textStart, UInt8(ascii: "`"): .textStart,
        UInt8(ascii: "G"): .textStart,
        UInt8(ascii: "z"): .textEnd, UInt8(ascii: "'"): .textEnd,
        UInt8(ascii: "Z"): .textEndOrNewline,
    ]

    /// The one byte that `\` and what follows stand for.
    private mutating func character() throws(RegularExpression.Fault) -> UInt8 {
        guard let letter = current else { throw .malformed("it ends with a '\\'") }
        position += 1
        switch letter {
        case UInt8(ascii: "n"): return 0x0a
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "r"): return 0x0d
        case UInt8(ascii: "f"): return 0x0c
        case UInt8(ascii: "a"): return 0x07
        case UInt8(ascii: "e"): return 0x1b
        case UInt8(ascii: "c"):
            guard let control = current else { throw .malformed("it ends with '\\c'") }
            position += 1
            return control % 32
        case UInt8(ascii: "x"): return try hexadecimal()
        case UInt8(ascii: "0"):
            var value = 0
            var count = 0
            while count < 3, let byte = current, (0x30...0x37).contains(byte) {
                value = value * 8 + Int(byte - 0x30)
                position += 1
                count += 1
            }
            guard let byte = UInt8(exactly: value) else {
                throw .malformed("an octal number is beyond \\0377")
            }
            return byte
        default: return letter
        }
    }

    private mutating func hexadecimal() throws(RegularExpression.Fault) -> UInt8 {
        let hasBraces = take("{")
        let start = position
        while position - start < (hasBraces ? 8 : 2), let byte = current,
            byte.isDigit || (0x61...0x66).contains(byte | 0x20)
        {
            position += 1
        }
        let digits = String(decoding: pattern[start..<position], as: UTF8.self)
        guard let value = UInt8(digits, radix: 16), !hasBraces || take("}") else {
            throw .malformed("a hexadecimal number is missing or beyond \\xff")
        }
        return value
    }

    /// The name behind `\p`.
    private mutating func property() throws(RegularExpression.Fault) -> ByteSet {
        guard take("{") else {
            guard let letter = current else { throw .malformed("it ends with '\\p'") }
            position += 1
            return try named([letter])
        }
        let start = position
        while let byte = current, byte != UInt8(ascii: "}") { position += 1 }
        let name = Array(pattern[start..<position])
        guard take("}") else { throw .malformed("'\\p{' has no end") }
        return try named(name)
    }

    private func named(_ name: [UInt8]) throws(RegularExpression.Fault) -> ByteSet {
        let word = ByteString(name).lowercasedASCII.text
        if name.count == 1, let letter = word.utf8.first, let set = Self.classes[letter] {
            return set
        }
        guard let set = Self.names[word] else {
            throw .malformed("there is no class of characters '\(word.prefix(20))'")
        }
        return set
    }

    private static let names: [String: ByteSet] = [
        "alnum": ByteSet.letters.union(.digits), "alpha": .letters, "blank": horizontals,
        "cntrl": ByteSet(0..<0x20).union(ByteSet([0x7f])), "digit": .digits,
        "graph": ByteSet(0x21...0x7e), "lower": .lower, "print": ByteSet(0x20...0x7e),
        "punct": .punctuation, "space": .blanks, "upper": .upper, "word": .word,
        "xdigit": ByteSet.digits.union(ByteSet(Array("abcdefABCDEF".utf8))), "unicode": ByteSet(),
    ]

    // MARK: - Brackets

    /// `[a-z]` after its bracket.
    mutating func bracketSet() throws(RegularExpression.Fault) -> ByteSet {
        let isNegated = take("^")
        var set = ByteSet()
        var isFirst = true
        while isFirst || current != UInt8(ascii: "]") {
            isFirst = false
            guard current != nil else { throw .malformed("'[' has no ']'") }
            let low: UInt8
            switch try bracketItem() {
            case .set(let part):
                set.formUnion(part)
                guard current != UInt8(ascii: "-") || following == UInt8(ascii: "]") else {
                    throw .malformed("a class of characters begins a range")
                }
                continue
            case .byte(let byte): low = byte
            }
            guard current == UInt8(ascii: "-"), let next = following, next != UInt8(ascii: "]")
            else {
                set.insert(low)
                continue
            }
            position += 1
            guard case .byte(let high) = try bracketItem(), low <= high else {
                throw .malformed("a range in brackets ends before it begins")
            }
            for byte in low...high { set.insert(byte) }
        }
        position += 1
        return isNegated ? withCase(set).inverted : withCase(set)
    }

    private enum BracketItem {
        case byte(UInt8)
        case set(ByteSet)
    }

    private var following: UInt8? {
        position + 1 < pattern.count ? pattern[position + 1] : nil
    }

    private mutating func bracketItem() throws(RegularExpression.Fault) -> BracketItem {
        guard let byte = current else { throw .malformed("'[' has no ']'") }
        if byte == UInt8(ascii: "["), let sign = following, ":.=".utf8.contains(sign) {
            return try bracketName(sign)
        }
        position += 1
        guard byte == UInt8(ascii: "\\") else { return .byte(byte) }
        guard let letter = current else { throw .malformed("'[' has no ']'") }
        if letter == UInt8(ascii: "b") {
            position += 1
            return .byte(0x08)
        }
        if let set = Self.classes[letter] {
            position += 1
            return .set(set)
        }
        return .byte(try character())
    }

    /// `[:alpha:]`, `[.a.]` and `[=a=]` inside brackets.
    private mutating func bracketName(
        _ sign: UInt8
    ) throws(RegularExpression.Fault) -> BracketItem {
        position += 2
        let start = position
        while position + 1 < pattern.count,
            pattern[position] != sign || pattern[position + 1] != UInt8(ascii: "]")
        {
            position += 1
        }
        guard position + 1 < pattern.count else { throw .malformed("'[:' has no end") }
        var name = Array(pattern[start..<position])
        position += 2
        guard sign == UInt8(ascii: ":") else {
            guard name.count == 1 else {
                throw .malformed("only single characters can stand in [. .] and [= =]")
            }
            return .byte(name[0])
        }
        let isNegated = name.first == UInt8(ascii: "^")
        if isNegated { name.removeFirst() }
        let set = try named(name)
        return .set(isNegated ? set.inverted : set)
    }
}
