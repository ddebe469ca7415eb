/// Shell-like patterns: `*`, `?`, and for names of files `[a-z]`.
enum ShellPattern {
    /// `match()` of the language: `*` and `?` alone, `\` before one of them takes it literally.
    ///
    /// In time of the product of both lengths at worst.
    static func glob(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var parts: [Part] = []
        var index = 0
        while index < pattern.count {
            switch pattern[index] {
            case UInt8(ascii: "*"): parts.append(.anything)
            case UInt8(ascii: "?"): parts.append(.any)
            case UInt8(ascii: "\\") where index + 1 < pattern.count:
                index += 1
                parts.append(.byte(pattern[index]))
            default: parts.append(.byte(pattern[index]))
            }
            index += 1
        }
        return matches(parts, text)
    }

    /// A pattern for the name of a file.
    static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        matches(fileParts(pattern), name)
    }

    private enum Part {
        case anything, any
        case byte(UInt8)
        case oneOf([ClosedRange<UInt8>], isNegated: Bool)

        func fits(_ byte: UInt8) -> Bool {
            switch self {
            case .anything, .any: true
            case .byte(let mine): mine == byte
            case .oneOf(let ranges, let isNegated):
                ranges.contains { $0.contains(byte) } != isNegated
            }
        }
    }

    private static func matches(_ parts: [Part], _ text: [UInt8]) -> Bool {
        var place = 0
        var position = 0
        var star: Int?
        var retry = 0
        while position < text.count {
            if place < parts.count, case .anything = parts[place] {
                star = place
                retry = position
                place += 1
            } else if place < parts.count, parts[place].fits(text[position]) {
                place += 1
                position += 1
            } else if let star {
                // only the last star needs another try
                place = star + 1
                retry += 1
                position = retry
            } else {
                return false
            }
        }
        return parts[place...].allSatisfy { if case .anything = $0 { true } else { false } }
    }

    private static func fileParts(_ pattern: [UInt8]) -> [Part] {
        var parts: [Part] = []
        var index = 0
        while index < pattern.count {
            let byte = pattern[index]
            index += 1
            switch byte {
            case UInt8(ascii: "*"): parts.append(.anything)
            case UInt8(ascii: "?"): parts.append(.any)
            case UInt8(ascii: "\\") where index < pattern.count:
                parts.append(.byte(pattern[index]))
                index += 1
            case UInt8(ascii: "["):
                if let (set, end) = set(pattern, from: index) {
                    parts.append(set)
                    index = end
                } else {
                    parts.append(.byte(byte))
                }
            default: parts.append(.byte(byte))
            }
        }
        return parts
    }

    /// `[a-z]` after its bracket, with where it ends; nil when it does not end.
    private static func set(_ pattern: [UInt8], from start: Int) -> (Part, end: Int)? {
        var index = start
        let isNegated = index < pattern.count && "!^".utf8.contains(pattern[index])
        if isNegated { index += 1 }
        var ranges: [ClosedRange<UInt8>] = []
        while index < pattern.count {
            let low = pattern[index]
            if low == UInt8(ascii: "]"), !ranges.isEmpty {
                return (.oneOf(ranges, isNegated: isNegated), index + 1)
            }
            index += 1
            var high = low
            if index + 1 < pattern.count, pattern[index] == UInt8(ascii: "-"),
                pattern[index + 1] != UInt8(ascii: "]")
            {
                high = pattern[index + 1]
                index += 2
            }
            ranges.append(low <= high ? low...high : low...low)
        }
        return nil
    }
}
