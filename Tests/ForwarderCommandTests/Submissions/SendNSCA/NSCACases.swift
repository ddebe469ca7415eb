import Foundation
import TestSupport

/// Calls of `send_nsca` as callers make them, and as none should.
struct NSCACases {
    /// A command line and standard input.
    struct Call: CustomStringConvertible {
        var arguments: [String]
        var input: Data
        /// False for options that nsca-ng's client does not know.
        var isForBoth = true

        var description: String {
            let shown = input.prefix(300).map { byte in
                (0x20..<0x7F).contains(byte)
                    ? String(UnicodeScalar(byte)) : "\\x\(String(byte, radix: 16))"
            }
            return "\(arguments) < \(shown.joined())"
        }
    }

    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func next(_ number: Int) -> Call {
        switch number % 10 {
        case 0: commands()
        case 1: odd()
        default: results(isLarge: number % 40 == 2)
        }
    }

    // MARK: Check results

    private static let delimiters: [([String], UInt8)] = [
        ([], 9), (["-d", ";"], 0x3B), (["-d,"], 0x2C), (["-d", "|"], 0x7C), (["-d", "\\t"], 9),
        (["-d", "0x2c"], 0x2C), (["-d", ":"], 0x3A), (["-d", " "], 0x20), (["-d", "\\v"], 11),
        (["-d", "\\x1f"], 0x1F), (["-d", "n"], 0x6E), (["-d", "044"], 0x24), (["-d", "0"], 0x30),
    ]
    private static let separators: [([String], UInt8)] = [
        ([], 0x17), ([], 0x17), ([], 0x17), (["-e", "\\n"], 10), (["-e", "\\n"], 10),
        (["-e", "0x1e"], 0x1E), (["-e", "\\0"], 0), (["-e", "@"], 0x40), (["-e", "027"], 0x17),
    ]
    private static let others: [[String]] = [
        [], [], [], ["-S"], ["-v"], ["-vvv"], ["-t"], ["-to", "100"], ["-o300"],
        ["-H", "127.0.0.1"], ["-Sv"], ["-D", "0"], ["-D", "x"], ["-s"],
    ]

    private mutating func results(isLarge: Bool) -> Call {
        let (delimiterWords, delimiter) = random.pick(Self.delimiters)
        let (separatorWords, separator) = random.pick(Self.separators)
        var bytes: [UInt8] = []
        let count = isLarge ? 1 : Int.random(in: 0...4, using: &random)
        for number in 0..<count {
            bytes += record(delimiter, isLarge: isLarge)
            if number < count - 1 || random.once(in: 3) {
                if random.once(in: 3) { bytes.append(10) }
                bytes.append(separator)
            }
        }
        let words = random.pick(Self.others) + delimiterWords + separatorWords
        return Call(arguments: words, input: Data(bytes))
    }

    private static let names = [
        "web1", "web1", "web1", "a", "h.example.org", "host with blanks", "hôte", "x;y",
        "back\\slash", "", "h!s", "tab\there", "line\nbreak",
    ]
    private static let statuses = [
        "0", "1", "2", "3", "0", "2", "4", "-1", " 2", "2 ", "+1", "007", "", "x", "1.5", "2x",
        "99",
    ]

    private mutating func record(_ delimiter: UInt8, isLarge: Bool) -> [UInt8] {
        let empty: [[UInt8]] = [[], [10], [13, 10], [10, 10, 13], [0], [32]]
        if random.once(in: 14) { return random.pick(empty) }
        if random.once(in: 14) { return Array(random.pick(["nonsense", "a b", "x"]).utf8) }
        var bytes = Array(name().utf8)
        if random.once(in: 40) { bytes.append(0xFF) }
        bytes.append(delimiter)
        if !random.once(in: 3) { bytes += Array(name().utf8) + [delimiter] }
        bytes += Array(random.pick(Self.statuses).utf8)
        bytes.append(delimiter)
        if random.once(in: 8) { bytes = random.pick(empty) + bytes }
        return bytes + output(delimiter, isLarge: isLarge)
    }

    private mutating func name() -> String {
        random.once(in: 3) ? random.pick(Self.names) : random.pick(["web1", "load", "disk /"])
    }

    private static let pieces: [[UInt8]] = [
        Array("OK - all is well".utf8), Array("|load=0.1;5;10;0".utf8), [10], [10], [13, 10], [13],
        Array("C:\\new\\table".utf8), Array("\\n".utf8), [0x5C], Array("é€𐍈".utf8), [0xFF],
        [0xC3], [0x80, 0xFE], Array("a;b;c".utf8), Array("[1700000000]".utf8), [9], [11], [7],
        [0x1B], Array("100%s%n".utf8), [32],
    ]

    private mutating func output(_ delimiter: UInt8, isLarge: Bool) -> [UInt8] {
        if isLarge {
            let line = Array("line \\ of a long output\n".utf8)
            return Array(repeatElement(line, count: 100_000 / line.count).joined())
        }
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            bytes += random.once(in: 12) ? [delimiter] : random.pick(Self.pieces)
        }
        if random.once(in: 20) { bytes += [0] + Array("behind".utf8) }
        return bytes
    }

    // MARK: External commands

    private static let lines = [
        "PROCESS_HOST_CHECK_RESULT;web1;0;up", "PROCESS_HOST_CHECK_RESULT;web1;1;down\\nagain",
        "PROCESS_SERVICE_CHECK_RESULT;web1;load;2;a;b\\\\c",
        "[1700000000] PROCESS_SERVICE_CHECK_RESULT;web1;load;3;",
        "  PROCESS_HOST_CHECK_RESULT;a;2;x",
        "PROCESS_HOST_CHECK_RESULT;web1;9;x", "PROCESS_SERVICE_CHECK_RESULT;web1;load",
        "SHUTDOWN_PROGRAM", "ACKNOWLEDGE_HOST_PROBLEM;web1;1;1;1;me;known",
        "[now] SHUTDOWN_PROGRAM",
        "[now] PROCESS_HOST_CHECK_RESULT;web1;0;up", "nonsense", "", "\r", "\t ",
    ]

    private mutating func commands() -> Call {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            bytes += Array(random.pick(Self.lines).utf8)
            bytes += random.pick([[10], [10], [13, 10], [10, 10]])
        }
        if random.once(in: 3) { _ = bytes.popLast() }
        return Call(arguments: random.pick(Self.others) + ["-C"], input: Data(bytes))
    }

    // MARK: Odd command lines

    private static let oddWords: [[String]] = [
        ["-d", "::"], ["-q"], ["-e"], ["-d", "\\n"], ["-d", "\\"], ["-d", "0x17"],
        ["-d", "x", "-ex"],
        ["-v", "host"], ["-D", "-1"], ["-o-2"], ["-d", "\\q"], ["-e", "\\x80"], ["-e", "09"],
        ["-d", "é"], ["--verbose"], ["-v", "--", "x"], ["-x", "-h"], ["-d", "|;"], ["-e", "256"],
        ["-e", ""], ["-d", "\\x"],
    ]
    private static let nscaWords: [[String]] = [
        ["-ds", "0x1e"], ["-d", "44"], ["-e", "0x80"], ["-e", "10"], ["-d", "0xa7"], ["--quiet"],
        ["--legacy-2-7-mode"],
        ["--quiet", "-to", "5"],
    ]

    private mutating func odd() -> Call {
        let input = Data("web1\tload\t1\tsome load\n".utf8)
        guard random.once(in: 3) else {
            return Call(arguments: random.pick(Self.oddWords), input: input)
        }
        return Call(arguments: random.pick(Self.nscaWords), input: input, isForBoth: false)
    }
}
