import Collector
import ConfigLanguage
import Foundation
import Logging
import Monitoring
import Spool

/// Reads `forwarder.conf` into a ``ForwarderConfiguration``, or says everything that is wrong.
struct ConfigurationLoader {
    /// Where `forwarder.conf` is when nothing else is said.
    static let defaultPath = "/etc/forwarder/forwarder.conf"

    let reader: any ConfigFileReader
    /// This host's name when the file sets no `NodeName`.
    let hostName: String
    /// The folder of this program.
    let programFolder: String

    /// Reads the file at `path`.
    func load(path: String) throws(ConfigFault) -> ForwarderConfiguration {
        let session = ConfigSession(
            schemas: ForwarderSchema.objectTypes,
            constants: ["NodeName": .text(hostName)], reader: reader)
        session.load(path: path)
        try session.commit()
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var errors: [Diagnostic] = []
        let configuration = ForwarderConfiguration(
            nodeName: session.constant("NodeName")?.toText.text ?? hostName,
            masters: session.registry.objects(ofType: "Master").map {
                master(AttributeReader($0, folder: folder), &errors)
            },
            spool: spool(only("Spool", of: session, folder, &errors), &errors),
            checks: checks(only("Checks", of: session, folder, &errors), folder, &errors),
            uplink: uplink(only("Uplink", of: session, folder, &errors)),
            controlPath: only("Control", of: session, folder, &errors)?.path("path")
                ?? "/run/forwarder/control.sock",
            logging: logging(only("Logging", of: session, folder, &errors), &errors))
        check(configuration, path: path, &errors)
        guard errors.isEmpty else { throw .invalid(errors) }
        return configuration
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
        _ read: AttributeReader, _ errors: inout [Diagnostic]
    ) -> MasterNode {
        MasterNode(
            name: read.name, host: read.text("host") ?? "",
            port: UInt16(read.whole("port", in: 1...65_535, default: 5665, &errors)),
            zone: read.text("zone") ?? read.name,
            certificatePath: read.path("certificate") ?? "",
            keyPath: read.path("private_key") ?? "",
            authorityPath: read.path("ca") ?? "",
            connections: UInt16(read.whole("connections", in: 1...64, default: 4, &errors)),
            window: UInt16(read.whole("window", in: 1...1024, default: 64, &errors)),
            connectTimeout: read.span("connect_timeout", default: .seconds(15), &errors),
            answerTimeout: read.span("answer_timeout", default: .seconds(30), &errors),
            grace: read.span("grace", default: .seconds(5), &errors),
            relayDelay: read.span("relay_delay", default: .seconds(30), &errors),
            minimumStay: read.span("minimum_stay", default: .seconds(60), &errors))
    }

    private func spool(
        _ read: AttributeReader?, _ errors: inout [Diagnostic]
    ) -> SpoolSettings {
        SpoolSettings(
            path: read?.path("path") ?? "/var/lib/forwarder/spool.db",
            sizeLimit: read?.whole(
                "size_limit", in: SpoolSettings.minimumSizeLimit...(1 << 40),
                default: SpoolSettings.defaultSizeLimit, &errors)
                ?? SpoolSettings.defaultSizeLimit)
    }

    private func checks(
        _ read: AttributeReader?, _ folder: String, _ errors: inout [Diagnostic]
    ) -> CheckSettings {
        CheckSettings(
            definitionsPath: read?.path("definitions") ?? "\(folder)/conf.d",
            includePath: read?.path("include_path") ?? "/usr/share/icinga2/include",
            concurrencyLimit: read?.whole(
                "concurrent_checks", in: 1...4096, default: CheckScheduler.defaultConcurrencyLimit,
                &errors) ?? CheckScheduler.defaultConcurrencyLimit)
    }

    private func uplink(_ read: AttributeReader?) -> UplinkProgram {
        UplinkProgram(
            path: read?.path("program") ?? "\(programFolder)/forwarder-uplink",
            user: read?.text("user"))
    }

    private func logging(
        _ read: AttributeReader?, _ errors: inout [Diagnostic]
    ) -> LogSettings {
        let format = read?.text("format") ?? "text"
        if LogSettings.Format(rawValue: format) == nil {
            errors.append(
                Diagnostic(
                    "Unknown log format '\(format)'. Use text or json.",
                    at: read?.location(of: "format")))
        }
        let level = read?.text("level") ?? "notice"
        if Logger.Level(rawValue: level) == nil {
            errors.append(
                Diagnostic(
                    "Unknown log level '\(level)'. Use debug, info, notice, warning or error.",
                    at: read?.location(of: "level")))
        }
        return LogSettings(
            level: level,
            format: LogSettings.Format(rawValue: format) ?? .text)
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
        if configuration.destinations.count > 64 || configuration.masters.count > 64 {
            errors.append(Diagnostic("More than 64 masters in \(path). Remove some."))
        }
    }
}
