internal import ConfigLanguage

/// A text with macros, cut into what stays and what is replaced: `$name$`, and `$$` for a dollar.
///
/// - Source: Icinga 2 documentation, "Runtime Macros".
struct MacroText {
    /// One piece of the text.
    enum Part: Equatable {
        /// Stays as it is.
        case literal(ByteString)
        /// The name between two dollar signs; empty for `$$`.
        case macro(ByteString)
    }

    /// The pieces in order; none for the empty text.
    let parts: [Part]

    /// Cuts a text into its pieces.
    ///
    /// - Throws: `.unclosedMacro` when the number of dollar signs is odd.
    init(_ text: ByteString) throws(PreparationFault) {
        let dollar = UInt8(ascii: "$")
        var parts: [Part] = []
        var rest = text.bytes[...]
        while let open = rest.firstIndex(of: dollar) {
            if open > rest.startIndex { parts.append(.literal(ByteString(bytes: rest[..<open]))) }
            let name = rest[(open + 1)...]
            guard let close = name.firstIndex(of: dollar) else {
                throw .unclosedMacro(text)
            }
            parts.append(.macro(ByteString(bytes: name[..<close])))
            rest = name[(close + 1)...]
        }
        if !rest.isEmpty { parts.append(.literal(ByteString(bytes: rest))) }
        self.parts = parts
    }

    /// True when the dollar signs of a text pair up.
    static func isBalanced(_ text: ByteString) -> Bool {
        text.bytes.count { $0 == UInt8(ascii: "$") }.isMultiple(of: 2)
    }
}
