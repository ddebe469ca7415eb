internal import Glibc

/// A compiled regular expression: POSIX extended, with the common Perl classes translated.
///
/// The C library's matcher instead of Swift's, because a backtracking matcher can run for hours on
/// a short pattern.
@safe final class RegularExpression {
    private var compiled = unsafe regex_t()

    /// Longest pattern: 1 KiB, beyond any filter; compiling takes memory by the square of it.
    private static let longestPattern = 1024
    /// Most repetitions that `{n}` may ask for, all multiplied: 1,000, for the same reason.
    private static let mostRepetitions = 1000

    init(_ pattern: ByteString, _ call: Invocation) throws(ConfigFault) {
        guard pattern.count <= Self.longestPattern, !pattern.bytes.contains(0),
            Self.repetitions(pattern.bytes) <= Self.mostRepetitions
        else { throw call.fault("The regular expression is too large; simplify it.") }
        let text = String(decoding: Self.translate(pattern.bytes), as: UTF8.self)
        guard unsafe regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB) == 0 else {
            unsafe compiled = regex_t()
            throw call.fault("'\(pattern.text)' is not a regular expression.")
        }
    }

    deinit {
        unsafe regfree(&compiled)
    }

    /// True when it matches anywhere in the text.
    func isFound(in text: ByteString) -> Bool {
        unsafe regexec(&compiled, text.text, 0, nil, 0) == 0
    }

    /// `\d` and `(?:` in words of POSIX.
    private static func translate(_ pattern: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var isInBrackets = false
        var index = 0
        while index < pattern.count {
            let byte = pattern[index]
            let next = index + 1 < pattern.count ? pattern[index + 1] : 0
            if byte == UInt8(ascii: "\\") {
                let digits = isInBrackets ? "0-9" : "[0-9]"
                switch next {
                case UInt8(ascii: "d"): result += Array(digits.utf8)
                case UInt8(ascii: "D") where !isInBrackets: result += Array("[^0-9]".utf8)
                case UInt8(ascii: "w") where isInBrackets: result += Array("[:alnum:]_".utf8)
                case UInt8(ascii: "s") where isInBrackets: result += Array("[:space:]".utf8)
                default: result += isInBrackets ? [next] : [byte, next]
                }
                index += 2
                continue
            }
            if byte == UInt8(ascii: "[") { isInBrackets = true }
            if byte == UInt8(ascii: "]") { isInBrackets = false }
            result.append(byte)
            index += 1
            if byte == UInt8(ascii: "("), !isInBrackets,
                pattern[index...].starts(with: Array("?:".utf8))
            {
                index += 2
            }
        }
        return result
    }

    private static func repetitions(_ pattern: [UInt8]) -> Int {
        var product = 1
        for part in pattern.split(separator: UInt8(ascii: "{")).dropFirst() {
            let inside = part.prefix { $0 != UInt8(ascii: "}") }
            let numbers = String(decoding: inside, as: UTF8.self).split(separator: ",")
            let largest = numbers.compactMap { Int($0) }.max() ?? 1
            let (next, overflow) = product.multipliedReportingOverflow(by: max(1, largest))
            guard !overflow else { return .max }
            product = next
        }
        return product
    }
}
