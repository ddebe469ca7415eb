/// What the Control object of a `forwarder.conf` says that cannot be loaded as a whole.
///
/// Only what is beyond doubt counts: of the only Control object, where that stands in no block, an
/// attribute at the beginning of a statement that is a plain text in quotes, and ends there.
///
/// - Bounds: reads forward once.
struct ControlText: Sendable, Hashable {
    /// The texts of its attributes, by their names; the last one of a name counts.
    ///
    /// None where there are several Control objects, or one in a block: which counts is not known.
    private(set) var attributes: [String: String] = [:]

    /// Looks through a file's bytes.
    init(_ content: [UInt8]) {
        var words = Words(content)
        var before: [Word] = []
        var depth = 0
        var place: Int?
        while let word = words.next() {
            if word == .mark(UInt8(ascii: "{")), Self.opensControl(before) {
                guard place == nil else {
                    attributes = [:]
                    return
                }
                place = depth
                readBody(&words)
                before = []
                continue
            }
            // One that closes nothing is a mistake, and leaves what follows where it is.
            if word == .mark(UInt8(ascii: "{")) { depth += 1 }
            if word == .mark(UInt8(ascii: "}")) { depth = max(0, depth - 1) }
            // It stood in a block, and not behind one that is never closed.
            if let place, depth < place {
                attributes = [:]
                return
            }
            before = before.suffix(2) + [word]
        }
    }

    /// `object Control "name"`, with a name or without.
    private static func opensControl(_ before: [Word]) -> Bool {
        let head = before.filter { if case .name = $0 { true } else { false } }
        return head.suffix(2) == [.name("object"), .name("Control")]
    }

    private mutating func readBody(_ words: inout Words) {
        var depth = 1
        var statement: [Word] = []
        while depth > 0, let word = words.next() {
            switch word {
            case .mark(UInt8(ascii: "{")): depth += 1
            case .mark(UInt8(ascii: "}")): depth -= 1
            default: break
            }
            let isEnd = word == .end || depth == 0
            if !isEnd {
                statement.append(word)
                continue
            }
            // what stands deeper, or is more than a text, is no plain attribute
            if case (3, .name(let key)?, .text(let text)?) =
                (statement.count, statement.first, statement.last),
                statement[1] == .mark(UInt8(ascii: "="))
            {
                attributes[key] = text
            }
            statement = []
        }
    }

    /// A piece of the file.
    private enum Word: Hashable {
        case name(String)
        /// A text in quotes without escapes; nil for one with them, or that no line ends.
        case text(String?)
        case mark(UInt8)
        /// A newline, a semicolon or a comma.
        case end
    }

    /// Cuts a file into pieces; comments and blanks are none.
    private struct Words {
        private var rest: ArraySlice<UInt8>

        init(_ content: [UInt8]) { rest = content[...] }

        mutating func next() -> Word? {
            while let byte = rest.first {
                if rest.starts(with: "//".utf8) || byte == UInt8(ascii: "#") {
                    rest = rest.drop { $0 != UInt8(ascii: "\n") }
                } else if rest.starts(with: "/*".utf8) {
                    skip(to: "*/")
                } else if rest.starts(with: "{{{".utf8) {
                    skip(to: "}}}")
                    return .text(nil)
                } else if byte == UInt8(ascii: "\"") {
                    return text()
                } else if Self.isNameByte(byte) {
                    let name = rest.prefix(while: Self.isNameByte)
                    rest = rest[name.endIndex...]
                    return .name(String(decoding: name, as: UTF8.self))
                } else {
                    rest = rest.dropFirst()
                    if "\n;,".utf8.contains(byte) { return .end }
                    if byte > UInt8(ascii: " ") { return .mark(byte) }
                }
            }
            return nil
        }

        /// Behind the next one of these marks, or to the end.
        private mutating func skip(to mark: String) {
            rest = rest.dropFirst(mark.utf8.count)
            while !rest.isEmpty, !rest.starts(with: mark.utf8) { rest = rest.dropFirst() }
            rest = rest.dropFirst(mark.utf8.count)
        }

        /// A text ends at its quote or, where that is missing, with its line.
        private mutating func text() -> Word {
            let body = rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") && $0 != 0x0A }
            rest = rest[body.endIndex...]
            guard rest.first == UInt8(ascii: "\""), !body.contains(UInt8(ascii: "\\")) else {
                rest = rest.drop { $0 != 0x0A }
                return .text(nil)
            }
            rest = rest.dropFirst()
            return .text(String(validating: body, as: UTF8.self))
        }

        private static func isNameByte(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}
