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
            States and next checks come from the running daemon; without one they are left out.
            """)

    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case hosts
        case services
        case commands
    }

    @OptionGroup var common: CommonOptions

    @Argument(help: "What to list; hosts and services when left out.")
    var subject: Subject?

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        let configuration = try common.load()
        let (definitions, preparing) = try common.loadDefinitions(configuration)
        if subject == .commands {
            try list(commands: definitions.checkCommands)
            return
        }
        let states = Self.states(configuration)
        let plans = Dictionary(
            definitions.plans.map { ($0.object, $0) }, uniquingKeysWith: { first, _ in first })
        let rows = definitions.entries.filter(isWanted).map { entry in
            ListedObject(
                entry, plan: plans[entry.name],
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
        case .commands, nil: true
        }
    }

    private func list(commands: [String]) throws {
        if json {
            try Output.writeJSON(commands)
        } else {
            try Output.write(commands.map { $0 + "\n" }.joined())
        }
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

/// One object as `list --json` prints it.
struct ListedObject: Encodable {
    var name: String
    var displayName: String
    var checkCommand: String
    var groups: [String]
    var vars: String
    var location: String
    var checkInterval: Double?
    var retryInterval: Double?
    var maxCheckAttempts: Int?
    var isActive: Bool
    var commandLine: [String]
    /// Why there is no command line.
    var note: String
    var state: String?
    var stateType: String?
    var attempt: Int?
    var lastCheck: Double?
    var nextCheck: Double?
    /// See ``ObjectReport/closedPeriod``.
    var closedPeriod: String?
    /// See ``ObjectReport/suppressor``.
    var suppressor: String?
    /// True for a passive object that becomes stale when no result comes in time.
    var expectsResults: Bool
    /// See ``ObjectReport/staleAt``.
    var staleAt: Double?
    /// See ``ObjectReport/isStale``.
    var isStale: Bool?

    /// What comes next, for people.
    var next: String {
        guard let staleAt else { return Output.time(nextCheck) }
        return (isStale == true ? "stale, again " : "stale at ") + Output.time(staleAt)
    }

    enum CodingKeys: String, CodingKey {
        case name, groups, vars, location, note, state, attempt
        case displayName = "display_name"
        case checkCommand = "check_command"
        case checkInterval = "check_interval"
        case retryInterval = "retry_interval"
        case maxCheckAttempts = "max_check_attempts"
        case isActive = "enable_active_checks"
        case commandLine = "command_line"
        case stateType = "state_type"
        case lastCheck = "last_check"
        case nextCheck = "next_check"
        case closedPeriod = "outside_period"
        case suppressor = "suppressed_by"
        case expectsResults = "expects_results"
        case staleAt = "stale_at"
        case isStale = "is_stale"
    }

    init(
        _ entry: Definitions.Entry, plan: CheckPlan?, prepared: PreparedCheck?,
        state report: ObjectReport?
    ) {
        name = entry.name.fullName
        displayName = entry.displayName
        checkCommand = entry.checkCommand
        groups = entry.groups
        vars = entry.variables
        location = entry.location
        checkInterval = plan?.checkInterval.inSeconds
        retryInterval = plan?.retryInterval.inSeconds
        maxCheckAttempts = plan?.maxCheckAttempts
        isActive = plan?.isActive ?? false
        (commandLine, note) = Self.command(prepared)
        state = report?.state
        stateType = report?.stateType
        attempt = report?.attempt
        lastCheck = report?.lastCheck
        nextCheck = report?.nextCheck
        closedPeriod = report?.closedPeriod
        suppressor = report?.suppressor
        expectsResults = plan?.freshness != nil
        staleAt = report?.staleAt
        isStale = report?.isStale
    }

    private static func command(_ prepared: PreparedCheck?) -> ([String], String) {
        switch prepared?.action {
        case nil: ([], "not checked from here: the master computes its state")
        case .plugin(let command):
            (command.argumentVector.map { String(decoding: $0, as: UTF8.self) }, "")
        case .immediate(_, let output), .later(_, _, let output):
            ([], "no process: \(output)")
        case .health: ([], "the forwarder's own health")
        case .link(let zone): ([], "whether zone '\(zone)' is connected")
        case .unbuildable(let reason): ([], "cannot be built: \(reason)")
        }
    }
}
