/// What the command line of `send_nsca` asks for: options of nsca-ng 1.6, and those of NSCA 2.10
/// that callers use.
///
/// Words are bytes: a delimiter need not be a character of any encoding.
///
/// - Source: nsca-ng 1.6, send_nsca(8); NSCA 2.10.3, `send_nsca --help`.
struct NSCAArguments: Sendable, Hashable {
    /// What is to be done.
    enum Wish: Sendable, Hashable {
        case send, help, version
    }

    var wish = Wish.send
    /// True for external commands on standard input instead of check results.
    var takesCommands = false
    /// The file of `-c`; nil for the usual one, which need not be there.
    var configurationPath: String?
    /// Most seconds of `-D`; nil where only the file speaks.
    var delay: Int?
    var delimiter = UInt8(ascii: "\t")
    var separator = Self.endOfBlock
    /// Seconds of `-o`; nil where only the file speaks.
    var timeout: Int?
    /// How often `-v` was given.
    var verbosity = 0
    var logsToStandardError = false
    var logsToSyslog = false
    /// What was given and means nothing here, in order.
    var unused: [String] = []

    /// ETB, Ctrl-W: what stands between records by default.
    static let endOfBlock: UInt8 = 0x17

    /// Reads the words behind the program's name.
    ///
    /// Options may stand together (`-to 10` is `-t` and `-o 10`) and behind operands, as getopt has
    /// it. The first word may be a host, as NSCA had it.
    init(_ words: [[UInt8]]) throws(NSCAUsageFault) {
        if let only = words.first, words.count == 1 {
            if only.elementsEqual("--help".utf8) { wish = .help }
            if only.elementsEqual("--version".utf8) { wish = .version }
            guard wish == .send else { return }
        }
        var rest = words[...]
        var isOperand = false
        var unexpected: String?
        while let word = rest.popFirst() {
            if isOperand || word.first != UInt8(ascii: "-") || word.count == 1 {
                if rest.count == words.count - 1 {
                    unused.append("the host '\(Self.text(word))'")
                } else {
                    // an option behind it may still ask for help
                    unexpected = unexpected ?? Self.text(word)
                }
            } else if word.elementsEqual("--".utf8) {
                isOperand = true
            } else if let name = Self.nscaOptions.first(where: { word.elementsEqual($0.utf8) }) {
                try take(name, &rest)
            } else {
                try take(cluster: word.dropFirst(), &rest)
                guard wish == .send else { return }
            }
        }
        if delimiter == separator { throw .sameCharacters }
        if let unexpected { throw .unexpected(unexpected) }
    }

    /// Options of NSCA 2.10 that are whole words, and that getopt would read as something else.
    private static let nscaOptions = ["-ds", "--quiet", "--legacy-2-7-mode"]

    private mutating func take(
        _ name: String, _ rest: inout ArraySlice<[UInt8]>
    ) throws(NSCAUsageFault) {
        guard name == "-ds" else {
            unused.append(name)
            return
        }
        guard let value = rest.popFirst() else { throw .missingValue("-ds") }
        guard let byte = CharacterWord.byte(value) else { throw .noCharacter("-ds") }
        separator = byte
    }

    private mutating func take(
        cluster: ArraySlice<UInt8>, _ rest: inout ArraySlice<[UInt8]>
    ) throws(NSCAUsageFault) {
        var letters = cluster
        while let letter = letters.popFirst() {
            switch letter {
            case UInt8(ascii: "C"): takesCommands = true
            case UInt8(ascii: "h"):
                wish = .help
                return
            case UInt8(ascii: "V"):
                wish = .version
                return
            case UInt8(ascii: "S"): logsToStandardError = true
            case UInt8(ascii: "s"): logsToSyslog = true
            case UInt8(ascii: "t"): unused.append("-t")
            case UInt8(ascii: "v"): verbosity += 1
            case let letter where "cDdeHop".utf8.contains(letter):
                let option = "-" + Self.text([letter])
                guard let value = letters.isEmpty ? rest.popFirst() : Array(letters) else {
                    throw .missingValue(option)
                }
                return try take(option, value)
            default: throw .unknown("-" + Self.text([letter]))
            }
        }
    }

    private mutating func take(_ option: String, _ value: [UInt8]) throws(NSCAUsageFault) {
        switch option {
        case "-c": configurationPath = Self.text(value)
        case "-D": delay = try Self.seconds(option, value)
        case "-o": timeout = try Self.seconds(option, value)
        case "-d":
            guard let byte = CharacterWord.byte(value) else { throw .noCharacter(option) }
            guard !Self.forbiddenDelimiters.contains(byte) else { throw .forbiddenDelimiter }
            delimiter = byte
        case "-e":
            guard let byte = CharacterWord.byte(value) else { throw .noCharacter(option) }
            separator = byte
        default: unused.append(option)
        }
    }

    private static let forbiddenDelimiters: Set<UInt8> = [
        endOfBlock, UInt8(ascii: "\n"), 0, UInt8(ascii: "\\"),
    ]

    /// As `atoi` reads it: what is no number is 0.
    private static func seconds(
        _ option: String, _ value: [UInt8]
    ) throws(NSCAUsageFault) -> Int {
        let number = CInteger.leading(value)
        guard number >= 0 else { throw .negative(option) }
        return number
    }

    private static func text(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}

/// Why a command line cannot be understood; nothing was read then.
enum NSCAUsageFault: Error, Hashable, CustomStringConvertible {
    case unknown(String)
    case missingValue(String)
    case noCharacter(String)
    case forbiddenDelimiter
    case sameCharacters
    case negative(String)
    case unexpected(String)

    var description: String {
        switch self {
        case .unknown(let option): "There is no option \(option). \(Self.remedy)"
        case .missingValue(let option): "The option \(option) needs a value. \(Self.remedy)"
        case .noCharacter(let option):
            """
            The option \(option) needs one character, or its code as in '\\t', '0x17', '\\027'. \
            \(Self.remedy)
            """
        case .forbiddenDelimiter:
            """
            Fields cannot be separated by a backslash, a newline, NUL or ETB. Nothing was read. \
            Choose another character for -d.
            """
        case .sameCharacters:
            """
            Fields and records have the same separator, so neither could be told. Nothing was \
            read. Choose another character for -d or -e.
            """
        case .negative(let option): "The option \(option) takes no negative number. \(Self.remedy)"
        case .unexpected(let word):
            "'\(word)' is no option, and only the first word can be a host. \(Self.remedy)"
        }
    }

    private static let remedy = "Nothing was read. `send_nsca -h` shows all options."
}
