import Collector
import ConfigLanguage
import Delivery
import Foundation
import Logging
import Monitoring
import Spool
import UplinkMessages

/// Reads `forwarder.conf` into a ``ForwarderConfiguration``, or says everything that is wrong.
struct ConfigurationLoader {
    /// Where `forwarder.conf` is when nothing else is said.
    static let defaultPath = "/etc/forwarder/forwarder.conf"

    /// Most bytes of a host's name or address.
    ///
    /// 255: what DNS allows for a name.
    private static let hostByteLimit = 255

    let reader: any ConfigFileReader
    /// This host's name when the file sets no `NodeName`.
    let hostName: String
    /// The folder of this program.
    let programFolder: String

    /// Reads the file at `path`.
    ///
    /// - Throws: `.unreadable` when it cannot be read or trusted; `.invalid` with all that is wrong
    ///   in it.
    func load(path: String) throws(ConfigFault) -> ForwarderConfiguration {
        let session = try session(path)
        try session.commit()
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var errors: [Diagnostic] = []
        let readers = session.registry.objects(ofType: "Master").map {
            AttributeReader($0, folder: folder)
        }
        let store = only("Spool", of: session, folder, &errors)
        let replay = store?.replay(default: ReplaySettings(), &errors) ?? ReplaySettings()
        let control = only("Control", of: session, folder, &errors)
        let configuration = ForwarderConfiguration(
            nodeName: session.constant("NodeName")?.toText.text ?? hostName,
            masters: readers.map { master($0, replay, &errors) },
            spool: spool(store, &errors),
            checks: checks(only("Checks", of: session, folder, &errors), folder, &errors),
            uplink: uplink(only("Uplink", of: session, folder, &errors), &errors),
            controlPath: control?.path("path", &errors)
                ?? ForwarderConfiguration.defaultControlPath,
            controlGroups: controlGroups(control, &errors),
            dropPath: control?.path("drop_directory", &errors)
                ?? ForwarderConfiguration.defaultDropPath,
            submitters: session.registry.objects(ofType: "Submitter").map {
                AttributeReader($0, folder: folder).submitter(&errors)
            },
            policyPath: only("Policy", of: session, folder, &errors)?.path("path", &errors)
                ?? "\(folder)/policy.ini",
            logging: logging(only("Logging", of: session, folder, &errors), &errors))
        check(configuration, path: path, &errors)
        for (index, reader) in readers.enumerated() {
            compare(index, of: configuration.masters, at: reader, &errors)
            compareReplay(index, of: configuration.masters, at: reader, &errors)
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        return configuration
    }

    /// What each Control object of a file says of these two; none where that cannot be told.
    func meetingPlaces(path: String) -> [(controlPath: String?, dropPath: String?)] {
        // lost on purpose: loading all of it told what is wrong
        let session = try? session(path)
        try? session?.commit()
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let controls = session?.registry.objects(ofType: "Control") ?? []
        return controls.map { control in
            let read = AttributeReader(control, folder: folder)
            var errors: [Diagnostic] = []
            return (read.path("path", &errors), read.path("drop_directory", &errors))
        }
    }

    private func session(_ path: String) throws(ConfigFault) -> ConfigSession {
        let text = try reader.read(path)
        let session = ConfigSession(
            schemas: ForwarderSchema.objectTypes,
            constants: ["NodeName": .text(hostName)], reader: reader)
        session.load(text: text, name: path)
        return session
    }

    /// The one object of a type that is there at most once.
    private func only(
        _ type: String, of session: ConfigSession, _ folder: String,
        _ errors: inout [Diagnostic]
    ) -> AttributeReader? {
        let objects = session.registry.objects(ofType: type)
        for extra in objects.dropFirst() {
            errors.append(
                Diagnostic(
                    "There is more than one object of type \(type). Keep one.",
                    at: extra.location))
        }
        return objects.first.map { AttributeReader($0, folder: folder) }
    }

    private func master(
        _ read: AttributeReader, _ replay: ReplaySettings, _ errors: inout [Diagnostic]
    ) -> MasterNode {
        if let flaw = AttributeReader.flaw(in: read.name, limit: ObjectName.maximumByteCount) {
            errors.append(Diagnostic("The name of a Master \(flaw).", at: read.location))
        }
        return MasterNode(
            name: read.name, host: read.text("host", limit: Self.hostByteLimit, &errors) ?? "",
            port: UInt16(read.whole("port", in: 1...65_535, default: 5665, &errors)),
            zone: read.text("zone", limit: ObjectName.maximumByteCount, &errors) ?? read.name,
            certificatePath: read.path("certificate", &errors) ?? "",
            keyPath: read.path("private_key", &errors) ?? "",
            authorityPath: read.path("ca", &errors) ?? "",
            connections: UInt16(
                read.whole(
                    "connections", in: Self.whole(NodeSettings.connectionBounds), default: 4,
                    &errors)),
            window: UInt16(
                read.whole(
                    "window", in: Self.whole(NodeSettings.windowBounds), default: 128, &errors)),
            connectTimeout: read.span("connect_timeout", default: .seconds(15), &errors),
            answerTimeout: read.span("answer_timeout", default: .seconds(30), &errors),
            grace: read.span("grace", default: .seconds(5), &errors),
            relayDelay: read.span("relay_delay", default: .seconds(30), &errors),
            stallPatience: read.span("stall_patience", default: .seconds(120), &errors),
            minimumStay: read.span("minimum_stay", default: .seconds(60), &errors),
            watchInterval: read.spanOrNever("watch_interval", default: .seconds(8), &errors),
            replay: read.replay(default: replay, &errors))
    }

    private static func whole(_ bounds: ClosedRange<UInt16>) -> ClosedRange<Int> {
        Int(bounds.lowerBound)...Int(bounds.upperBound)
    }

    /// Two zones that lead to one port would have every result processed twice there.
    private func compare(
        _ index: Int, of masters: [MasterNode], at read: AttributeReader,
        _ errors: inout [Diagnostic]
    ) {
        let master = masters[index]
        let other = masters[..<index].first {
            $0.host == master.host && $0.port == master.port && $0.zone != master.zone
        }
        guard let other, !master.host.isEmpty else { return }
        errors.append(
            Diagnostic(
                """
                Master '\(master.name)' has the host and port of '\(other.name)' but another \
                zone: each result would be processed twice there. Remove one, or set the same zone.
                """, at: read.location(of: "host")))
    }

    /// The nodes of a zone have one queue, so one rule for it.
    private func compareReplay(
        _ index: Int, of masters: [MasterNode], at read: AttributeReader,
        _ errors: inout [Diagnostic]
    ) {
        let master = masters[index]
        let first = masters[..<index].first { $0.zone == master.zone }
        guard let first, first.replay != master.replay else { return }
        let key: ByteString = first.replay.mode == master.replay.mode ? "max_age" : "replay"
        errors.append(
            Diagnostic(
                """
                Master '\(master.name)' has another '\(key.text)' than '\(first.name)' of the \
                same zone '\(master.zone)': what waits for a zone waits for all its nodes. Set \
                the same in both.
                """, at: read.location(of: key)))
    }

    private func spool(
        _ read: AttributeReader?, _ errors: inout [Diagnostic]
    ) -> SpoolSettings {
        SpoolSettings(
            path: read?.path("path", &errors) ?? "/var/lib/forwarder/spool.db",
            sizeLimit: read?.whole(
                "size_limit", in: SpoolSettings.minimumSizeLimit...(1 << 40),
                default: SpoolSettings.defaultSizeLimit, &errors)
                ?? SpoolSettings.defaultSizeLimit)
    }

    private func checks(
        _ read: AttributeReader?, _ folder: String, _ errors: inout [Diagnostic]
    ) -> CheckSettings {
        CheckSettings(
            definitionsPath: read?.path("definitions", &errors) ?? "\(folder)/conf.d",
            includePath: read?.path("include_path", &errors) ?? "/usr/share/icinga2/include",
            concurrencyLimit: read?.whole(
                "concurrent_checks", in: 1...4096, default: CheckScheduler.defaultConcurrencyLimit,
                &errors) ?? CheckScheduler.defaultConcurrencyLimit,
            user: read?.text("user", &errors))
    }

    private func uplink(
        _ read: AttributeReader?, _ errors: inout [Diagnostic]
    ) -> UplinkProgram {
        let program = UplinkProgram(
            path: read?.path("program", &errors) ?? "\(programFolder)/forwarder-uplink",
            user: read?.text("user", &errors), socketPath: read?.path("socket", &errors))
        if program.socketPath != nil, program.user == nil {
            errors.append(
                Diagnostic(
                    """
                    The Uplink object has a 'socket' but no 'user': nobody could come to it. Set \
                    'user' to the one that forwarder-uplink.service runs as.
                    """, at: read?.location(of: "socket")))
        }
        return program
    }

    private func controlGroups(
        _ read: AttributeReader?, _ errors: inout [Diagnostic]
    ) -> [ControlRight: [String]] {
        guard let read else { return [:] }
        var groups: [ControlRight: [String]] = [:]
        for right in ControlRight.allCases {
            groups[right] = read.names(ByteString(right.attribute), &errors)
        }
        return groups.filter { !$0.value.isEmpty }
    }

    private func logging(
        _ read: AttributeReader?, _ errors: inout [Diagnostic]
    ) -> LogSettings {
        let format = read?.text("format", &errors) ?? "text"
        if LogLine.Format(rawValue: format) == nil {
            errors.append(
                Diagnostic(
                    "Unknown log format '\(format)'. Use text or json.",
                    at: read?.location(of: "format")))
        }
        let level = read?.text("level", &errors) ?? "notice"
        if Logger.Level(rawValue: level) == nil {
            errors.append(
                Diagnostic(
                    "Unknown log level '\(level)'. Use debug, info, notice, warning or error.",
                    at: read?.location(of: "level")))
        }
        return LogSettings(
            level: level,
            format: LogLine.Format(rawValue: format) ?? .text)
    }

    private func check(
        _ configuration: ForwarderConfiguration, path: String, _ errors: inout [Diagnostic]
    ) {
        if ObjectName(fullName: configuration.nodeName)?.isHost != true {
            errors.append(
                Diagnostic(
                    """
                    NodeName '\(configuration.nodeName)' cannot name a host. Set the constant \
                    NodeName in \(path) to this host's name on the master.
                    """))
        }
        if configuration.masters.count > Wire.nodeLimit {
            errors.append(
                Diagnostic("More than \(Wire.nodeLimit) masters in \(path). Remove some."))
        }
    }
}
