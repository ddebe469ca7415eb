import Monitoring

/// send_nsca.cfg, and what of it counts here: nothing becomes a definition.
struct SendNSCAImport: Sendable {
    private let lines: [(place: ImportPlace, key: String)]
    private(set) var notes: [ImportNote] = []
    private let origin: String

    /// What each setting is here; a password's value is never looked at.
    private static let meanings: [String: String] = [
        "delay": "counts: so many seconds at most are waited before results are handed over.",
        "timeout": "counts: so many seconds at most the daemon's answer is waited for.",
        "identity": """
        means nothing: the kernel says which user hands a result over, and forwarder.conf \
        which users and groups may, for which objects. No name has to be kept in step any more.
        """,
        "password": """
        means nothing: nobody has one here. Take it out, and out of nsca-ng.cfg, once nobody \
        sends by nsca-ng any more.
        """,
        "server": """
        means nothing: results go to this host's own daemon, and from there to the masters of \
        forwarder.conf.
        """,
        "port": "means nothing: there is no connection to a server.",
        "tls_ciphers": "means nothing: to the masters it is TLS 1.2 or later, with certificates.",
        "encryption_method": "means nothing, as with nsca-ng.",
    ]

    /// Reads a file's bytes: `key = value` lines.
    init(_ content: [UInt8], path: String) {
        origin = path
        var lines: [(place: ImportPlace, key: String)] = []
        var goesOn = false
        let rows = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, row) in rows.enumerated() {
            defer { goesOn = row.last == UInt8(ascii: "\\") }
            guard !goesOn else { continue }
            let text = row.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            guard let first = text.first, first != UInt8(ascii: "#") else { continue }
            let place = ImportPlace(path: path, line: index + 1)
            let word = text.prefix { $0 > 0x20 && $0 != UInt8(ascii: "=") }
            let key = String(decoding: word, as: UTF8.self)
            if Self.meanings[key] == nil {
                notes.append(
                    ImportNote(place: place, text: "send_nsca does not know '\(key.printable)'."))
            } else {
                lines.append((place, key))
            }
        }
        self.lines = lines
    }

    /// What is to be known, as comments.
    var outcome: ImportOutcome {
        let heading = [
            "What \(origin) means where results are handed to the forwarder:",
            """
            Scripts go on calling send_nsca, with the same file and options. Nothing of it \
            becomes a definition; which objects take results say the definitions \
            (enable_active_checks = false).
            """,
        ]
        let said = lines.map { line in
            "\(line.place): \(line.key) \(Self.meanings[line.key] ?? "")"
        }
        let text = (heading + said + notes.map { "\($0)" }).map(IcingaText.comment).joined()
        return ImportOutcome(text: text, notes: notes)
    }
}
