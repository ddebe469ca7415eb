/// Cuts a text into tokens, by longest match.
///
/// Line ends are tokens except directly inside `( )`; `{` switches them on again, while `[` and
/// `{{` leave them as they are.
struct Lexer {
    private let source: SourceFile
    private let text: [UInt8]
    private var position = 0
    private var line = 1
    private var lineStart = 0
    private var startLine = 1
    private var startColumn = 1
    private var tokens: [Token] = []
    /// The next blank or `>` behind the newest `<` that was looked at.
    private var pathStop = 0
    /// For each open `(` and `{`: whether line ends are ignored inside.
    private var ignoresLineEnds: [Bool] = []

    /// Longest text that is read: 16 MiB, beyond any definitions; longer ones are refused.
    static let longestText = 16 << 20

    /// Most tokens, of one text and of all texts of a session: 1,000,000.
    ///
    /// That is 20,000 objects written out, and some 150 MiB once it is a tree.
    static let mostTokens = 1_000_000

    /// Longest `<…>`: 4 KiB, the system's longest path; what is longer is a comparison.
    private static let longestPath = 4096

    init(_ source: SourceFile) {
        self.source = source
        text = source.text
    }

    /// All tokens, the last being `.end`.
    static func tokens(of source: SourceFile) throws(ConfigFault) -> [Token] {
        var lexer = Lexer(source)
        try lexer.run()
        return lexer.tokens
    }

    private mutating func run() throws(ConfigFault) {
        guard text.count <= Self.longestText else {
            throw fault("The text is longer than \(Self.longestText >> 20) MiB; it is not read.")
        }
        while position < text.count {
            startLine = line
            startColumn = position - lineStart + 1
            try next(text[position])
            guard tokens.count < Self.mostTokens else {
                throw fault(
                    "The text has more than \(Self.mostTokens) words; it is not read. Split it, "
                        + "or make rules of what is repeated."
                )
            }
        }
        startLine = line
        startColumn = position - lineStart + 1
        emit(.end)
    }

    private mutating func next(_ byte: UInt8) throws(ConfigFault) {
        switch byte {
        case 0x20, 0x09, 0x0d: position += 1
        case 0x0a:
            advance(1)
            if ignoresLineEnds.last != true { emit(.newline, at: position - 1) }
        case UInt8(ascii: "#"): skipLine()
        case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"): skipLine()
        case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): try skipComment()
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "{") where peek(1) == byte && peek(2) == byte: try heredoc()
        case UInt8(ascii: "<") where pathEnd() != nil: path()
        case UInt8(ascii: "@") where peek(1)?.isIdentifierStart == true:
            position += 1
            emit(.identifier(word()))
        default:
            if byte.isDigit {
                number()
            } else if byte.isIdentifierStart {
                let name = word()
                emit(Keyword(name).map { .keyword($0) } ?? .identifier(name))
            } else {
                try symbol(byte)
            }
        }
    }

    // MARK: - Places

    private func peek(_ distance: Int) -> UInt8? {
        let place = position + distance
        return place < text.count ? text[place] : nil
    }

    /// Moves on, counting the lines passed.
    private mutating func advance(_ count: Int) {
        for _ in 0..<count where position < text.count {
            if text[position] == 0x0a {
                line += 1
                lineStart = position + 1
            }
            position += 1
        }
    }

    private mutating func emit(_ kind: Token.Kind, at end: Int? = nil) {
        let isOneLine = startLine == line || kind == .newline
        let length = isOneLine ? (end ?? position) - lineStart + 1 - startColumn : 1
        let place = SourceLocation(
            source,
            line: startLine,
            column: startColumn,
            length: max(1, length)
        )
        tokens.append(Token(kind: kind, location: place))
    }

    private func fault(_ message: String) -> ConfigFault {
        .syntax(
            Diagnostic(
                message,
                at: SourceLocation(source, line: startLine, column: startColumn)
            )
        )
    }

    // MARK: - Comments

    private mutating func skipLine() {
        while position < text.count, text[position] != 0x0a { position += 1 }
    }

    private mutating func skipComment() throws(ConfigFault) {
        advance(2)
        while position < text.count {
            if text[position] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                position += 2
                return
            }
            advance(1)
        }
        throw fault("The comment that begins here has no end; close it with */.")
    }

    // MARK: - Literals

    private mutating func word() -> ByteString {
        let start = position
        while let byte = peek(0), byte.isIdentifierStart || byte.isDigit { position += 1 }
        return ByteString(Array(text[start..<position]))
    }

    private mutating func number() {
        let start = position
        while peek(0)?.isDigit == true { position += 1 }
        if peek(0) == UInt8(ascii: "."), peek(1)?.isDigit == true {
            position += 1
            while peek(0)?.isDigit == true { position += 1 }
        }
        let digits = String(decoding: text[start..<position], as: UTF8.self)
        emit(.number((Double(digits) ?? .infinity) * unit()))
    }

    /// The factor of a unit glued to a number.
    private mutating func unit() -> Double {
        switch (peek(0), peek(1)) {
        case (UInt8(ascii: "m"), UInt8(ascii: "s")):
            position += 2
            return 0.001
        case (UInt8(ascii: "s"), _): position += 1
        case (UInt8(ascii: "m"), _):
            position += 1
            return 60
        case (UInt8(ascii: "h"), _):
            position += 1
            return 3600
        case (UInt8(ascii: "d"), _):
            position += 1
            return 86400
        default: break
        }
        return 1
    }

    private mutating func string() throws(ConfigFault) {
        position += 1
        var bytes: [UInt8] = []
        while let byte = peek(0) {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                emit(.string(ByteString(bytes)))
                return
            case 0x0a:
                throw fault("The string that begins here has no end on its line; close it with \".")
            case UInt8(ascii: "\\"):
                if let escaped = try escape() { bytes.append(escaped) }
            default:
                bytes.append(byte)
                position += 1
            }
        }
        throw fault("The string that begins here has no end; close it with \".")
    }

    private mutating func escape() throws(ConfigFault) -> UInt8? {
        position += 1
        guard let byte = peek(0) else { return nil }
        if (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) { return try octal() }
        advance(1)
        switch byte {
        case 0x0a: return 0x0a
        case UInt8(ascii: "n"): return 0x0a
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "r"): return 0x0d
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0c
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): return byte
        default:
            let shown = String(decoding: [byte], as: UTF8.self)
            throw fault("The string has an unknown escape '\\\(shown)'; write '\\\\' for a '\\'.")
        }
    }

    private mutating func octal() throws(ConfigFault) -> UInt8 {
        var value = 0
        var digits = 0
        while let byte = peek(0), digits < 3, (0x30...0x37).contains(byte) {
            value = value * 8 + Int(byte - 0x30)
            digits += 1
            position += 1
        }
        // a digit more makes another escape of the same text, which the language refuses
        guard peek(0)?.isDigit != true else {
            throw fault(
                "The string has an octal escape with another digit behind it, which belongs to no "
                    + "escape; write the digit as one, too.")
        }
        guard let byte = UInt8(exactly: value) else {
            throw fault("The string has an octal escape beyond \\377.")
        }
        return byte
    }

    private mutating func heredoc() throws(ConfigFault) {
        advance(3)
        let start = position
        let close = UInt8(ascii: "}")
        while let byte = peek(0) {
            if byte == close, peek(1) == close, peek(2) == close {
                let content = ByteString(Array(text[start..<position]))
                position += 3
                emit(.string(content))
                return
            }
            advance(1)
        }
        throw fault("The text that begins here has no end; close it with }}}.")
    }

    // MARK: - Paths and symbols

    /// Where `<…>` ends, if what begins here is one: no blank inside.
    private mutating func pathEnd() -> Int? {
        // looked for once for all `<` before it
        if pathStop <= position {
            pathStop = position + 1
            while pathStop < text.count, text[pathStop] != 0x20,
                text[pathStop] != UInt8(ascii: ">")
            {
                pathStop += 1
            }
        }
        guard pathStop < text.count, pathStop - position < Self.longestPath,
            text[pathStop] == UInt8(ascii: ">")
        else { return nil }
        return pathStop
    }

    private mutating func path() {
        guard let end = pathEnd() else { return }
        let content = ByteString(Array(text[(position + 1)..<end]))
        advance(end + 1 - position)
        emit(.path(content))
    }

    /// What is told of a character that begins no token.
    private func stray() -> ConfigFault {
        let next = text[position..<min(position + Self.longestCharacter, text.count)]
        // what follows may be cut off, the first is whole where it is a character at all
        let scalar = String(decoding: next, as: UTF8.self).unicodeScalars.first ?? "?"
        guard !scalar.isASCII else {
            return fault("The character '\(scalar)' has no meaning here; remove it or quote it.")
        }
        guard position > 0 || scalar != "\u{feff}" else {
            return fault(
                "The file begins with a byte order mark, which is no text of the language. Save "
                    + "it as UTF-8 without one.")
        }
        let number = String(scalar.value, radix: 16, uppercase: true)
        return fault(
            "The character '\(scalar)' (U+\(number)) has no meaning here; remove it or quote it.")
    }

    /// Most bytes of one character in UTF-8.
    private static let longestCharacter = 4

    private mutating func symbol(_ byte: UInt8) throws(ConfigFault) {
        let candidates = Symbol.byFirstByte[byte] ?? []
        guard let match = candidates.first(where: { text[position...].starts(with: $0.bytes) })
        else {
            throw stray()
        }
        position += match.bytes.count
        switch match.symbol {
        case .parenOpen: ignoresLineEnds.append(true)
        case .braceOpen: ignoresLineEnds.append(false)
        case .parenClose, .braceClose: _ = ignoresLineEnds.popLast()
        default: break
        }
        emit(.symbol(match.symbol))
    }
}
