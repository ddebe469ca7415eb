@testable import Collector
import ConfigLanguage
import Foundation
import Testing

/// Mistakes in definitions, as `icinga2 daemon -C` and this module see them.
@Suite struct ValidationOracleTests {
    private static let main = """
        const NodeName = "sandbox"
        const ZoneName = NodeName
        include <itl>
        object Host NodeName { check_command = "dummy" }

        """

    /// What the library has that the mistakes name, so that it is not needed.
    private static let library = """
        object CheckCommand "dummy" { import "dummy-check-command" }
        object Host NodeName { }

        """

    /// What this module says of definitions.
    static func errors(in text: String) -> [Diagnostic] {
        let files = ["/d/test.conf": text, "/d/zz.conf": library]
        do {
            _ = try Definitions.load(
                DefinitionSettings(
                    directory: "/d", nodeName: "sandbox", templateLibrary: "/nowhere"),
                files: MemoryFiles(content: files),
                trust: FileTrust(runningUser: 0)
            )
            return []
        } catch {
            return error.errors
        }
    }

    /// Why these are judged rightly here; nil when they are not.
    private static func complaint(about one: BrokenDefinition) -> String? {
        let errors = errors(in: one.text)
        guard let names = one.names else {
            return errors.isEmpty ? nil : "is refused: \(errors[0].message)"
        }
        let there = errors.filter {
            $0.location?.line == one.line && $0.location?.file == "/d/test.conf"
        }
        guard !there.isEmpty else { return "has no error in line \(one.line): \(errors)" }
        let isNamed = there.contains { error in names.allSatisfy { error.message.contains($0) } }
        return isNamed ? nil : "\(names) is not named: \(there.map(\.message))"
    }

    @Test(arguments: BrokenDefinition.all)
    func `a mistake is refused, with its line, and names what is wrong`(one: BrokenDefinition) {
        #expect(Self.complaint(about: one) == nil)
    }

    @Test func `there are many mistakes to compare`() {
        #expect(BrokenDefinition.all.count(where: { $0.names != nil }) >= 100)
        #expect(BrokenDefinition.all.count(where: { $0.names == nil }) >= 30)
    }

    @Test(.enabled(if: IcingaOracle.isInstalled, "\(IcingaOracle.absence)"))
    func `icinga judges the mistakes as this module does`() throws {
        var agreement = Agreement("broken definitions")
        let all = BrokenDefinition.all.enumerated()
        for (number, one) in all
        where OracleRun.isFull || number % 10 == Int(OracleRun.seed % 10) {
            let oracle = try IcingaOracle(main: Self.main, definitions: one.text)
            let verdict = try oracle.verdict()
            let lines = Self.lines(of: verdict.text, in: oracle.definitions + "/test.conf")
            if let names = one.names {
                let isNamed = names.allSatisfy { verdict.text.contains($0) }
                agreement.note(
                    !verdict.isAccepted && isNamed && lines.contains(one.line)
                        && Self.complaint(about: one) == nil,
                    "\(one): Icinga, lines \(lines): \(verdict.text.prefix(600))\n"
                        + "here: \(Self.complaint(about: one) ?? "as expected")")
            } else {
                agreement.note(
                    verdict.isAccepted && Self.complaint(about: one) == nil,
                    "\(one): Icinga: \(verdict.text.prefix(300))\n"
                        + "here: \(Self.complaint(about: one) ?? "accepted")")
            }
        }
        print(agreement)
        #expect(agreement.differences.isEmpty, "\(agreement.shown)")
    }

    /// The lines of a file that Icinga points at: `Location: in FILE: 3:1-3:15`.
    private static func lines(of text: String, in file: String) -> Set<Int> {
        var lines: Set<Int> = []
        for part in text.components(separatedBy: "in \(file): ").dropFirst() {
            if let line = Int(part.prefix { $0 != ":" }) { lines.insert(line) }
        }
        return lines
    }

    @Test func `errors of evaluation and of validation are told in one run`() {
        let errors = Self.errors(
            in: """
                object Host "a" { check_command = "dummy"; foo = 1 }
                object Host "b" { check_command = "nope" }
                object Service "s" { host_name = "a"; check_command = "dummy"; bar = 1 }
                object Service "t" { host_name = "a"; check_command = "dummy"; retry_interval = 0 }
                object CheckCommand "c" { command = "a"; arguments = { } }
                object TimePeriod "p" { includes = [ "q" ] }
                """)
        // a host whose body failed is not told as missing beside
        #expect(errors.compactMap(\.location?.line).sorted() == [1, 2, 3, 4, 5, 6])
        let placed = errors.filter { $0.location != nil }
        #expect(placed.allSatisfy { $0.sourceLine?.contains("object") == true })
    }
}
