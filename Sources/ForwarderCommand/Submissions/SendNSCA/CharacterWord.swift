/// A character as `-d` and `-e` write it.
enum CharacterWord {
    /// Most bytes of a word.
    ///
    /// 8: a code with some zeros in front.
    private static let byteLimit = 8

    /// The byte that a word means; nil for none.
    ///
    /// One byte is itself. `\a \b \f \n \r \t \v` are those of C; `\NN` is octal and `\xNN`
    /// hexadecimal, up to 127. Two digits or more are a number, octal behind `0` and hexadecimal
    /// behind `0x`, up to 255: nsca-ng takes some of these and NSCA all.
    ///
    /// - Source: nsca-ng 1.6, send_nsca(8), "-d"; NSCA 2.10, `send_nsca --help`; the corners by
    ///   trying the programs.
    static func byte(_ word: [UInt8]) -> UInt8? {
        guard let first = word.first, (1...byteLimit).contains(word.count) else { return nil }
        if word.count == 1 { return first }
        if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) {
            return CInteger.whole(word).flatMap(UInt8.init(exactly:))
        }
        guard first == UInt8(ascii: "\\"), word.count <= escapeLimit else { return nil }
        if word.count == 2, let byte = escapes[word[1]] { return byte }
        let digits = [UInt8(ascii: "0")] + word.dropFirst()
        return CInteger.whole(digits).flatMap { (0...127).contains($0) ? UInt8($0) : nil }
    }

    /// Most bytes of a word that begins with a backslash.
    private static let escapeLimit = 5

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
        UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
    ]
}

/// Whole numbers as C's library reads them.
enum CInteger {
    /// The number at the beginning, in decimal, after blanks; 0 for none (`atoi`).
    static func leading(_ text: [UInt8]) -> Int {
        let (isNegative, rest) = sign(text)
        return value(rest.prefix { digit($0).map { $0 < 10 } ?? false }, base: 10, isNegative) ?? 0
    }

    /// The number that all of the text is, octal behind `0`, hexadecimal behind `0x`; 0 for nothing
    /// (`strtol` with base 0).
    static func whole(_ text: [UInt8]) -> Int? {
        guard !text.isEmpty else { return 0 }
        let (isNegative, rest) = sign(text)
        if rest.starts(with: "0x".utf8) || rest.starts(with: "0X".utf8) {
            return value(rest.dropFirst(2), base: 16, isNegative)
        }
        return value(rest, base: rest.first == UInt8(ascii: "0") ? 8 : 10, isNegative)
    }

    /// The number that a field is, blanks around it aside; nil for anything else.
    static func field(_ text: ArraySlice<UInt8>) -> Int? {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let end = text.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? text.startIndex
        let (isNegative, rest) = sign(Array(text[..<end].drop(while: isBlank)))
        return value(rest, base: 10, isNegative)
    }

    private static func sign(_ text: [UInt8]) -> (isNegative: Bool, rest: ArraySlice<UInt8>) {
        let rest = text.drop { $0 == UInt8(ascii: " ") || (0x09...0x0D).contains($0) }
        switch rest.first {
        case UInt8(ascii: "-"): return (true, rest.dropFirst())
        case UInt8(ascii: "+"): return (false, rest.dropFirst())
        default: return (false, rest)
        }
    }

    /// Nil for no digit, a digit of no such number, and what no 63 bits hold.
    private static func value(_ digits: ArraySlice<UInt8>, base: Int, _ isNegative: Bool) -> Int? {
        guard !digits.isEmpty else { return nil }
        var value = 0
        for byte in digits {
            guard let digit = digit(byte), digit < base else { return nil }
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: base)
            let (sum, isFull) = product.addingReportingOverflow(digit)
            guard !isTooLarge, !isFull else { return nil }
            value = sum
        }
        return isNegative ? -value : value
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
