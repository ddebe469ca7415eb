import Monitoring

/// send_nsca.cfg, and what of it counts here: nothing becomes a definition.
struct SendNSCAImport: Sendable {
    private let configuration: NSCAConfiguration
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
        "legacy_2_7_mode": "means nothing: no packet has to be as short as NSCA 2.7 wants it.",
    ]

    /// Reads a file's bytes.
    init(_ content: [UInt8], path: String) {
        configuration = NSCAConfiguration(content)
        origin = path
    }

    /// Lines that nobody understands.
    var notes: [ImportNote] {
        configuration.faults.map { fault in
            ImportNote(place: place(fault.line), text: "\(fault.reason) It is left out.")
        }
    }

    private func place(_ line: Int) -> ImportPlace { ImportPlace(path: origin, line: line) }

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
        let said = configuration.settings.map { setting in
            "\(place(setting.line)): \(setting.key) \(Self.meanings[setting.key] ?? "")"
        }
        let text = (heading + said + notes.map { "\($0)" }).map(IcingaText.comment).joined()
        return ImportOutcome(text: text, notes: notes)
    }
}
