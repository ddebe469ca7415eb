@testable import Collector
import ConfigLanguage
import Foundation
import TestSupport
import Testing

/// The same definitions resolved by a real Icinga 2 and by this module.
@Suite(.serialized, .enabled(if: IcingaOracle.isInstalled, "\(IcingaOracle.absence)"))
struct ObjectOracleTests {
    private static let main = """
        const NodeName = "sandbox"
        const ZoneName = NodeName
        include <itl>
        include <plugins>
        include <plugins-contrib>
        include <manubulon>

        """

    private static func load(_ oracle: IcingaOracle) throws -> Definitions {
        let folder = "/etc/icinga2/conf.d"
        return try Definitions.load(
            DefinitionSettings(directory: oracle.definitions, nodeName: "sandbox"),
            files: DiskFiles(),
            trust: FileTrust(runningUser: DiskFiles().facts(of: folder)?.owner ?? 0)
        )
    }

    private static func compare(
        _ subject: String,
        _ text: String,
        files: [String: String] = [:]
    ) throws -> ObjectComparison {
        let oracle = try IcingaOracle(main: main, definitions: text, files: files)
        let records = try oracle.objects()
        var comparison = ObjectComparison(subject, try load(oracle))
        records.forEach { comparison.compare($0) }
        comparison.finish()
        return comparison
    }

    @Test func `every object of debian's conf.d and of the library has icinga's attributes`() throws
    {
        let comparison = try Self.compare(
            "debian's conf.d and library",
            "const NscpPath = \"/nonexistent\"\ninclude <windows-plugins>\ninclude <nscp>\n"
                + "include_recursive \"/etc/icinga2/conf.d\"\n"
        )
        print(comparison.agreement)
        #expect(comparison.count(of: "CheckCommand") == 244)
        #expect(comparison.count(of: "Host") == 1)
        #expect(comparison.count(of: "Service") == 12)
        #expect(comparison.count(of: "TimePeriod") == 3)
        #expect(comparison.count(of: "HostGroup") + comparison.count(of: "ServiceGroup") == 5)
        #expect(comparison.agreement.differences.isEmpty, "\(comparison.agreement.shown)")
    }

    @Test func `generated definitions become icinga's objects`() throws {
        var sum = Agreement("generated definitions")
        let rounds = OracleRun.count(short: 3, full: 60)
        for round in 0..<rounds {
            var generator = DefinitionGenerator(seed: OracleRun.seed &* 1000 &+ UInt64(round))
            let files = generator.files()
            let comparison: ObjectComparison
            do {
                comparison = try Self.compare("", "// the rest is generated\n", files: files)
            } catch let failure as OracleFailure {
                sum.note(false, "round \(round): Icinga refuses: \(failure.text.prefix(2000))")
                continue
            } catch let fault as DefinitionsFault {
                sum.note(false, "round \(round): refused here: \(fault.description.prefix(2000))")
                continue
            }
            #expect(comparison.count(of: "Service") > 10, "round \(round) says too little")
            sum.agreements += comparison.agreement.agreements
            sum.differences += comparison.agreement.differences.map { "round \(round): \($0)" }
            for type in ObjectComparison.types {
                sum.notes[type, default: 0] += comparison.count(of: type)
            }
        }
        print(sum)
        #expect(sum.differences.isEmpty, "\(sum.shown)")
    }

    @Test func `names in bodies are found and assigned where icinga finds and assigns them`() throws
    {
        var sum = Agreement("code in bodies")
        for round in 0..<OracleRun.count(short: 2, full: 40) {
            let seed = OracleRun.seed &* 1000 &+ UInt64(round)
            var generator = BodyCodeGenerator(seed: seed)
            let file = generator.file(hosts: 60)
            do {
                let agreement = try Self.compare("", file).agreement
                sum.agreements += agreement.agreements
                sum.differences += agreement.differences.map { "round \(round): \($0)" }
            } catch let failure as OracleFailure {
                sum.note(false, "round \(round): Icinga refuses: \(failure.text.prefix(2000))")
            } catch let fault as DefinitionsFault {
                sum.note(false, "round \(round): refused here: \(fault.description.prefix(2000))")
            }
        }
        print(sum)
        #expect(sum.differences.isEmpty, "\(sum.shown)")
    }
}
