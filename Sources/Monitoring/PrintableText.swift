extension String {
    /// The text on one line, without what would drive a terminal.
    ///
    /// Masters, plugins and the uplink write what they like. C0 with ESC, DEL and C1 become U+FFFD,
    /// so that one sees that there was something; line breaks and tabs become blanks.
    ///
    /// - Source: ECMA-48, sections 5.2 and 5.3 (the sets C0 and C1).
    package var printable: String {
        String(UnicodeScalarView(unicodeScalars.map(Self.shown)))
    }

    /// The same line by line, for text whose line breaks are meant.
    package var printableLines: String {
        String(UnicodeScalarView(unicodeScalars.map { $0 == "\n" ? $0 : Self.shown($0) }))
    }

    private static func shown(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "\t", "\n", "\r", "\u{2028}", "\u{2029}": " "
        case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}": "\u{FFFD}"
        default: scalar
        }
    }
}
