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
            .text("zone"), .package,
        ] + SchemaLive.ofAll,
        defaultTemplates: ["plugin-check-command"]
    )

    static let timePeriod = ObjectTypeSchema(
        "TimePeriod",
        attributes: [
            .displayName,
            AttributeSchema("ranges", .dictionary), AttributeSchema("update", .any),
            .emptyArray("excludes"), .emptyArray("includes"), .flag("prefer_includes", true),
            AttributeSchema("vars", .dictionary), .text("zone"), .package,
        ] + SchemaLive.ofPeriods,
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
                .text("zone"), .package,
            ] + SchemaLive.ofAll,
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
            .text("zone"), .package,
        ] + SchemaLive.ofDependencies,
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

/// A name with its value.
func local(_ name: ByteString, _ value: Value) -> (ByteString, Value) {
    (name, value)
}
