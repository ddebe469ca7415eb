import Collector
import Monitoring

/// One object as `list --json` prints it.
struct ListedObject: Encodable {
    var name: String
    var displayName: String
    var checkCommand: String
    var groups: [String]
    /// `file:line:column` of its definition; empty for what nothing defines.
    var location: String
    /// What can be set, with the value that counts; none for what nothing defines.
    var attributes: [String: VariableValue]
    /// Where what is set was set last.
    var assignedAt: [String: String]
    var templates: [String]
    var checkInterval: Double?
    var retryInterval: Double?
    var maxCheckAttempts: Int?
    var isActive: Bool
    var commandLine: [String]
    /// The definition's variables, with which the plugin runs beside those of every plugin.
    var environment: [String: String]
    /// Seconds that it may run; nil without a command line.
    var timeout: Double?
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

    /// What comes next, and why not sooner, for people.
    var next: String {
        if let staleAt {
            return (isStale == true ? "stale, again " : "stale at ") + Output.time(staleAt)
        }
        let time = Output.time(nextCheck)
        if let closedPeriod { return "\(time), outside '\(closedPeriod.printable)'" }
        if let suppressor { return "\(time), held back by '\(suppressor.printable)'" }
        return time
    }

    enum CodingKeys: String, CodingKey {
        case name, groups, location, attributes, templates, environment, timeout, note, state
        case attempt
        case assignedAt = "assigned_at"
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
        _ entry: Definitions.Entry, resolved: ResolvedRow?, plan: CheckPlan?,
        prepared: PreparedCheck?, state report: ObjectReport?
    ) {
        name = entry.name.fullName
        displayName = entry.displayName
        checkCommand = entry.checkCommand
        groups = entry.groups
        location = entry.location
        attributes = resolved?.attributes ?? [:]
        assignedAt = resolved?.assignedAt ?? [:]
        templates = resolved?.templates ?? []
        checkInterval = plan?.checkInterval.inSeconds
        retryInterval = plan?.retryInterval.inSeconds
        maxCheckAttempts = plan?.maxCheckAttempts
        isActive = plan?.isActive ?? false
        (commandLine, note) = Self.command(prepared)
        (environment, timeout) = Self.surroundings(prepared)
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
    private static func surroundings(_ prepared: PreparedCheck?) -> ([String: String], Double?) {
        guard case .plugin(let command) = prepared?.action else { return ([:], nil) }
        return (command.environment.asText, command.timeout.inSeconds)
    }
}

extension [PluginVariable] {
    /// Names and values as text; of two of one name the last.
    var asText: [String: String] {
        Dictionary(map { ($0.name, String(decoding: $0.value, as: UTF8.self)) }) { $1 }
    }
}
