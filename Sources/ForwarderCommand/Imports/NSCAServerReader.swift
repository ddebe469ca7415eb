import Monitoring

/// Reads nsca-ng.cfg and what it includes.
///
/// - Source: nsca-ng 1.6, nsca-ng.cfg(5).
struct NSCAServerReader {
    /// Most patterns of all authorisations.
    ///
    /// 10,000: each becomes lines that somebody is to read.
    static let patternLimit = 10_000

    private typealias Patterns =
        [NSCAServerConfiguration.Subject: [NSCAServerConfiguration.Pattern]]

    private let source: ImportSource
    private let environment: [String: String]
    private var configuration = NSCAServerConfiguration()
    /// What stands outside of authorisations, for those that do not say.
    private var common: Patterns = [:]
    /// Where the block of each identity is.
    private var blocks: [String: ImportPlace] = [:]
    private var open: [String] = []
    private var fileCount = 0
    private var namesLeft = FolderWalk.nameLimit
    private var patternCount = 0

    init(_ source: ImportSource, environment: [String: String]) {
        self.source = source
        self.environment = environment
    }

    /// Reads a file, or all of a folder, and returns what it comes to.
    mutating func read(_ path: String) throws(ImportFault) -> NSCAServerConfiguration {
        if source.isFolder(path) {
            try readFolder(path, from: ImportPlace(path: path, line: 1))
        } else {
            try readFile(path)
        }
        fallBack()
        return configuration
    }

    private mutating func readFile(_ path: String) throws(ImportFault) {
        let content = try source.read(path)
        fileCount += 1
        open.append(path)
        defer { open.removeLast() }
        var tokens = TokenStream(
            try ConfuseLexer.tokens(of: content, path: path, environment: environment), path)
        while let token = tokens.take() {
            try statement(token, &tokens)
        }
    }

    private mutating func statement(
        _ token: ConfuseToken, _ tokens: inout TokenStream
    ) throws(ImportFault) {
        let name = try tokens.word(token)
        switch name {
        case "include":
            try tokens.expect("(")
            let path = try tokens.word()
            try tokens.expect(")")
            try include(path, from: token.place)
        case "authorize":
            let identity = try tokens.word()
            try authorization(identity, token.place, &tokens)
        default:
            let setting = try self.setting(&tokens)
            if let subject = NSCAServerConfiguration.Subject(rawValue: name) {
                if setting.isList {
                    note(
                        """
                        Outside of authorize nsca-ng takes one text for '\(name)', and does not \
                        start with this. All of it is read here.
                        """, at: token.place)
                }
                var patterns = common
                try take(setting, as: subject, into: &patterns)
                common = patterns
            } else if name != "password", !configuration.unneeded.contains(name) {
                configuration.unneeded.append(name)
            }
        }
    }

    private mutating func authorization(
        _ identity: String, _ place: ImportPlace, _ tokens: inout TokenStream
    ) throws(ImportFault) {
        try tokens.expect("{")
        var own: Patterns = [:]
        if let first = blocks.updateValue(place, forKey: identity) {
            note(
                """
                There is a block of '\(identity.printable)' at \(first) already. nsca-ng does not \
                start with two; make them one.
                """, at: place)
        }
        while let token = tokens.take() {
            if token.kind == .mark("}") {
                let patterns = Self.subjects.flatMap { own[$0] ?? [] }
                configuration.authorizations.append(
                    .init(identity: identity, patterns: patterns, place: place))
                return
            }
            let name = try tokens.word(token)
            let setting = try self.setting(&tokens)
            if let subject = NSCAServerConfiguration.Subject(rawValue: name) {
                try take(setting, as: subject, into: &own)
            } else if name != "password" {
                note(
                    "nsca-ng does not know '\(name.printable)' either. It is left out.",
                    at: token.place)
            }
        }
        throw .malformed(place, "This authorize block is never closed.")
    }

    private static let subjects: [NSCAServerConfiguration.Subject] = [.hosts, .services, .commands]

    /// Patterns as a file sets them.
    private struct Setting {
        var values: [(text: String, place: ImportPlace)]
        /// True for `+=`: what was set before stays.
        var isAppended = false
        /// True for `{ … }` and for `+=`.
        var isList = false
    }

    private mutating func take(
        _ setting: Setting, as subject: NSCAServerConfiguration.Subject,
        into patterns: inout Patterns
    ) throws(ImportFault) {
        patternCount += setting.values.count
        guard patternCount <= Self.patternLimit else {
            let place = setting.values.first?.place ?? ImportPlace(path: open.last ?? "", line: 1)
            throw .malformed(place, "There are more than \(Self.patternLimit) patterns.")
        }
        if !setting.isAppended { patterns[subject] = [] }
        patterns[subject, default: []] += setting.values.map {
            .init(subject: subject, text: $0.text, place: $0.place)
        }
    }

    /// `= value`, `= { value, … }`, or the same with `+=`.
    private mutating func setting(_ tokens: inout TokenStream) throws(ImportFault) -> Setting {
        var setting = Setting(values: [])
        setting.isAppended = tokens.next?.kind == .mark("+=")
        try tokens.expect("=", or: "+=")
        setting.isList = setting.isAppended || tokens.next?.kind == .mark("{")
        guard tokens.next?.kind == .mark("{") else {
            let place = tokens.place
            setting.values = [(try tokens.word(), place)]
            return setting
        }
        try tokens.expect("{")
        while tokens.next?.kind != .mark("}") {
            let place = tokens.place
            setting.values.append((try tokens.word(), place))
            guard tokens.next?.kind == .mark(",") else { break }
            try tokens.expect(",")
        }
        try tokens.expect("}")
        return setting
    }

    /// A block that says nothing of hosts, services or commands has what stands outside of blocks.
    private mutating func fallBack() {
        for index in configuration.authorizations.indices {
            let own = Set(configuration.authorizations[index].patterns.map(\.subject))
            for subject in Self.subjects where !own.contains(subject) {
                configuration.authorizations[index].patterns += common[subject] ?? []
            }
        }
    }
}

// MARK: - Files within files

extension NSCAServerReader {
    private mutating func include(
        _ path: String, from place: ImportPlace
    ) throws(ImportFault) {
        guard path.hasPrefix("/") else {
            return note("'\(path.printable)' is not an absolute path. It is not read.", at: place)
        }
        guard !open.contains(path), open.count < ImportSource.depthLimit,
            fileCount < ImportSource.fileLimit
        else {
            return note(
                "'\(path.printable)' includes itself, or there are too many. It is not read.",
                at: place)
        }
        if source.isFolder(path) { return try readFolder(path, from: place) }
        do throws(ImportFault) {
            try readFile(path)
        } catch {
            guard case .unreadable(let reason) = error else { throw error }
            note("\(reason) What it says is missing here.", at: place)
        }
    }

    /// Every `*.cfg` and `*.conf` in a folder and those below it.
    private mutating func readFolder(
        _ folder: String, from place: ImportPlace
    ) throws(ImportFault) {
        let walk = source.walk(
            folder,
            FolderWalk.Wish(
                isWanted: { $0.hasSuffix(".cfg") || $0.hasSuffix(".conf") },
                entersHiddenFolders: true),
            namesLeft: &namesLeft)
        for complaint in walk.complaints { note(complaint, at: place) }
        for path in walk.paths { try include(path, from: place) }
    }

    private mutating func note(_ text: String, at place: ImportPlace) {
        configuration.notes.append(ImportNote(place: place, text: text))
    }
}

/// The pieces that are not read yet.
private struct TokenStream {
    private var rest: ArraySlice<ConfuseToken>
    /// Where the file ends, or the last piece that was taken stands.
    private(set) var place: ImportPlace

    init(_ tokens: [ConfuseToken], _ path: String) {
        rest = tokens[...]
        place = tokens.first?.place ?? ImportPlace(path: path, line: 1)
    }

    var next: ConfuseToken? { rest.first }

    mutating func take() -> ConfuseToken? {
        let token = rest.popFirst()
        place = rest.first?.place ?? token?.place ?? place
        return token
    }

    mutating func word() throws(ImportFault) -> String {
        let here = place
        guard let token = take() else { throw .malformed(here, "The file ends too early.") }
        return try word(token)
    }

    func word(_ token: ConfuseToken) throws(ImportFault) -> String {
        guard case .word(let text) = token.kind else {
            throw .malformed(token.place, "A name or a text is missing here.")
        }
        return text
    }

    mutating func expect(_ mark: String, or other: String? = nil) throws(ImportFault) {
        let here = place
        let kind = take()?.kind
        guard kind == .mark(mark) || (other != nil && kind == other.map { .mark($0) }) else {
            throw .malformed(here, "A '\(mark)' is missing here.")
        }
    }
}
