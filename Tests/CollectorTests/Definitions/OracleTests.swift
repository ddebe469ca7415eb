@testable import Collector
import ConfigLanguage
import Monitoring
import Testing

/// The same configuration through a real Icinga 2 and through this module.
@Suite(.serialized, .enabled(if: IcingaOracle.binary != nil, "icinga2 is not installed"))
struct OracleTests {
    private static let main = """
        const NodeName = "sandbox"
        const ZoneName = NodeName
        include <itl>
        include <plugins>
        include <plugins-contrib>
        include <manubulon>
        object CheckerComponent "checker" { }
        """

    private static func load(_ oracle: IcingaOracle) throws -> Definitions {
        try Definitions.load(
            DefinitionSettings(directory: oracle.definitions, nodeName: "sandbox"),
            files: DiskFiles(),
            trust: FileTrust(runningUser: 0)
        )
    }

    // MARK: Objects

    /// Left out: places, what names a native function, and group members, which Icinga adds later.
    private static let incomparable: Set<String> = [
        "source_location", "package", "execute", "update", "groups",
    ]

    @Test func `every object of debian's conf.d and of the library has icinga's attributes`() throws
    {
        let oracle = try IcingaOracle(
            main: Self.main,
            definitions:
                "const NscpPath = \"/nonexistent\"\ninclude <windows-plugins>\ninclude <nscp>\n"
                + "include_recursive \"/etc/icinga2/conf.d\"\n"
        )
        defer { #expect(throws: Never.self) { try oracle.remove() } }
        let records = try oracle.objects()
        let definitions = try Definitions.load(
            DefinitionSettings(directory: oracle.definitions, nodeName: "sandbox"),
            files: DiskFiles(),
            trust: FileTrust(
                runningUser: DiskFiles().facts(of: "/etc/icinga2/conf.d")?.owner ?? 0
            )
        )
        let types: Set = [
            "Host", "Service", "CheckCommand", "TimePeriod", "HostGroup", "ServiceGroup",
        ]
        var compared = 0
        var differences: [String] = []
        for record in records {
            guard let type = record["type"]?.text, types.contains(type),
                let properties = record["properties"], case .table(let table) = properties
            else { continue }
            let name = properties["__name"].text ?? ""
            compared += 1
            let object = definitions.session.registry.object(type: type, name: ByteString(name))
            for (attribute, expected) in table where !Self.incomparable.contains(attribute) {
                let isList = attribute == "templates"
                let ours = Self.comparable(object?[ByteString(attribute)] ?? .null, isList)
                let theirs = Self.comparable(expected.value, isList)
                if ours != theirs {
                    differences.append("\(type) \(name).\(attribute): \(ours), Icinga: \(theirs)")
                }
            }
        }
        print("oracle: \(compared) objects compared, \(differences.count) attributes differ")
        #expect(compared > 250)
        #expect(differences.isEmpty, "\(differences.prefix(10).joined(separator: "\n"))")
    }

    /// JSON; of a list of templates each once, however often they were imported.
    private static func comparable(_ value: Value, _ isList: Bool) -> String {
        guard isList, let list = value.asArray else { return CanonicalJSON.text(value) }
        var seen: Set<ByteString> = []
        return CanonicalJSON.text(
            .array(ArrayValue(list.elements.filter { seen.insert($0.toText).inserted }))
        )
    }

    // MARK: Command lines

    /// What the services live on, and a checker so busy that all of them get their turn.
    private static let host = """
        object Host NodeName {
          check_command = "dummy"
          address = "192.0.2.7"
          address6 = "2001:db8::7"
          notes = "at $address$"
          enable_active_checks = false
          vars.os = "Linux"
          vars.list = [ "a", "b c" ]
          vars.table = { k = "v" }
          vars.loop1 = "$loop2$"
          vars.loop2 = "$loop1$"
        }

        """

    private static let executions = 472

    @Test func `generated services become icinga's command lines`() throws {
        let commands = try DefinitionFixture.load("").session.registry
            .objects(ofType: "CheckCommand")
            .filter { $0["execute"].toText == "plugin" }
            .sorted { $0.fullName < $1.fullName }
        var generator = OracleGenerator(seed: 2)
        let text =
            Self.host + generator.services(Self.executions, over: commands)
            + OracleGenerator.edges()
        let oracle = try IcingaOracle(main: Self.main, definitions: text)
        defer { #expect(throws: Never.self) { try oracle.remove() } }
        let definitions = try Self.load(oracle)
        let preparer = CheckPreparer(definitions, runtime: NothingKnown())
        var tally = Tally()
        for record in try oracle.states(after: 9) where record["type"]?.text == "Service" {
            guard let name = record["name"]?.text.flatMap(ObjectName.init(fullName:)) else {
                continue
            }
            let result = record["update"]?["last_check_result"] ?? .null
            guard case .table = result else { continue }
            tally.compare(name, preparer.prepare(name).action, icinga: result)
        }
        print("oracle: \(tally)")
        #expect(tally.seen > Self.executions)
        #expect(
            tally.differences.isEmpty,
            "\(tally.differences.prefix(10).joined(separator: "\n"))"
        )
    }
}

/// How often two programs built the same command line.
private struct Tally: CustomStringConvertible {
    var seen = 0
    var same = 0
    var sameErrors = 0
    /// Same words in another order, with more arguments than Icinga's sort keeps in order.
    var reordered = 0
    var differences: [String] = []

    var description: String {
        "\(seen) executions, \(same) identical, \(sameErrors) errors on both sides, "
            + "\(reordered) with more than 16 arguments in another order, "
            + "\(differences.count) different"
    }

    mutating func compare(_ name: ObjectName, _ ours: CheckAction, icinga: OracleValue) {
        seen += 1
        let theirs = Self.words(icinga["command"])
        let output = icinga["output"].text ?? ""
        switch ours {
        case .plugin(let command):
            let words = command.argumentVector.map { String(decoding: $0, as: UTF8.self) }
            if words == theirs {
                same += 1
            } else if let theirs, words.count > 17, words.sorted() == theirs.sorted() {
                reordered += 1
            } else {
                differences.append("\(name): \(words), Icinga: \(theirs ?? [output])")
            }
        case .unbuildable(let text) where theirs == nil && output.contains(Self.reason(text)):
            sameErrors += 1
        default:
            differences.append("\(name): \(ours), Icinga: \(theirs ?? [output])")
        }
    }

    /// The part of our text that Icinga says too.
    private static func reason(_ text: String) -> String {
        let own = "Error while evaluating a function of the definitions: "
        var reason = text.hasPrefix(own) ? String(text.dropFirst(own.count)) : text
        if reason.hasSuffix(".") { reason.removeLast() }
        // at run time Icinga does not quote the text
        let unclosed = "Closing $ not found in macro format string"
        return reason.hasPrefix(unclosed) ? unclosed : reason
    }

    private static func words(_ command: OracleValue) -> [String]? {
        switch command {
        case .list(let words): words.map(\.value.toText.text)
        case .text(let text): ["/bin/sh", "-c", text]
        default: nil
        }
    }
}
