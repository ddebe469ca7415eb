internal import ConfigLanguage

/// What Icinga lets a host and a service say, with Icinga's defaults.
///
/// - Source: Icinga 2 documentation, "Object Types", Host and Service.
enum SchemaChecked {
    static let host = ObjectTypeSchema(
        "Host",
        attributes: common + SchemaLive.ofHosts + [
            .text("address"), .text("address6"),
            .displayName,
        ],
        evaluatedAfter: [
            "CheckCommand", "TimePeriod", "HostGroup", "Zone", "Endpoint", "EventCommand",
            SchemaIgnored.application,
        ]
    )

    static let service = ObjectTypeSchema(
        "Service",
        attributes: common + SchemaLive.ofServices + [
            AttributeSchema("host_name", .fixedString, isRequired: true),
            .displayName,
            // null as long as its own body is evaluated
            AttributeSchema("host") { service, registry in
                guard registry?.object(type: "Service", name: service.fullName) === service else {
                    return .null
                }
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
        [("host_name" as ByteString, Value.string(host.name))] + host.zonePreset
    }

    /// The attributes that hosts and services share.
    private static let common: [AttributeSchema] = execution + reactions + appearance

    private static let execution: [AttributeSchema] = [
        .text("check_command"), .text("check_period"), .text("command_endpoint"),
        .text("zone"), .package,
        .number("check_interval", 300), .number("retry_interval", 60),
        AttributeSchema("max_check_attempts", .fixedInteger) { _ in 3 },
        AttributeSchema("check_timeout", .any),
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
}

extension ConfigObject {
    /// What a rule gives on to the objects that it makes for this one: its zone, if it has one.
    ///
    /// - Source: tried on Icinga 2.13.6.
    var zonePreset: [(ByteString, Value)] {
        let zone = self["zone"]
        return zone.toText.isEmpty ? [] : [("zone" as ByteString, zone)]
    }
}

extension AttributeSchema {
    /// What people see; the name when nothing, or nothing readable, is assigned.
    static let displayName = AttributeSchema(
        "display_name", .fixedString, isDefaultWhenEmpty: true
    ) { .string($0.name) }

    /// Where an object comes from: files, in Icinga's words.
    static let package = AttributeSchema("package", .fixedString) { _ in "_etc" }

    /// A text that is empty by default.
    static func text(_ name: ByteString) -> AttributeSchema {
        AttributeSchema(name, .fixedString) { _ in "" }
    }

    /// A number with this default.
    static func number(_ name: ByteString, _ value: Double) -> AttributeSchema {
        AttributeSchema(name, .fixedNumber) { _ in .number(value) }
    }

    /// A truth value with this default.
    static func flag(_ name: ByteString, _ value: Bool) -> AttributeSchema {
        AttributeSchema(name, .fixedBoolean) { _ in .boolean(value) }
    }

    /// An array that is empty by default.
    static func emptyArray(_ name: ByteString) -> AttributeSchema {
        AttributeSchema(name, .array) { _ in [] }
    }
}
