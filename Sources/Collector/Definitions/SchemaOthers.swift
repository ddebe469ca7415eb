internal import ConfigLanguage

/// The types beside hosts and services that a client has a use for.
///
/// - Source: Icinga 2 documentation, "Object Types".
enum SchemaOthers {
    static let checkCommand = ObjectTypeSchema(
        "CheckCommand",
        attributes: [
            AttributeSchema("command", .any), AttributeSchema("arguments", .dictionary),
            AttributeSchema("env", .dictionary), AttributeSchema("vars", .dictionary),
            AttributeSchema("execute", .function),
            AttributeSchema("timeout", .fixedInteger) { _ in 60 },
            .text("zone"), .text("package"),
        ],
        defaultTemplates: ["plugin-check-command"]
    )

    static let timePeriod = ObjectTypeSchema(
        "TimePeriod",
        attributes: [
            .displayName,
            AttributeSchema("ranges", .dictionary), AttributeSchema("update", .any),
            .emptyArray("excludes"), .emptyArray("includes"), .flag("prefer_includes", true),
            AttributeSchema("vars", .dictionary), .text("zone"), .text("package"),
        ],
        defaultTemplates: ["legacy-timeperiod"]
    )

    static let hostGroup = group(
        "HostGroup",
        MembershipRule(memberType: "Host") { [local("host", .object($0))] }
    )

    static let serviceGroup = group(
        "ServiceGroup",
        MembershipRule(memberType: "Service") {
            [local("host", $0["host"]), local("service", .object($0))]
        }
    )

    private static func group(_ name: String, _ membership: MembershipRule) -> ObjectTypeSchema {
        ObjectTypeSchema(
            name,
            attributes: [
                .displayName,
                .text("notes"), .text("notes_url"), .text("action_url"),
                AttributeSchema("groups", .array), AttributeSchema("vars", .dictionary),
                .text("zone"), .text("package"),
            ],
            membership: membership
        )
    }

    static let dependency = ObjectTypeSchema(
        "Dependency",
        attributes: [
            AttributeSchema("parent_host_name", .fixedString), .text("parent_service_name"),
            AttributeSchema("child_host_name", .fixedString), .text("child_service_name"),
            .text("redundancy_group"), .text("period"), AttributeSchema("states", .array),
            .flag("ignore_soft_states", true), .flag("disable_checks", false),
            .flag("disable_notifications", true), AttributeSchema("vars", .dictionary),
            .text("zone"), .text("package"),
        ],
        naming: .composed(["child_host_name", "child_service_name"]),
        applyTargets: [
            ApplyTarget("Host") {
                [local("host", .object($0))]
            } presets: {
                [
                    local("child_host_name", .string($0.name)),
                    local("parent_host_name", .string($0.name)),
                ] + $0.zonePreset
            },
            ApplyTarget("Service") {
                [local("host", $0["host"]), local("service", .object($0))]
            } presets: {
                [
                    local("child_host_name", $0["host_name"]),
                    local("child_service_name", .string($0.name)),
                    local("parent_host_name", $0["host_name"]),
                ] + $0.zonePreset
            },
        ],
        evaluatedAfter: ["Host", "Service"]
    )
}

/// The types that mean something to a master or an agent only.
enum SchemaIgnored {
    /// Of no use here either, but hosts and services name them, so their names are kept.
    static let named = ["Endpoint", "EventCommand", "Zone"]

    static let all: [ObjectTypeSchema] =
        plain.map { .ignored($0) }
        + named.map { ObjectTypeSchema($0, acceptsAnyAttribute: true) }
        + attached.map {
            .ignored(
                $0,
                naming: .composed(["host_name", "service_name"]),
                applyTargets: [SchemaIgnored.toHost, SchemaIgnored.toService],
                evaluatedAfter: ["Host", "Service"]
            )
        }

    /// Types that `apply` attaches to hosts and services.
    private static let attached = ["Notification", "ScheduledDowntime"]

    private static let plain = [
        "ApiListener", "ApiUser", "CheckerComponent", "Comment", "CompatLogger", "Downtime",
        "ElasticsearchWriter", "ExternalCommandListener", "FileLogger",
        "GelfWriter", "GraphiteWriter", "IcingaApplication", "IcingaDB",
        "IdoMysqlConnection", "IdoPgsqlConnection", "Influxdb2Writer", "InfluxdbWriter",
        "JournaldLogger", "LivestatusListener", "NotificationCommand", "NotificationComponent",
        "OpenTsdbWriter", "OTLPMetricsWriter", "PerfdataWriter", "StatusDataWriter",
        "StreamLogger", "SyslogLogger", "User", "UserGroup", "WindowsEventLogLogger",
    ]

    private static let toHost = SchemaChecked.toHost

    private static let toService = ApplyTarget("Service") {
        [local("host", $0["host"]), local("service", .object($0))]
    } presets: {
        [local("host_name", $0["host_name"]), local("service_name", .string($0.name))]
    }
}

/// A name with its value.
private func local(_ name: ByteString, _ value: Value) -> (ByteString, Value) {
    (name, value)
}
