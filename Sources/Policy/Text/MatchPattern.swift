/// A text in which `*` stands for any characters, also for none.
///
/// Bytes are compared, so two spellings of "é" are two texts. Matching takes time with the sum of
/// both lengths, whatever they hold.
///
/// - Source: Icinga DB Web documentation, "Security", section "Match Patterns".
package struct MatchPattern: Sendable, Hashable {
    /// Whether `A` and `a` are the same.
    package enum LetterCase: Sendable {
        case told
        /// Of ASCII letters.
        case ignored
    }

    /// The pattern as it was written.
    package let text: String
    /// What stands between the stars; one piece when there is none.
    private let pieces: [Piece]
    private let letterCase: LetterCase

    /// The pattern that `text` writes.
    package init(_ text: String, letterCase: LetterCase = .told) {
        self.text = text
        self.letterCase = letterCase
        pieces = text.utf8
            .map { letterCase == .ignored ? $0.asciiLowercased : $0 }
            .split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
            .map { Piece(Array($0)) }
    }

    /// True when `text` has no star.
    package var isLiteral: Bool { pieces.count == 1 }

    /// True when every text is meant.
    package var isUniversal: Bool { pieces.count > 1 && pieces.allSatisfy(\.bytes.isEmpty) }

    /// True when the whole text is meant.
    package func matches(_ text: String) -> Bool { matches(Array(text.utf8)) }

    /// True when the whole text of these bytes is meant.
    package func matches(_ told: [UInt8]) -> Bool {
        guard let first = pieces.first, let last = pieces.last else { return false }
        let bytes = letterCase == .ignored ? told.map(\.asciiLowercased) : told
        guard !isLiteral else { return bytes == first.bytes }
        guard bytes.count >= first.bytes.count + last.bytes.count,
            bytes.starts(with: first.bytes),
            bytes.suffix(last.bytes.count).elementsEqual(last.bytes)
        else { return false }
        // the leftmost place for each piece leaves the most room for those behind it
        let end = bytes.count - last.bytes.count
        var place = first.bytes.count
        for piece in pieces.dropFirst().dropLast() {
            guard let found = piece.end(in: bytes[place..<end]) else { return false }
            place = found
        }
        return true
    }
}

extension MatchPattern {
    /// One text to be found, with what makes finding it linear.
    ///
    /// - Source: Knuth, Morris, Pratt, "Fast pattern matching in strings", 1977.
    private struct Piece: Sendable, Hashable {
        let bytes: [UInt8]
        /// For each place, how long a beginning of the piece ends there.
        private let fallback: [Int]

        init(_ bytes: [UInt8]) {
            var fallback = [Int](repeating: 0, count: bytes.count)
            var length = 0
            for place in bytes.indices.dropFirst() {
                while length > 0, bytes[length] != bytes[place] { length = fallback[length - 1] }
                if bytes[length] == bytes[place] { length += 1 }
                fallback[place] = length
            }
            self.bytes = bytes
            self.fallback = fallback
        }

        /// Where the first occurrence ends.
        func end(in text: ArraySlice<UInt8>) -> Int? {
            guard !bytes.isEmpty else { return text.startIndex }
            var length = 0
            for place in text.indices {
                while length > 0, bytes[length] != text[place] { length = fallback[length - 1] }
                if bytes[length] == text[place] { length += 1 }
                if length == bytes.count { return place + 1 }
            }
            return nil
        }
    }
}

extension UInt8 {
    /// The byte with an ASCII capital made small.
    var asciiLowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }

    /// True for a blank or a tab.
    var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}
