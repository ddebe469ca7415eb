internal import ConfigLanguage
internal import Monitoring

/// What a running Icinga keeps with its hosts and services, and functions and macros may read.
///
/// While definitions are loaded it reads as Icinga has it before the first check; afterwards as
/// the checks of this host left it. Nobody acknowledges, suppresses or forces anything here, so
/// what would tell of that stays as it is.
enum SchemaLive {
    /// The attributes of hosts.
    static let ofHosts =
        attributes(common + ["last_state_up", "last_state_down"]) + constants + ofAll
    /// The attributes of services.
    static let ofServices =
        attributes(
            common + [
                "last_state_ok", "last_state_warning", "last_state_critical", "last_state_unknown",
            ]
        ) + constants + ofAll
    /// The attributes of time periods.
    static let ofPeriods =
        ofAll + [
            .reads("segments", nil), .reads("valid_begin", nil), .reads("valid_end", nil),
            // all times belong to a period until the program runs
            AttributeSchema("is_inside", isAssignmentIgnored: true) { period, registry in
                let live = registry?.attachment as? LiveState
                return .boolean(live?.isInside(period.fullName) ?? true)
            },
        ]
    /// The attributes of dependencies.
    static let ofDependencies = ofAll + [.reads("state_filter_real", 0)]
    /// What Icinga keeps with the objects of every type.
    static let ofAll: [AttributeSchema] =
        ["ha_mode", "version"].map { .reads($0, 0) }
        + ["extensions", "icingadb_identifier", "original_attributes"].map { .reads($0, nil) }
        + [
            "pause_called", "paused", "resume_called", "start_called", "state_loaded",
            "stop_called",
        ].map { .reads($0, false) }
        + [.reads("active", true)]

    /// `last_check_result`.
    static let checkResult = ObjectTypeSchema(
        "CheckResult",
        attributes: [
            .text("output"), .emptyArray("performance_data"), .number("exit_status", 0),
            .number("state", 3), .number("execution_start", 0), .number("execution_end", 0),
            .text("check_source"), .text("scheduling_source"), .flag("active", true),
            .number("ttl", 0), AttributeSchema("command", .any),
            AttributeSchema("vars_before", .dictionary), AttributeSchema("vars_after", .dictionary),
            AttributeSchema("schedule_start") { result, _ in result["execution_start"] },
            AttributeSchema("schedule_end") { result, _ in result["execution_end"] },
        ]
    )

    private static let common: [ByteString] = [
        "last_check_result", "next_check", "last_check", "check_attempt", "problem",
        "severity", "state", "last_state", "last_hard_state", "state_raw",
        "last_state_raw", "last_hard_state_raw", "state_type", "last_state_type",
        "last_state_change", "last_hard_state_change", "previous_state_change",
    ]

    private static func attributes(_ names: [ByteString]) -> [AttributeSchema] {
        names.map { attribute in
            AttributeSchema(attribute, isAssignmentIgnored: true) { object, registry in
                if let live = registry?.attachment as? LiveState, let name = object.objectName {
                    return live.value(attribute, of: name) ?? .null
                }
                let isHost = object.typeName == "Host"
                return LiveAttributes.pending(isHost: isHost).value(attribute, nodeName: "")
                    ?? .null
            }
        }
    }

    /// The same at all times.
    private static let constants: [AttributeSchema] =
        [
            "acknowledgement", "acknowledgement_expiry", "acknowledgement_last_change",
            "downtime_depth", "flapping_buffer", "flapping_current", "flapping_index",
            "flapping_ignore_states_filter_real", "flapping_last_change", "last_check_started",
            "last_state_unreachable", "state_before_suppression", "suppressed_notifications",
        ].map { .reads($0, 0) }
        + ["executions", "pending_executions"].map { .reads($0, nil) }
        + [
            "flapping", "force_next_check", "force_next_notification", "handled",
        ].map { .reads($0, false) }
        + [.reads("last_reachable", true)]
        + ["last_hard_states_raw", "last_soft_states_raw"].map { .reads($0, 9999) }
        + [.reads("flapping_last_state", 3), .reads("next_update", 300)]
}

extension AttributeSchema {
    /// A value that can only be read.
    fileprivate static func reads(_ name: ByteString, _ constant: ReadConstant) -> AttributeSchema {
        AttributeSchema(name, isAssignmentIgnored: true) { _, _ in constant.value }
    }
}

/// A value that never changes.
enum ReadConstant: Sendable, ExpressibleByNilLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    case null
    case number(Double)
    case flag(Bool)

    init(nilLiteral: ()) { self = .null }
    init(integerLiteral value: Int) { self = .number(Double(value)) }
    init(booleanLiteral value: Bool) { self = .flag(value) }

    var value: Value {
        switch self {
        case .null: .null
        case .number(let number): .number(number)
        case .flag(let flag): .boolean(flag)
        }
    }
}
