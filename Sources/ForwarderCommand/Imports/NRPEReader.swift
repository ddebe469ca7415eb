import Monitoring

/// Reads nrpe.cfg.
///
/// - Source: NRPE 4.1, the documented sample nrpe.cfg; the corners by trying the program.
struct NRPEReader {
    /// Most bytes of a line that NRPE reads at once; what is longer it takes for the next line.
    static let lineLimit = 2046
    /// Most commands.
    ///
    /// 10,000: as many objects as a large host has.
    static let commandLimit = 10_000

    private(set) var configuration = NRPEConfiguration()
    private let source: ImportSource
    /// Files that are being read, the outermost first.
    private var open: [String] = []
    /// Where NRPE has stopped to read one of them; what stands behind is read here, and told.
    private var stop: ImportPlace?
    private var fileCount = 0
    private var namesLeft = FolderWalk.nameLimit

    init(_ source: ImportSource) { self.source = source }

    /// Reads a file, or a folder as `include_dir` does.
    ///
    /// - Throws: when it cannot be read; what it includes is only noted.
    mutating func read(_ path: String) throws(ImportFault) {
        if source.isFolder(path) {
            readFolder(path, from: ImportPlace(path: path, line: 1))
        } else {
            try readFile(path)
        }
    }

    private mutating func readFile(_ path: String) throws(ImportFault) {
        let content = try source.read(path)
        fileCount += 1
        open.append(path)
        let outerStop = stop
        defer {
            open.removeLast()
            stop = outerStop
        }
        for (number, line) in Self.lines(content) {
            take(line, at: ImportPlace(path: path, line: number))
        }
    }

    /// Lines as NRPE reads them: at most ``lineLimit`` bytes, without blanks around.
    private static func lines(_ content: [UInt8]) -> [(number: Int, line: [UInt8])] {
        let rows = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return rows.enumerated().flatMap { index, row in
            stride(from: row.startIndex, to: max(row.endIndex, row.startIndex + 1), by: lineLimit)
                .map { (index + 1, trimmed(row[$0..<min($0 + lineLimit, row.endIndex)])) }
        }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let end = bytes.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? bytes.startIndex
        return Array(bytes[..<end].drop(while: isBlank))
    }

    private mutating func take(_ line: [UInt8], at place: ImportPlace) {
        guard let first = line.first, first != UInt8(ascii: "#") else { return }
        guard !line.contains(0), let text = String(validating: line, as: UTF8.self) else {
            return note("This line has a NUL, or is not UTF-8. It is left out.", at: place)
        }
        if line.count == Self.lineLimit {
            note("NRPE cuts lines at \(Self.lineLimit) bytes, and so does this.", at: place)
        }
        let setting = text.drop { $0 == "=" }.split(separator: "=", maxSplits: 1)
        guard setting.count == 2 else {
            note("There is no value. NRPE reads this file no further.", at: place)
            stop = stop ?? place
            return
        }
        take(String(setting[0]), String(setting[1]), at: place)
    }

    private mutating func take(_ name: String, _ value: String, at place: ImportPlace) {
        switch name {
        case "include", "include_file": include(value, from: place)
        case "include_dir":
            readFolder(value.hasSuffix("/") ? String(value.dropLast()) : value, from: place)
        case "command_prefix": configuration.prefix = value
        case "dont_blame_nrpe": configuration.takesArguments = number(value) == 1
        case "command_timeout": configuration.timeout = max(1, number(value))
        case "nrpe_user": configuration.user = value
        case "keep_env_vars": configuration.keptVariables = value
        case _ where Self.unneeded.contains(name):
            if !configuration.unneeded.contains(name) { configuration.unneeded.append(name) }
        case _ where name.contains("command["): command(name, value, at: place)
        default:
            note("NRPE does not know '\(name.printable)' either. It is left out.", at: place)
        }
    }

    /// What is about listening, letting in, encrypting and logging.
    private static let unneeded: Set = [
        "address_family", "allow_bash_command_substitution", "allow_weak_random_seed",
        "allowed_hosts", "connection_timeout", "debug", "disable_syslog", "listen_queue_size",
        "log_facility", "log_file", "max_commands", "nasty_metachars", "nrpe_group", "pid_file",
        "server_address", "server_port", "ssl_cacert_file", "ssl_cert_file", "ssl_cipher_list",
        "ssl_client_certs", "ssl_enabled", "ssl_logging", "ssl_privatekey_file",
        "ssl_shutdown_timeout", "ssl_use_adh", "ssl_version",
    ]

    private func number(_ text: String) -> Int {
        Int(text.drop { $0 == " " }.prefix { ("0"..."9").contains($0) }.prefix(9)) ?? 0
    }

    private mutating func command(_ setting: String, _ line: String, at place: ImportPlace) {
        let inner: Substring = setting.drop { $0 != "[" }.drop { $0 == "[" }.drop { $0 == "]" }
        let name = String(inner.prefix { $0 != "]" })
        guard !name.isEmpty else {
            return note("This command has no name. It is left out.", at: place)
        }
        // NRPE knows bytes: two spellings of a letter are two names
        let isSame: (NRPEConfiguration.Command) -> Bool = { $0.name.utf8.elementsEqual(name.utf8) }
        if let old = configuration.commands.firstIndex(where: isSame) {
            let known = configuration.commands[old]
            guard stop == nil || known.unreadSince != nil else {
                return note(
                    "Defined before at \(known.place), and NRPE never came here. It is left out.",
                    at: place)
            }
            let before = configuration.commands.remove(at: old)
            note(
                "Defined before at \(before.place). NRPE runs this one, so that is left out.",
                at: place)
        }
        guard configuration.commands.count < Self.commandLimit else {
            return note("More than \(Self.commandLimit) commands: left out.", at: place)
        }
        configuration.commands.append(
            NRPEConfiguration.Command(
                name: name, line: line, place: place, unreadSince: stop))
    }

    private mutating func note(_ text: String, at place: ImportPlace) {
        configuration.notes.append(ImportNote(place: place, text: text))
    }
}

// MARK: - Files within files

extension NRPEReader {
    private mutating func include(_ path: String, from place: ImportPlace) {
        guard path.hasPrefix("/") else {
            return note(
                """
                '\(path.printable)' is taken from wherever NRPE is started. It is not read: give \
                it as an argument of its own.
                """, at: place)
        }
        guard !open.contains(path), open.count < ImportSource.depthLimit else {
            return note(
                "'\(path.printable)' includes itself, or lies too deep. It is not read again.",
                at: place)
        }
        guard fileCount < ImportSource.fileLimit else {
            return note("More than \(ImportSource.fileLimit) files: not read.", at: place)
        }
        do throws(ImportFault) {
            try readFile(path)
        } catch {
            guard case .unreadable(let reason) = error else { return }
            note("\(reason) NRPE goes on without it, and so does this.", at: place)
        }
    }

    /// Reads every `*.cfg` in a folder and those below it, hidden folders aside.
    private mutating func readFolder(_ folder: String, from place: ImportPlace) {
        guard folder.hasPrefix("/"), source.isFolder(folder) else {
            return note(
                "'\(folder.printable)' is no folder with an absolute path. It is not read.",
                at: place)
        }
        let walk = source.walk(
            folder,
            FolderWalk.Wish(
                isWanted: { $0.hasSuffix(".cfg") && $0 != ".cfg" }, entersHiddenFolders: false),
            namesLeft: &namesLeft)
        for complaint in walk.complaints { note(complaint, at: place) }
        for path in walk.paths { include(path, from: place) }
    }
}
