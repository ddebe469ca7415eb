import Foundation

/// One monitored host of a test's own: a folder with configuration, definitions, plugins, keys and
/// spool, for the built `forwarder` to run on.
///
/// Everything that a test starts here is killed when the last reference goes, and by a guard when
/// the test process dies.
package final class ForwarderSite: Sendable {
    /// Everything that the forwarder reads and writes.
    package let folder: TemporaryDirectory
    /// The host's name.
    package let node: String
    /// Other hosts that it monitors.
    package let otherHosts: [String]
    /// Its certificate for the master.
    package let identity: CertificateAuthority.Identity

    /// Prepares a site that submits to `master`.
    ///
    /// - Parameters:
    ///   - definitions: the text of its conf.d; see ``definitions(_:)``.
    ///   - masterAttributes: lines that go into the Master object besides address and keys.
    ///   - configuration: text that goes into forwarder.conf besides the objects that this writes
    ///     (NodeName, Master, Spool, Uplink, Control).
    package convenience init(
        master: PrivateMaster,
        node: String = "web1",
        otherHosts: [String] = [],
        definitions: String,
        masterAttributes: String = "grace = 1s",
        configuration: String = ""
    ) throws {
        try self.init(
            masters: [Target(master)],
            node: node,
            otherHosts: otherHosts,
            definitions: definitions,
            masterAttributes: masterAttributes,
            configuration: configuration
        )
    }

    /// A master as a site reaches it.
    package struct Target: Sendable {
        /// The master.
        package var master: PrivateMaster
        /// Where it is dialled.
        package var host: String
        /// Its port there: its own, or that of something in between.
        package var port: Int

        /// A master at 127.0.0.1.
        package init(_ master: PrivateMaster, host: String = "127.0.0.1", port: Int? = nil) {
            self.master = master
            self.host = host
            self.port = port ?? master.port
        }

        fileprivate var place: Place {
            Place(name: master.nodeName, zone: master.zoneName, host: host, port: port)
        }
    }

    /// What a Master object says of where a master is, real or not.
    package struct Place: Sendable {
        /// What its certificate carries.
        package var name: String
        /// The destination that it belongs to.
        package var zone: String
        /// Where it is dialled.
        package var host = "127.0.0.1"
        /// Its port there.
        package var port: Int

        /// A place at 127.0.0.1, a destination by itself unless told.
        package init(name: String, zone: String? = nil, host: String = "127.0.0.1", port: Int) {
            self.name = name
            self.zone = zone ?? name
            self.host = host
            self.port = port
        }

        fileprivate func configuration(_ attributes: String) -> String {
            """
            object Master "\(name)" {
                host = "\(host)"
                port = \(port)
                zone = "\(zone)"
                certificate = "pki/client.crt"
                private_key = "pki/client.key"
                ca = "pki/ca.crt"
                \(attributes)
            }
            """
        }
    }

    /// Prepares a site that submits to several masters of one authority, in this order.
    package convenience init(
        masters: [Target],
        node: String = "web1",
        otherHosts: [String] = [],
        definitions: String,
        masterAttributes: String = "grace = 1s",
        configuration: String = ""
    ) throws {
        guard let master = masters.first?.master else { throw SupportFault("no master") }
        try self.init(
            places: masters.map(\.place),
            authority: master.authority,
            identity: try master.client(node),
            otherHosts: otherHosts,
            definitions: definitions,
            masterAttributes: masterAttributes,
            configuration: configuration
        )
    }

    /// Prepares a site that submits to what is at these places, which need not be masters.
    ///
    /// - Parameter identity: the site's certificate; its name is the host's.
    package init(
        places: [Place],
        authority: CertificateAuthority,
        identity: CertificateAuthority.Identity,
        otherHosts: [String] = [],
        definitions: String,
        masterAttributes: String = "grace = 1s",
        configuration: String = ""
    ) throws {
        folder = try TemporaryDirectory("site")
        node = identity.name
        self.otherHosts = otherHosts
        self.identity = identity
        for name in ["conf.d", "plugins", "pki"] { try folder.makeFolder(name) }
        for (source, target) in [
            (identity.certificate, "client.crt"), (identity.key, "client.key"),
            (authority.certificate, "ca.crt"),
        ] {
            try folder.write(String(contentsOfFile: source, encoding: .utf8), to: "pki/\(target)")
        }
        try folder.write(Self.uplinkScript(try BuiltProducts.uplink), to: "uplink", mode: 0o700)
        try folder.write("", to: "clock")
        try folder.write(
            """
            const NodeName = "\(node)"
            \(places.map { $0.configuration(masterAttributes) }.joined(separator: "\n"))
            object Spool "spool" { path = "spool.db" }
            object Uplink "uplink" { program = "uplink" }
            object Control "control" { path = "control.sock", drop_directory = "drop" }
            \(configuration)
            """,
            to: "forwarder.conf"
        )
        try letOut(to: Set(places.map(\.zone)).sorted())
        try self.definitions(definitions)
    }

    /// Path of forwarder.conf.
    package var configurationPath: String { folder.path("forwarder.conf") }

    /// Replaces the definitions; they count from the next start or reload on.
    ///
    /// `PLUGINS` in the text stands for the folder of ``plugin(_:_:)``.
    package func definitions(_ text: String) throws {
        let place = folder.path("plugins")
        try folder.write(text.replacing("PLUGINS", with: place), to: "conf.d/test.conf")
    }

    /// Has all results submitted to these zones.
    package func letOut(to zones: [String]) throws {
        try policy(
            """
            [all]
            masters = \(zones.joined(separator: ", "))
            permissions = icingadb/command/process-check-result
            """)
    }

    /// Replaces policy.ini, by which all results are submitted; it counts from the next start or
    /// reload on.
    package func policy(_ text: String) throws { try folder.write(text + "\n", to: "policy.ini") }

    /// Writes a plugin as a shell script and returns its path; `HERE` in it stands for its folder.
    @discardableResult
    package func plugin(_ name: String, _ script: String) throws -> String {
        let place = folder.path("plugins")
        let text = "#!/bin/sh\n" + script.replacing("HERE", with: place) + "\n"
        return try folder.write(text, to: "plugins/\(name)", mode: 0o700)
    }

    /// What is in a file beside the plugins; empty while there is none.
    package func pluginFile(_ name: String) -> String {
        // lost on purpose: no file yet reads as empty
        (try? String(contentsOfFile: folder.path("plugins/\(name)"), encoding: .utf8)) ?? ""
    }

    /// The uplink with the host's clock: the daemon starts it with an empty environment.
    private static func uplinkScript(_ program: String) -> String {
        """
        #!/bin/sh
        clock="${0%/*}/clock"
        . "$clock"
        exec '\(program)' "$@"
        """
    }
}

// MARK: - The daemon

extension ForwarderSite {
    /// Starts `forwarder daemon`.
    ///
    /// - Parameters:
    ///   - clock: this host's clock, for daemon and uplink; the true time if nil. Plugins see the
    ///     true time always: their environment is clean.
    ///   - more: what else is in its environment.
    ///   - uplink: what is in the uplink's environment, which the daemon itself leaves empty.
    package func startDaemon(
        clock: ShiftedClock? = nil,
        environment more: [String: String] = [:],
        uplink: [String: String] = [:]
    ) throws -> RunningForwarder {
        let shift = clock?.environment ?? [:]
        let lines = shift.merging(uplink) { $1 }.sorted { $0.key < $1.key }
            .map { "export \($0.key)='\($0.value)'\n" }
        try folder.write(lines.joined(), to: "clock")
        var environment = ProcessInfo.processInfo.environment
        environment.merge(shift.merging(more) { _, new in new }) { _, new in new }
        return try RunningForwarder(site: self, environment: environment)
    }

    /// Starts `forwarder daemon`, which may have so many descriptors.
    package func startDaemon(openFileLimit: Int) throws -> RunningForwarder {
        try folder.write("", to: "clock")
        return try RunningForwarder(
            site: self, environment: ProcessInfo.processInfo.environment,
            openFileLimit: openFileLimit)
    }

    /// Starts the daemon, hands it to `body` once it answers, and kills it whatever happens there.
    package func withDaemon<Result>(
        clock: ShiftedClock? = nil,
        environment more: [String: String] = [:],
        _ body: (RunningForwarder) throws -> Result
    ) throws -> Result {
        let daemon = try startDaemon(clock: clock, environment: more)
        defer { daemon.end() }
        try daemon.waitUntilReady()
        return try body(daemon)
    }
}

// MARK: - Subcommands

extension ForwarderSite {
    /// Runs a subcommand with this site's configuration to its end.
    package func run(
        _ subcommand: String,
        _ arguments: [String] = [],
        environment more: [String: String] = [:],
        patience: Duration = .seconds(180)
    ) throws -> Command.Outcome {
        try Command.run(
            BuiltProducts.forwarder,
            [subcommand, "--config", configurationPath] + arguments,
            environment: ProcessInfo.processInfo.environment.merging(more) { _, new in new },
            patience: patience
        )
    }

    /// `forwarder flush`; true when nothing is left.
    @discardableResult
    package func flush(patience: Duration = .seconds(180)) throws -> Bool {
        try run("flush", patience: patience).isSuccess
    }

    /// `forwarder flush`, with what it said thrown when it leaves something.
    ///
    /// - Parameter clock: this host's clock, which must be that of the daemon before; the true time
    ///   if nil.
    package func flushAll(clock: ShiftedClock? = nil) throws {
        let outcome = try run("flush", environment: clock?.environment ?? [:])
        guard outcome.isSuccess else {
            throw SupportFault("flush: \(outcome.outputText)\(outcome.errorText.suffix(2000))")
        }
    }

    /// `forwarder status --json`; null when it says nothing.
    package func status() throws -> JSON {
        let outcome = try run("status", ["--json"])
        guard !outcome.output.isEmpty else {
            throw SupportFault("forwarder status says nothing: \(outcome.errorText)")
        }
        return try JSON(parsing: outcome.output)
    }

    /// What `status` says of the one destination.
    package func destination() throws -> JSON { try status()["destinations"][0] }

    /// What `status` says of the destination of this name.
    package func destination(_ name: String) throws -> JSON {
        let all = try status()["destinations"].elements
        guard let one = all.first(where: { $0["name"].string == name }) else {
            throw SupportFault("no destination \(name) in \(all)")
        }
        return one
    }

    /// `forwarder list --json`: the rows by object name.
    package func list() throws -> [String: JSON] {
        let outcome = try Command.require(
            BuiltProducts.forwarder,
            ["list", "--config", configurationPath, "--json"]
        )
        let rows = try JSON(parsing: outcome.output).elements
        return Dictionary(rows.map { ($0["name"].string ?? "", $0) }) { first, _ in first }
    }

    /// The master's configuration for this site, by `forwarder inventory | forwarder render`.
    package func rendered() throws -> String {
        let inventory = try Command.require(
            BuiltProducts.forwarder,
            ["inventory", "--config", configurationPath]
        )
        let others = otherHosts.flatMap { ["--other-host", $0] }
        return try Command.require(
            BuiltProducts.forwarder,
            ["render", "--host", node] + others,
            input: inventory.output
        ).outputText
    }

    /// Loads ``rendered()`` into a master; it counts from the master's next start or reload on.
    package func renderInto(_ master: PrivateMaster) throws {
        try master.write(configuration: rendered(), to: "site-\(node)")
        try master.write(configuration: ProcessedResults.markerDefinition, to: "marker")
    }
}
