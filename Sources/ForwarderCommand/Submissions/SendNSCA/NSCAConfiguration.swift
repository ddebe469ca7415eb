/// What `send_nsca.cfg` says: read as nsca-ng reads it, so that an old file stays as it is.
///
/// `key = value`, the value bare or in quotes, a backslash before any character takes it literally
/// and at the end of a line goes on in the next one, `#` begins a comment. Of all that, `delay` and
/// `timeout` still mean something here.
///
/// - Source: nsca-ng 1.6, send_nsca.cfg(5); the corners by trying the program.
struct NSCAConfiguration: Sendable, Hashable {
    /// Most seconds to wait before anything is read; 0 for not at all.
    var delay = 0
    /// Seconds for a daemon's answer; 0 for as long as it takes.
    var timeout = 15
    /// Keys that mean nothing here, in order, each once.
    var unused: [String] = []

    /// Most bytes of a value.
    static let valueByteLimit = 2047

    /// Nothing is set.
    init() {}

    /// Reads a file's bytes.
    init(_ content: [UInt8]) throws(NSCAConfigurationFault) {
        for (number, line) in Self.lines(content) {
            guard let setting = try Setting(line, number) else { continue }
            switch setting.key {
            case "delay": delay = try setting.number(number)
            case "timeout": timeout = try setting.number(number)
            default: if !unused.contains(setting.key) { unused.append(setting.key) }
            }
        }
    }

    /// Lines with the number of their last piece.
    private static func lines(_ content: [UInt8]) -> [(number: Int, line: [UInt8])] {
        var lines: [(number: Int, line: [UInt8])] = []
        var begun: [UInt8] = []
        let pieces = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, piece) in pieces.enumerated() {
            let isLast = index == pieces.count - 1
            if piece.last == UInt8(ascii: "\\"), !isLast {
                begun += piece.dropLast()
                continue
            }
            let hasReturn = piece.last == UInt8(ascii: "\r") && !isLast
            lines.append((index + 1, begun + (hasReturn ? piece.dropLast() : piece)))
            begun = []
        }
        return lines
    }
}

/// One line's key and value.
private struct Setting {
    let key: String
    let value: [UInt8]

    /// `legacy_2_7_mode` is NSCA 2.10's.
    private static let keys: Set = [
        "delay", "encryption_method", "identity", "password", "port", "server", "timeout",
        "tls_ciphers", "legacy_2_7_mode",
    ]

    /// Nil for a line that says nothing.
    init?(_ line: [UInt8], _ number: Int) throws(NSCAConfigurationFault) {
        let start = line.drop(while: Self.isBlank)
        guard let first = start.first, first != UInt8(ascii: "#") else { return nil }
        let word = start.prefix { !Self.isBlank($0) && $0 != UInt8(ascii: "=") }
        key = String(decoding: word, as: UTF8.self)
        guard !word.isEmpty else { throw .noKey(line: number) }
        guard Self.keys.contains(key) else { throw .unknownKey(key, line: number) }
        let sign = start[word.endIndex...].drop(while: Self.isBlank)
        guard sign.first == UInt8(ascii: "=") else { throw .noValue(key, line: number) }
        value = try Self.value(sign.dropFirst().drop(while: Self.isBlank), key, number)
    }

    /// A bare value ends before a blank or `#`, which is taken with it.
    private static func value(
        _ text: ArraySlice<UInt8>, _ key: String, _ number: Int
    ) throws(NSCAConfigurationFault) -> [UInt8] {
        guard let first = text.first, first != UInt8(ascii: "#") else {
            throw .noValue(key, line: number)
        }
        let isQuoted = first == UInt8(ascii: "\"") || first == UInt8(ascii: "'")
        var rest = isQuoted ? text.dropFirst() : text
        var value: [UInt8] = []
        var isEscaped = false
        while let byte = rest.popFirst() {
            guard value.count < NSCAConfiguration.valueByteLimit else {
                throw .tooLong(key, line: number)
            }
            if isEscaped {
                value.append(byte)
                isEscaped = false
            } else if isQuoted ? byte == first : isBlank(byte) || byte == UInt8(ascii: "#") {
                break
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                value.append(byte)
            }
        }
        let after = rest.drop(while: isBlank)
        guard after.isEmpty || after.first == UInt8(ascii: "#") else {
            throw .moreThanValue(key, line: number)
        }
        return value
    }

    func number(_ line: Int) throws(NSCAConfigurationFault) -> Int {
        guard let number = CInteger.whole(value) else { throw .noNumber(key, line: line) }
        return number
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}

/// What is wrong with a `send_nsca.cfg`; values are never told, one may be a password.
enum NSCAConfigurationFault: Error, Hashable, CustomStringConvertible {
    case noKey(line: Int)
    case unknownKey(String, line: Int)
    case noValue(String, line: Int)
    case moreThanValue(String, line: Int)
    case tooLong(String, line: Int)
    case noNumber(String, line: Int)

    var description: String {
        switch self {
        case .noKey(let line): "line \(line): This is no `key = value`."
        case .unknownKey(let key, let line): "line \(line): There is no key '\(key)'."
        case .noValue(let key, let line): "line \(line): The key '\(key)' has no value."
        case .moreThanValue(let key, let line):
            "line \(line): There is something behind the value of '\(key)'; quote it."
        case .tooLong(let key, let line):
            "line \(line): The value of '\(key)' is longer than \(NSCAConfiguration.valueByteLimit)"
                + " bytes."
        case .noNumber(let key, let line): "line \(line): The value of '\(key)' is no whole number."
        }
    }
}
