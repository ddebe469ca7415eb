@testable import Collector
import ConfigLanguage
import Foundation
import Testing

/// The attributes of every type, as Icinga and this module take and refuse them.
@Suite struct AttributeOracleTests {
    /// One assignment to one attribute.
    private struct Attempt {
        let attribute: String
        let value: String
    }

    /// Values of every kind, one of them a text that is a number.
    private static let values = ["null", "\"x\"", "\"5\"", "5", "true", "[ ]", "{ }", "{{ 1 }}"]
    /// What no type has, and what some have.
    private static let strangers = ["foo_bar", "host", "address", "endpoint", "prototype"]
    /// They rename or hold together what is compared here, and are told of in docs/definitions.md.
    private static let special: Set = [
        "name", "__name", "templates", "source_location", "type",
    ]

    private static let used = Set(Definitions.usedTypes)

    private static func words(_ text: String) -> [String] {
        text.split(separator: " ").map(String.init)
    }

    private static func documented(_ type: String) -> [String] {
        words(DocumentedAttributes.common) + words(DocumentedAttributes.byType[type] ?? "")
    }

    /// An object for each attempt, in a line of its own.
    private static func text(_ type: String, _ attempts: [Attempt]) -> String {
        attempts.enumerated().map { index, one in
            "object \(type) \"p\(index)\" ignore_on_error { \(one.attribute) = \(one.value) }\n"
        }.joined()
    }

    /// The attempts that this module refuses: as attributes that there are not, and in all.
    private static func refused(
        _ type: String, _ attempts: [Attempt]
    ) -> (unknown: Set<Int>, all: Set<Int>) {
        var unknown: Set<Int> = []
        var all: Set<Int> = []
        // fewer at a time than errors are collected
        for start in stride(from: 0, to: attempts.count, by: 50) {
            let some = Array(attempts[start..<min(start + 50, attempts.count)])
            let text = text(type, some).replacing(" ignore_on_error", with: "")
            for error in ValidationOracleTests.errors(in: text) {
                guard let line = error.location?.line, error.message.hasPrefix("Attribute '"),
                    !error.message.contains("must not be empty")
                else { continue }
                all.insert(start + line - 1)
                if error.message.contains("' does not exist in type") {
                    unknown.insert(start + line - 1)
                }
            }
        }
        return (unknown, all)
    }

    /// The same of Icinga; nil where it knows no such type.
    private static func refusedByIcinga(
        _ type: String, _ attempts: [Attempt]
    ) throws -> (unknown: Set<Int>, all: Set<Int>)? {
        let main = "const NodeName = \"sandbox\"\nconst ZoneName = NodeName\n"
        let oracle = try IcingaOracle(main: main, definitions: text(type, attempts))
        let said = try oracle.verdict(level: "notice").text
        if said.contains("undefined script variable '\(type)'") { return nil }
        var unknown: Set<Int> = []
        var all: Set<Int> = []
        for part in said.components(separatedBy: "Ignoring config object 'p").dropFirst() {
            guard let index = Int(part.prefix { $0 != "'" }) else { continue }
            let reason = part.prefix { $0 != "\n" }
            guard !reason.contains("Validation failed") else { continue }
            if reason.contains("' does not exist.") { unknown.insert(index) }
            let words = [
                "' does not exist.", "Cannot convert value", "Can't convert '",
                "cannot be set to value", "field cannot be set",
            ]
            if words.contains(where: { reason.contains($0) }) { all.insert(index) }
        }
        return (unknown, all)
    }

    @Test(arguments: DocumentedAttributes.byType.keys.sorted())
    func `every documented attribute is taken and others are refused`(type: String) {
        let known = Self.documented(type).map { Attempt(attribute: $0, value: "null") }
        #expect(Self.refused(type, known).all.map { known[$0].attribute } == [])
        let stranger = [Attempt(attribute: "foo_bar", value: "null")]
        #expect(Self.refused(type, stranger).unknown == [0])
    }

    @Test(.enabled(if: IcingaOracle.isInstalled, "\(IcingaOracle.absence)"))
    func `icinga takes and refuses the same attributes and values`() throws {
        var agreement = Agreement("attributes of all types")
        let types = (SchemaIgnored.all.map(\.name) + Self.used).sorted()
        for (number, type) in types.enumerated()
        where OracleRun.isFull || number % 10 == Int(OracleRun.seed % 10) {
            try compare(type, &agreement)
        }
        print(agreement)
        #expect(agreement.differences.isEmpty, "\(agreement.shown)")
    }

    private func compare(_ type: String, _ agreement: inout Agreement) throws {
        // that of the machine may crash over more than one
        guard type != "OpenTsdbWriter" else { return }
        let isUsed = Self.used.contains(type)
        let own = DefinitionLoading.schemas.first { $0.name == type }?.attributes.keys.map(\.text)
        let names = Set((own ?? []) + Self.documented(type) + Self.strangers)
            .subtracting(Self.special).sorted()
        // what is used here is compared with all its mistakes elsewhere
        let values = isUsed ? ["null"] : Self.values
        let attempts = names.flatMap { name in
            values.map { Attempt(attribute: name, value: $0) }
        }
        guard let there = try Self.refusedByIcinga(type, attempts) else {
            agreement.notes["types that only other versions have", default: 0] += 1
            return
        }
        let here = Self.refused(type, attempts)
        for (index, one) in attempts.enumerated() {
            let isRefused = isUsed ? there.unknown.contains(index) : there.all.contains(index)
            let isRefusedHere = isUsed ? here.unknown.contains(index) : here.all.contains(index)
            let isOfVersion =
                there.unknown.contains(index)
                && DocumentedAttributes.notEverywhere.contains(one.attribute)
            agreement.note(
                isRefused == isRefusedHere || isOfVersion,
                "\(type): \(one.attribute) = \(one.value): Icinga "
                    + "\(isRefused ? "refuses" : "takes") it, here it is "
                    + "\(isRefusedHere ? "refused" : "taken")")
        }
    }
}
