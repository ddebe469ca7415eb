internal import ConfigLanguage

/// What Icinga lets a host and a service say, with Icinga's defaults.
///
/// - Source: Icinga 2 documentation, "Object Types", Host and Service.
enum SchemaChecked {
    static let host = ObjectTypeSchema(
        "Host",
        attributes: common + [
            .text("address"), .text("address6"),
            AttributeSchema("display_name", .string) { .string($0.name) },
        ],
        evaluatedAfter: ["CheckCommand", "TimePeriod", "HostGroup"]
    )

    static let service = ObjectTypeSchema(
        "Service",
        attributes: common + [
            AttributeSchema("host_name", .string, isRequired: true),
            AttributeSchema("display_name", .string) { .string($0.name) },
            AttributeSchema("host") { service, registry in
                let name = service["host_name"].toText
                return (registry?.object(type: "Host", name: name)).map(Value.object) ?? .null
            },
        ],
        naming: .composed(["host_name"]),
        applyTargets: [toHost],
        evaluatedAfter: ["CheckCommand", "TimePeriod", "ServiceGroup", "Host"]
    )

    /// `apply … to Host`: the rule sees `host`.
    static let toHost = ApplyTarget("Host") { host in
        [("host", .object(host))]
    } presets: { host in
        [("host_name", .string(host.name))]
    }

    /// The attributes that hosts and services share.
    private static let common: [AttributeSchema] = execution + reactions + appearance + runtime

    private static let execution: [AttributeSchema] = [
        .text("check_command"), .text("check_period"), .text("command_endpoint"),
        .text("zone"), .text("package"),
        .number("check_interval", 300), .number("retry_interval", 60),
        .number("max_check_attempts", 3),
        AttributeSchema("check_timeout", .number),
        .flag("enable_active_checks", true), .flag("enable_passive_checks", true),
        .flag("volatile", false),
        AttributeSchema("vars", .dictionary),
        .emptyArray("groups"),
    ]

    private static let reactions: [AttributeSchema] = [
        .flag("enable_notifications", true), .flag("enable_event_handler", true),
        .flag("enable_flapping", false), .flag("enable_perfdata", true),
        .text("event_command"),
        .number("flapping_threshold", 0), .number("flapping_threshold_high", 30),
        .number("flapping_threshold_low", 25),
        AttributeSchema("flapping_ignore_states", .array),
    ]

    private static let appearance: [AttributeSchema] = [
        .text("notes"), .text("notes_url"), .text("action_url"),
        .text("icon_image"), .text("icon_image_alt"),
    ]

    /// What a running Icinga keeps with its objects.
    ///
    /// Rules and functions may read it; it reads as Icinga has it before the first check.
    private static let runtime: [AttributeSchema] =
        [
            "last_check_result", "last_hard_state_raw", "acknowledgement_expiry",
        ].map { .reads($0, .null) }
        + [
            "last_check", "next_check", "last_check_started", "previous_state_change",
            "last_state_change", "last_hard_state_change", "acknowledgement_last_change",
            "flapping_last_change", "last_state_unreachable", "last_state_ok",
            "last_state_warning", "last_state_critical", "last_state_unknown", "last_state_up",
            "last_state_down",
        ].map { .reads($0, -1) }
        + [
            "state_type", "last_state_type", "last_hard_state_type", "acknowledgement",
            "downtime_depth", "severity", "flapping_current",
        ].map { .reads($0, 0) }
        + ["state", "last_state", "last_hard_state"].map { .reads($0, 3) }
        + [
            "force_next_check", "force_next_notification", "flapping", "problem", "handled",
            "paused",
        ].map { .reads($0, false) }
        + ["last_reachable", "active"].map { .reads($0, true) }
        + [.reads("check_attempt", 1)]
}

extension AttributeSchema {
    /// A text that is empty by default.
    static func text(_ name: ByteString) -> AttributeSchema {
        AttributeSchema(name, .string) { _ in "" }
    }

    /// A number with this default.
    static func number(_ name: ByteString, _ value: Double) -> AttributeSchema {
        AttributeSchema(name, .number) { _ in .number(value) }
    }

    /// A truth value with this default.
    static func flag(_ name: ByteString, _ value: Bool) -> AttributeSchema {
        AttributeSchema(name, .boolean) { _ in .boolean(value) }
    }

    /// An array that is empty by default.
    static func emptyArray(_ name: ByteString) -> AttributeSchema {
        AttributeSchema(name, .array) { _ in [] }
    }

    /// A value that can only be read.
    static func reads(_ name: ByteString, _ constant: ReadConstant) -> AttributeSchema {
        AttributeSchema(name) { _, _ in constant.value }
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
