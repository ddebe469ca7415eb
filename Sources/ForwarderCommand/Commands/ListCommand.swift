import ArgumentParser
import Collector
import Foundation
import Monitoring

/// `forwarder list`: what is defined, resolved.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List resolved objects with their command lines, states and next checks.",
        discussion: """
            States and next checks come from the running daemon; without one they are left out. \
            With --json everything is shown: each attribute with the value that counts, the file \
            and line where it was set, command lines and environments.
            """)

    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case hosts
        case services
        case commands
        case periods
        case groups
        case dependencies

        /// The types of what is defined and not checked; nil for what is checked.
        var types: [String]? {
            switch self {
            case .hosts, .services: nil
            case .commands: ["CheckCommand"]
            case .periods: ["TimePeriod"]
            case .groups: ["HostGroup", "ServiceGroup"]
            case .dependencies: ["Dependency"]
            }
        }
    }

    @OptionGroup var common: CommonOptions

    @Argument(help: "What to list; hosts and services when left out.")
    var subject: Subject?

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        let configuration = try common.load()
        let (definitions, preparing) = try common.loadDefinitions(configuration)
        if let types = subject?.types {
            return try list(types.flatMap(preparing.definitions.resolved))
        }
        let states = Self.states(configuration)
        let plans = Dictionary(
            definitions.plans.map { ($0.object, $0) }, uniquingKeysWith: { first, _ in first })
        let resolved = json ? Self.resolved(preparing.definitions) : [:]
        let rows = definitions.entries.filter(isWanted).map { entry in
            ListedObject(
                entry, resolved: resolved[entry.name.fullName], plan: plans[entry.name],
                prepared: plans[entry.name] == nil ? nil : preparing.prepare(entry.name),
                state: states[entry.name.fullName])
        }
        if json {
            try Output.writeJSON(rows)
        } else {
            try Output.write(Self.table(rows))
        }
    }

    private func isWanted(_ entry: Definitions.Entry) -> Bool {
        switch subject {
        case .hosts: entry.name.isHost
        case .services: !entry.name.isHost
        case .commands, .periods, .groups, .dependencies, nil: true
        }
    }

    private func list(_ objects: [ResolvedObject]) throws {
        guard !json else { return try Output.writeJSON(objects.map(ResolvedRow.init)) }
        var table = TextTable(heading: ["TYPE", "NAME", "DEFINED AT"])
        for object in objects {
            table.add([object.type, object.name.printable, object.location.printable])
        }
        try Output.write(table.text)
    }

    private static func resolved(_ definitions: Definitions) -> [String: ResolvedRow] {
        let objects = definitions.resolved("Host") + definitions.resolved("Service")
        return Dictionary(objects.map { ($0.name, ResolvedRow($0)) }) { first, _ in first }
    }

    /// What a running daemon says of the objects; nothing without one.
    private static func states(_ configuration: ForwarderConfiguration) -> [String: ObjectReport] {
        var states: [String: ObjectReport] = [:]
        do {
            try ControlClient(path: configuration.controlPath)?.ask(.objects) { reply in
                guard case .objects(let objects) = reply else { return }
                for object in objects { states[object.name] = object }
            }
        } catch {
            // Without an answer the list is still of use.
            Output.complain("forwarder list: states and next checks are left out. \(error)")
        }
        return states
    }

    private static func table(_ rows: [ListedObject]) -> String {
        var table = TextTable(heading: ["OBJECT", "STATE", "NEXT CHECK", "COMMAND LINE"])
        for row in rows {
            let state = row.state.map { "\($0) (\(row.stateType ?? "-"))" } ?? "-"
            let line =
                row.commandLine.isEmpty
                ? row.note : row.commandLine.map(shellQuoted).joined(separator: " ")
            table.add([row.name, state, row.next, line])
        }
        return table.text
    }

    private static func shellQuoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            (byte >= 0x2B && byte <= 0x3A) || (byte >= 0x40 && byte <= 0x5A)
                || (byte >= 0x61 && byte <= 0x7A) || byte == 0x5F || byte == 0x25 || byte == 0x3D
        }
        if plain, !word.isEmpty { return word }
        if word.utf8.contains(where: { $0 < 0x20 }) { return controlQuoted(word) }
        return "'"
            + word.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
    }

    /// A word with line breaks, on one line, as bash takes it.
    private static func controlQuoted(_ word: String) -> String {
        var quoted = "$'"
        for scalar in word.unicodeScalars {
            switch scalar {
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "'", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20: quoted += "\\x" + hexadecimal(scalar.value)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "'"
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return digits.count < 2 ? "0" + digits : digits
    }
}
