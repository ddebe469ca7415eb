import Monitoring

/// What `send_nsca.cfg` says, whether it was written for nsca-ng or for NSCA.
///
/// `key = value`, the value bare or in quotes, a backslash before any character takes it literally
/// and at the end of a line goes on in the next one, `#` begins a comment. Of all that, `delay` and
/// `timeout` still mean something here. The other values are not looked at: NSCA's have rules of
/// their own, and none of them is needed to hand a result over. So nothing in a file stops a call;
/// what cannot be understood is left out and told.
///
/// - Source: nsca-ng 1.6, send_nsca.cfg(5); the corners by trying the programs.
struct NSCAConfiguration: Sendable, Hashable {
    /// A setting that is known, and the line that it begins in.
    struct Setting: Sendable, Hashable {
        var key: String
        var line: Int
    }

    /// Most seconds to wait before anything is read; 0 for not at all.
    var delay = 0
    /// Seconds for a daemon's answer; 0 for as long as it takes.
    var timeout = 15
    /// What is set, in order.
    private(set) var settings: [Setting] = []
    /// What could not be understood, in order; at most ``faultLimit``.
    private(set) var faults: [NSCAConfigurationFault] = []

    /// Most bytes of a file.
    ///
    /// 1 MiB: a thousand times what all settings take.
    static let byteLimit = 1 << 20
    /// Most faults that are kept: a file of another kind has one on each line.
    static let faultLimit = 20

    /// Nothing is set.
    init() {}

    /// Reads a file's bytes.
    init(_ content: [UInt8]) {
        for (number, line) in Self.lines(content) {
            do throws(NSCAConfigurationFault) {
                try take(line, number)
            } catch {
                if faults.count < Self.faultLimit { faults.append(error) }
            }
        }
    }

    /// Keys that mean nothing here, in order, each once.
    var unused: [String] {
        var keys: [String] = []
        for setting in settings where setting.key != "delay" && setting.key != "timeout" {
            if !keys.contains(setting.key) { keys.append(setting.key) }
        }
        return keys
    }

    private mutating func take(
        _ line: [UInt8], _ number: Int
    ) throws(NSCAConfigurationFault) {
        let start = line.drop(while: Self.isBlank)
        guard let first = start.first, first != UInt8(ascii: "#") else { return }
        let word = start.prefix { !Self.isBlank($0) && $0 != UInt8(ascii: "=") }
        guard !word.isEmpty else { throw .noKey(line: number) }
        let key = String(decoding: word, as: UTF8.self)
        let rest = start[word.endIndex...]
        guard Self.keys.contains(key) else {
            throw Self.isSetting(rest) ? .unknownKey(key, line: number) : .noKey(line: number)
        }
        switch key {
        case "delay": delay = try Self.seconds(rest, key, number)
        case "timeout": timeout = try Self.seconds(rest, key, number)
        default: break
        }
        settings.append(Setting(key: key, line: number))
    }

    /// True for a sign with a value behind it.
    ///
    /// A word without one may be a password, as may one with signs at its end, which base64 has.
    private static func isSetting(_ rest: ArraySlice<UInt8>) -> Bool {
        let sign = rest.drop(while: isBlank)
        guard sign.first == UInt8(ascii: "=") else { return false }
        return sign.dropFirst().contains { !isBlank($0) && $0 != UInt8(ascii: "=") }
    }

    /// `legacy_2_7_mode` is NSCA 2.10's.
    private static let keys: Set = [
        "delay", "encryption_method", "identity", "password", "port", "server", "timeout",
        "tls_ciphers", "legacy_2_7_mode",
    ]

    /// Lines with the number of their first piece.
    private static func lines(_ content: [UInt8]) -> [(number: Int, line: [UInt8])] {
        var lines: [(number: Int, line: [UInt8])] = []
        var begun: (number: Int, line: [UInt8])?
        let pieces = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, piece) in pieces.enumerated() {
            let isLast = index == pieces.count - 1
            var open = begun ?? (index + 1, [])
            if piece.last == UInt8(ascii: "\\"), !isLast {
                open.line += piece.dropLast()
                begun = open
                continue
            }
            let hasReturn = piece.last == UInt8(ascii: "\r") && !isLast
            open.line += hasReturn ? piece.dropLast() : piece
            lines.append(open)
            begun = nil
        }
        return lines
    }

    // MARK: Values

    /// The number behind a key and its sign.
    private static func seconds(
        _ text: ArraySlice<UInt8>, _ key: String, _ line: Int
    ) throws(NSCAConfigurationFault) -> Int {
        let sign = text.drop(while: isBlank)
        guard sign.first == UInt8(ascii: "=") else { throw .noValue(key, line: line) }
        let value = try value(sign.dropFirst().drop(while: isBlank), key, line)
        guard let number = CInteger.whole(value) else { throw .noNumber(key, line: line) }
        return number
    }

    /// A bare value ends before a blank or `#`, which is taken with it.
    private static func value(
        _ text: ArraySlice<UInt8>, _ key: String, _ line: Int
    ) throws(NSCAConfigurationFault) -> [UInt8] {
        guard let first = text.first, first != UInt8(ascii: "#") else {
            throw .noValue(key, line: line)
        }
        let isQuoted = first == UInt8(ascii: "\"") || first == UInt8(ascii: "'")
        var rest = isQuoted ? text.dropFirst() : text
        var value: [UInt8] = []
        var isEscaped = false
        while let byte = rest.popFirst() {
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
            throw .moreThanValue(key, line: line)
        }
        return value
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}

/// Why a line of `send_nsca.cfg` is left out; values are never told, one may be a password.
enum NSCAConfigurationFault: Error, Hashable, CustomStringConvertible {
    case noKey(line: Int)
    case unknownKey(String, line: Int)
    case noValue(String, line: Int)
    case moreThanValue(String, line: Int)
    case noNumber(String, line: Int)

    /// Where it begins, counted from 1.
    var line: Int {
        switch self {
        case .noKey(let line), .unknownKey(_, let line), .noValue(_, let line),
            .moreThanValue(_, let line), .noNumber(_, let line):
            line
        }
    }

    /// Without the line.
    var reason: String {
        switch self {
        case .noKey: "This is no `key = value`."
        case .unknownKey(let key, _): "There is no key '\(Self.shown(key))'."
        case .noValue(let key, _): "The key '\(key)' has no value."
        case .moreThanValue(let key, _):
            "There is something behind the value of '\(key)'; quote it."
        case .noNumber(let key, _): "The value of '\(key)' is no whole number."
        }
    }

    var description: String { "line \(line): \(reason)" }

    /// Most characters of a key that are shown: whatever stands before a sign is one.
    private static let shownLimit = 40

    private static func shown(_ key: String) -> String {
        key.count > shownLimit ? "\(key.prefix(shownLimit))…".printable : key.printable
    }
}
