@testable import Collector
import ConfigLanguage
import Foundation
import Monitoring
import TestSupport
import Testing

/// What a real Icinga 2 made of generated definitions, held against this module without one.
@Suite(.serialized) struct RecordedOracleTests {
    /// The commands of the library that generated definitions name, so that it is not needed.
    private static let commands = """
        object CheckCommand "dummy" {
          import "dummy-check-command"
          vars.dummy_state = 0
          vars.dummy_text = "fine"
        }
        template CheckCommand "addressed" { vars.target = "$address$" }
        object CheckCommand "hostalive" { import "addressed"; command = [ "ping", "$target$" ] }
        object CheckCommand "ping4" { import "addressed"; command = [ "ping", "-4" ] }
        object CheckCommand "ssh" { command = [ "ssh" ]; arguments = { "-p" = "$port$" } }
        object CheckCommand "disk" { command = [ "disk" ]; arguments = { "-w" = "$disk_w$" } }

        """

    private static let seed: UInt64 = 20_261_127

    private static func executions() -> String {
        var generator = OracleGenerator(seed: seed)
        let text = generator.commands(50)
        let objects = (0..<50).map { $0 }
        let services = objects.map { number in
            let variables = OracleGenerator.variables.compactMap { name in
                generator.chance(60)
                    ? "  vars.\(name) = \(generator.literal(OracleGenerator.variables))" : nil
            }
            return """
                object Service "r\(number)" {
                  host_name = NodeName
                  check_command = "own\(number)"
                  check_interval = 3s
                \(variables.joined(separator: "\n"))
                }
                """
        }
        return commands + ExecutionOracleTests.host + text + services.joined(separator: "\n")
            + OracleGenerator.edges(interval: "3s")
    }

    private static func definitions(
        _ files: [String: String], in folder: String
    ) throws
        -> Definitions
    {
        let content = Dictionary(
            uniqueKeysWithValues: files.map { (folder + "/" + $0.key, $0.value) })
        return try Definitions.load(
            DefinitionSettings(directory: folder, nodeName: "sandbox", templateLibrary: "/nowhere"),
            files: MemoryFiles(content: content),
            trust: FileTrust(runningUser: 0)
        )
    }

    @Test func `recorded executions come out as icinga made them`() throws {
        let recording = try OracleRecording.load()
        let constants = "const PluginDir = \"\(OracleRecording.plugins)\"\n"
        let definitions = try Self.definitions(
            ["test.conf": constants + recording.definitions], in: "/recorded")
        var comparison = RecordedComparison(definitions)
        for one in recording.executions { comparison.compare(one) }
        print(comparison.agreement)
        #expect(recording.executions.count > 250)
        #expect(comparison.agreement.differences.isEmpty, "\(comparison.agreement.shown)")
    }

    @Test func `recorded definitions are resolved as icinga resolved them`() throws {
        let recording = try OracleRecording.load()
        var sum = Agreement("recorded definitions")
        for (round, resolved) in recording.resolved.enumerated() {
            let definitions = try Self.definitions(resolved.files, in: "/recorded")
            var comparison = ObjectComparison("", definitions)
            for text in resolved.objects {
                let json = try JSONSerialization.jsonObject(with: Data(text.utf8))
                guard case .table(let record) = OracleValue(json) else { continue }
                comparison.compare(record)
            }
            comparison.finish()
            #expect(comparison.count(of: "Service") > 10)
            sum.agreements += comparison.agreement.agreements
            sum.differences += comparison.agreement.differences.map { "round \(round): \($0)" }
        }
        print(sum)
        #expect(recording.resolved.count == 2)
        #expect(sum.differences.isEmpty, "\(sum.shown)")
    }

    // MARK: Recording

    @Test(.enabled(if: OracleRecording.isWanted, "not asked to record"))
    func `the sample is recorded anew`() throws {
        let main = "const NodeName = \"sandbox\"\nconst ZoneName = NodeName\n"
        let checker = "object CheckerComponent \"checker\" { }\n"
        let text = Self.executions()
        let oracle = try IcingaOracle(main: main + checker, definitions: text)
        let recorder = try PluginRecorder(folder: oracle.plugins)
        try recorder.offer([
            "sh", "p", "check_own0", "check_own1", "check_own2",
        ])
        let states = try oracle.states(after: 8)
        let executions = try states.compactMap { record -> OracleRecording.Execution? in
            guard record["type"]?.text == "Service", let name = record["name"]?.text,
                let output = record["update"]?["last_check_result"]["output"].text
            else { return nil }
            return .init(object: name, output: try Self.relocated(output, from: oracle.plugins))
        }
        var resolved: [OracleRecording.Resolved] = []
        for round in 0..<2 as Range<UInt64> {
            var generator = DefinitionGenerator(seed: Self.seed &+ round)
            var files = generator.files()
            files["0-commands.conf"] =
                Self.commands + "const PluginDir = \"\(OracleRecording.plugins)\"\n"
            let oracle = try IcingaOracle(main: main, definitions: "", files: files, constants: "")
            let objects = try oracle.objectTexts().compactMap(Self.shortened)
            resolved.append(.init(files: files, objects: objects.sorted()))
        }
        try OracleRecording(
            version: "2.13.6", definitions: text,
            executions: executions.sorted { $0.object < $1.object }, resolved: resolved
        ).save()
    }

    /// What of a record is compared; nil for types that are not.
    private static func shortened(_ text: String) throws -> String? {
        let json = try JSONSerialization.jsonObject(with: Data(text.utf8))
        guard let record = json as? [String: Any], let type = record["type"] as? String,
            ObjectComparison.types.contains(type),
            var properties = record["properties"] as? [String: Any]
        else { return nil }
        for name in ["source_location", "package", "execute", "update"] { properties[name] = nil }
        let short: [String: Any] = ["type": type, "properties": properties]
        let data = try JSONSerialization.data(
            withJSONObject: short, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }

    /// The output with the place of plugins that recordings have.
    private static func relocated(_ output: String, from folder: String) throws -> String {
        func hexadecimal(_ text: String) -> String {
            text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        return output.replacingOccurrences(
            of: hexadecimal(folder), with: hexadecimal(OracleRecording.plugins))
    }
}

/// Compares recorded executions with what would be run here.
private struct RecordedComparison {
    private let preparer: CheckPreparer
    private(set) var agreement = Agreement("recorded executions")

    init(_ definitions: Definitions) {
        preparer = CheckPreparer(definitions, runtime: NothingKnown())
    }

    mutating func compare(_ recorded: OracleRecording.Execution) {
        guard let name = ObjectName(fullName: recorded.object) else {
            return agreement.note(false, "\(recorded.object) is no name")
        }
        let call = PluginRecorder.call(in: recorded.output)
        switch preparer.prepare(name).action {
        case .plugin(let command):
            guard let call else {
                return agreement.note(false, "\(name) runs here, Icinga: \(recorded.output)")
            }
            let difference = ExecutionComparison.difference(
                command, from: call, plugins: OracleRecording.plugins)
            agreement.note(difference == nil, "\(name): \(difference ?? "")")
        case .unbuildable(let text):
            agreement.note(
                call == nil && recorded.output.contains(ExecutionComparison.reason(text)),
                "\(name): \(text), Icinga: \(recorded.output)")
        case let other: agreement.note(false, "\(name): \(other)")
        }
    }
}
