@testable import Collector
import ConfigLanguage
import Foundation
import Monitoring
import TestSupport
import Testing

/// The same services through a real Icinga 2 and through this module, down to what the kernel gives
/// to the plugins.
@Suite(.serialized, .enabled(if: IcingaOracle.isAsked, "\(IcingaOracle.silence)"))
struct ExecutionOracleTests {
    private static let main = """
        const NodeName = "sandbox"
        const ZoneName = NodeName
        include <itl>
        include <plugins>
        include <plugins-contrib>
        include <manubulon>
        object CheckerComponent "checker" { }

        """

    /// What only Windows has is left out by stock Icinga; here it is only built, never run.
    private static let windows =
        "const NscpPath = PluginDir + \"/\"\ninclude <windows-plugins>\ninclude <nscp>\n"

    /// What the services live on.
    static let host = """
        object Host NodeName {
          check_command = "dummy"
          address = "192.0.2.7"
          address6 = "2001:db8::7"
          notes = "at $address$"
          enable_active_checks = false
          vars.os = "Linux"
          vars.list = [ "a", "b c" ]
          vars.table = { k = "v" }
          vars.semicolons = [ "a;b", "c\\\\d", "e\\\\;f", ";" ]
          vars.nested = [ [ "x", "y" ], [ "a;b", "c\\\\" ], "w", 5, true, null ]
          vars.deep = [ [ [ "p", "q" ], "r" ], { a = [ 1 ] } ]
          vars.with_function = { k = "$os$", "key two" = {{ "x" }}, n = null, l = [ "$os$" ] }
          vars.functions = [ {{ "x" }}, "y" ]
          vars.deep_table = { t = { f = {{ "x" }}, s = "$os$" } }
          vars.loop1 = "$loop2$"
          vars.loop2 = "$loop1$"
        }

        """

    /// Every service is checked once in this time, and once at least.
    private static let interval = OracleRun.count(short: 4, full: 12)

    private static func load(_ oracle: IcingaOracle) throws -> Definitions {
        try Definitions.load(
            DefinitionSettings(directory: oracle.definitions, nodeName: "sandbox"),
            files: DiskFiles(),
            trust: FileTrust(runningUser: 0)
        )
    }

    private static func commands(_ text: String) throws -> [ConfigObject] {
        let places = ["PluginDir", "ManubulonPluginDir", "PluginContribDir"]
        let constants = places.map { "const \($0) = \"/p\"\n" }.joined()
        return try DefinitionFixture.load(constants + text).session.registry
            .objects(ofType: "CheckCommand")
            .sorted { $0.fullName < $1.fullName }
    }

    /// Runs the services in Icinga until all have a result, and here, and compares.
    private func compare(_ subject: String, _ text: String, services: Int) throws -> Agreement {
        let oracle = try IcingaOracle(main: Self.main, definitions: Self.host + text)
        let recorder = try PluginRecorder(folder: oracle.plugins)
        let definitions = try Self.load(oracle)
        try recorder.offer(Self.programs(of: definitions, in: oracle.plugins))
        var comparison = try ExecutionComparison(
            subject, definitions: definitions, plugins: oracle.plugins)
        var results: [ObjectName: OracleValue] = [:]
        // a busy machine may need another turn
        for _ in 0..<4 where results.count < services {
            for record in try oracle.states(after: Double(Self.interval) + 4)
            where record["type"]?.text == "Service" {
                let result = record["update"]?["last_check_result"] ?? .null
                guard case .table = result,
                    let name = record["name"]?.text.flatMap(ObjectName.init(fullName:))
                else { continue }
                results[name] = result
            }
        }
        for (name, result) in results.sorted(by: { $0.key < $1.key }) {
            comparison.compare(name, icinga: result)
        }
        comparison.finish()
        print(comparison.agreement)
        #expect(results.count == services, "Icinga left some out")
        #expect(comparison.agreement.differences.isEmpty, "\(comparison.agreement.shown)")
        return comparison.agreement
    }

    /// The names of all programs that the definitions may ask for below the folder or by PATH.
    private static func programs(of definitions: Definitions, in folder: String) -> Set<String> {
        var names: Set = ["sh", "sudo", "check_running_kernel"]
        for command in definitions.session.registry.objects(ofType: "CheckCommand") {
            let words = command["command"].asArray?.elements ?? []
            guard let program = words.first?.toText.text else { continue }
            if program.hasPrefix(folder + "/") {
                names.insert(String(program.dropFirst(folder.utf8.count + 1)))
            } else if !program.contains("/") {
                names.insert(program)
            }
        }
        return names.filter { !$0.contains("/") }
    }

    /// True for what can be run where others' programs must not be: the recorder stands for it.
    private static func isSafe(_ command: ConfigObject) -> Bool {
        guard Execution(of: command) == .plugin else { return false }
        let program = command["command"].asArray?.elements.first?.toText.text ?? ""
        return !program.hasPrefix("/usr/")
    }

    @Test func `services over all commands of the library get icinga's words and variables`() throws
    {
        let all = try Self.commands(Self.windows)
        let commands = all.filter(Self.isSafe)
        // eight are internal, the Debian package of postgres and icingacli have paths of their own
        #expect(all.count == 244)
        #expect(commands.count == 231)
        let count = OracleRun.count(short: 462, full: 3003)
        var generator = OracleGenerator(seed: OracleRun.seed)
        let text =
            Self.windows
            + generator.services(count, over: commands, interval: "\(Self.interval)s")
        let agreement = try compare("library", text, services: count)
        #expect(agreement.notes["errors on both sides"] ?? 0 < count / 2, "too few are built")
    }

    @Test func `made-up commands get icinga's words and variables`() throws {
        var generator = OracleGenerator(seed: OracleRun.seed &+ 1)
        let commandCount = OracleRun.count(short: 60, full: 400)
        let text = generator.commands(commandCount)
        let commands = try Self.commands(text).filter { $0.fullName.text.hasPrefix("own") }
        #expect(commands.count == commandCount)
        let count = OracleRun.count(short: 120, full: 1200)
        let services = generator.services(
            count, over: commands, prefix: "o", interval: "\(Self.interval)s")
        let agreement = try compare("made-up commands", text + services, services: count)
        #expect(agreement.notes["errors on both sides"] ?? 0 < count / 2, "too few are built")
    }

    @Test func `the edges of macros are icinga's`() throws {
        let text = OracleGenerator.edges(interval: "\(Self.interval)s")
        let count = text.components(separatedBy: "object Service ").count - 1
        _ = try compare("edges of macros", text, services: count)
    }
}
