import Monitoring

/// nsca-ng.cfg as passive objects of this host, with who could submit for them.
struct NSCAServerImport: Sendable {
    let configuration: NSCAServerConfiguration
    /// What was read, for the first line.
    let origin: String

    private static let template = "nsca-passive"

    /// Takes one identity's authorisations only, as nsca-ng finds them: its own block, or else `*`.
    static func select(
        _ identity: String, from configuration: NSCAServerConfiguration
    ) -> NSCAServerConfiguration? {
        let known = configuration.authorizations
        guard
            let block = known.last(where: { $0.identity == identity })
                ?? known.last(where: { $0.identity == "*" })
        else { return nil }
        var selected = configuration
        selected.authorizations = [block]
        return selected
    }

    /// The definitions, and what is to be known of them.
    var outcome: ImportOutcome {
        var notes = configuration.notes
        var blocks = ""
        var objects = PassiveObjects(template: Self.template)
        for authorization in configuration.authorizations {
            let reaches = authorization.patterns.map(NSCAReach.init)
            blocks += Self.rights(authorization, reaches)
            for reach in reaches {
                notes += reach.remarks.map { ImportNote(place: reach.pattern.place, text: $0) }
                for target in reach.targets {
                    objects.add(target, from: reach.pattern)
                }
            }
        }
        let text =
            heading + configuration.notes.map { IcingaText.comment("\($0)") }.joined() + blocks
            + Self.templateText + objects.text
        return ImportOutcome(text: text, notes: notes)
    }

    /// Who could submit what, in comments.
    private static func rights(
        _ authorization: NSCAServerConfiguration.Authorization, _ reaches: [NSCAReach]
    ) -> String {
        let who =
            authorization.identity == "*"
            ? "Whoever had the password of \"*\", and no block of their own,"
            : "Whoever had the password of \"\(authorization.identity)\""
        var lines = ["\(authorization.place): authorize \"\(authorization.identity)\""]
        if reaches.isEmpty {
            lines.append("\(who) could submit nothing.")
        } else {
            lines.append("\(who) could submit:")
            for reach in reaches {
                lines.append("  \(reach.words)")
                lines += reach.remarks.map { "    \($0)" }
            }
            lines.append(
                """
                Here there are no identities and passwords: the kernel says which user asks. Give \
                the users or groups of this host that did so the right to submit these, in \
                forwarder.conf; results of objects that are checked here are never taken.
                """)
            lines += submitters(authorization.identity, reaches.flatMap(\.targets))
        }
        return lines.map(IcingaText.comment).joined() + "\n"
    }

    /// What forwarder.conf could say of what is named in full, the users left to the reader.
    private static func submitters(
        _ identity: String, _ targets: [NSCAReach.Target]
    ) -> [String] {
        let exact = targets.filter(\.isExactInSubmitter)
        let hosts = Dictionary(grouping: exact) { $0.host }
        return hosts.sorted { ($0.key ?? "") < ($1.key ?? "") }.flatMap { host, targets in
            var known: Set<String> = []
            let services = targets.compactMap(\.service).filter { known.insert($0).inserted }
                .map(IcingaText.string)
            let place = host.map(IcingaText.string) ?? "NodeName"
            let whose = "\(identity), \(host ?? "this host")"
            var lines: [String] = []
            // a list without names gives the host itself and nothing else
            if targets.contains(where: { $0.service == nil }) {
                lines += submitter("\(whose) itself", place, [])
            }
            if !services.isEmpty { lines += submitter(whose, place, services) }
            return lines
        }
    }

    private static func submitter(
        _ name: String, _ host: String, _ services: [String]
    ) -> [String] {
        let list = services.isEmpty ? "[ ]" : "[ \(services.joined(separator: ", ")) ]"
        return [
            "  object Submitter \(IcingaText.string(name)) {", "    users = [ ]",
            "    hosts = [ \(host) ]", "    services = \(list)", "  }",
        ]
    }

    private var heading: String {
        var lines = [
            "Imported from \(origin) by `forwarder import nsca-ng`, to be read before it is used.",
            """
            Names in nsca-ng.cfg, and patterns that match a few names only, have become passive \
            objects. Any other pattern names no object: define each one that results come for.
            """,
        ]
        if !configuration.unneeded.isEmpty {
            lines.append(
                """
                Nothing listens here, so these mean nothing: \
                \(configuration.unneeded.joined(separator: ", ")).
                """)
        }
        return lines.map(IcingaText.comment).joined() + "\n"
    }

    private static let templateText = """
        template Host \(IcingaText.string(template)) {
            check_command = "passive"
            enable_active_checks = false
            max_check_attempts = 1
        }
        template Service \(IcingaText.string(template)) {
            check_command = "passive"
            enable_active_checks = false
            max_check_attempts = 1
            // check_interval = 1h    // written, it says how often results come: without one in
            //                        // that time, and a tenth more, the object is UNKNOWN
        }


        """
}

/// Passive objects, each once, with the hosts that their services need.
private struct PassiveObjects {
    private let template: String
    private var known: Set<ObjectName> = []
    private(set) var text = ""

    init(template: String) { self.template = template }

    mutating func add(
        _ target: NSCAReach.Target, from pattern: NSCAServerConfiguration.Pattern
    ) {
        if let host = target.host { addHost(host, from: pattern) }
        guard let service = target.service else { return }
        // "NodeName" in quotes is another host than the constant
        let host = target.host.map(IcingaText.string) ?? "NodeName"
        guard known.insert(ObjectName(host: host, service: service)).inserted else { return }
        text += IcingaText.comment("\(pattern.place): services '\(pattern.text)'")
        let object = """
            object Service \(IcingaText.string(service)) {
                \(ImportTemplate.line(template))
                host_name = \(host)
            }

            """
        guard target.mayBeHealth else {
            if target.host == nil { text += IcingaText.comment("for any host; here: of this one") }
            text += object
            return
        }
        text +=
            target.host == nil
            ? IcingaText.comment("for any host; this one has its own '\(service)'")
            : "if (NodeName != \(host)) {\n\(object)}\n"
    }

    /// This node's own host is there already.
    private mutating func addHost(
        _ host: String, from pattern: NSCAServerConfiguration.Pattern
    ) {
        guard known.insert(ObjectName(host: host)).inserted else { return }
        let origin = "\(pattern.place): \(pattern.subject.rawValue) '\(pattern.text)'"
        text += """
            \(IcingaText.comment(origin))\
            if (NodeName != \(IcingaText.string(host))) {
                object Host \(IcingaText.string(host)) { \(ImportTemplate.line(template)) }
            }

            """
    }
}
