@testable import Collector
import ConfigLanguage
import Monitoring
import Testing

@Suite struct LoadingTests {
    /// Debian's own example, as the package installs it.
    private static func debian() throws -> Definitions {
        let folder = "/etc/icinga2/conf.d"
        return try Definitions.load(
            DefinitionSettings(directory: folder, nodeName: "sandbox"),
            files: DiskFiles(),
            trust: FileTrust(runningUser: DiskFiles().facts(of: folder)?.owner ?? 0)
        )
    }

    private static var hasDebian: Bool { DiskFiles().facts(of: "/etc/icinga2/conf.d") != nil }

    @Test(.enabled(if: hasDebian, "icinga2-common is not installed"))
    func `debian's conf.d loads as it is`() throws {
        let definitions = try Self.debian()
        #expect(definitions.entries.filter(\.name.isHost).map(\.name.host) == ["sandbox"])
        #expect(
            definitions.entries.compactMap(\.name.service) == [
                "apt", "disk", "disk /", "forwarder", "http", "icinga", "load", "ping4", "ping6",
                "procs", "ssh", "swap", "users",
            ]
        )
        #expect(
            definitions.ignored == [
                "IcingaApplication": 1, "Notification": 13, "NotificationCommand": 2,
                "ScheduledDowntime": 1, "User": 1, "UserGroup": 1,
            ]
        )
        let registry = definitions.session.registry
        #expect(registry.objects(ofType: "TimePeriod").count == 3)
        #expect(registry.objects(ofType: "HostGroup").count == 2)
        #expect(registry.objects(ofType: "ServiceGroup").count == 3)
        #expect(definitions.warnings.isEmpty)
    }

    @Test(.enabled(if: hasDebian, "icinga2-common is not installed"))
    func `debian's groups have the members their rules name`() throws {
        let definitions = try Self.debian()
        func groups(_ name: String) -> [String]? {
            definitions.entries.first { $0.name.fullName == name }?.groups
        }
        #expect(groups("sandbox") == ["linux-servers"])
        #expect(groups("sandbox!ping4") == ["ping"])
        #expect(groups("sandbox!disk /") == ["disk"])
        #expect(groups("sandbox!load") == [])
    }

    @Test(.enabled(if: hasDebian, "icinga2-common is not installed"))
    func `debian's services become the command lines they become in icinga`() throws {
        let definitions = try Self.debian()
        let preparer = CheckPreparer(definitions, runtime: NothingKnown())
        func line(_ service: String) -> [String] {
            preparer.prepare(ObjectName(host: "sandbox", service: service)).snapshot.commandLine
        }
        let plugins = "/usr/lib/nagios/plugins/"
        #expect(line("http") == [plugins + "check_http", "-I", "127.0.0.1", "-u", "/"])
        #expect(line("ssh") == [plugins + "check_ssh", "127.0.0.1"])
        #expect(line("swap") == [plugins + "check_swap", "-c", "25%", "-w", "50%"])
        #expect(line("load") == [plugins + "check_load", "-c", "10,6,4", "-w", "5,4,3"])
        guard
            case .health = preparer.prepare(ObjectName(host: "sandbox", service: "icinga")).action
        else { return #expect(Bool(false), "an Icinga's own check is the forwarder's health") }
    }
}
