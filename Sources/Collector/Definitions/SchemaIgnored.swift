internal import ConfigLanguage

/// The types that mean something to a master or an agent only.
///
/// They take the attributes that some Icinga from 2.13 to 2.16 takes, and no others.
///
/// - Source: Icinga 2 documentation, "Object Types"; what it leaves out was tried on 2.13.6.
enum SchemaIgnored {
    /// Of no use here either, but hosts and services name them, so their names are kept.
    static let named = ["Endpoint", "EventCommand", "Zone"]

    /// Of no use here but for what macros and functions read of it.
    static let application = "IcingaApplication"

    static let all: [ObjectTypeSchema] = (monitoring + features).map(schema)

    private static func schema(_ type: IgnoredType) -> ObjectTypeSchema {
        let attributes = type.attributes + everywhere.attributes
        switch type.name {
        case _ where named.contains(type.name):
            return ObjectTypeSchema(type.name, attributes: attributes + names)
        case application:
            return ObjectTypeSchema(type.name, attributes: attributes + names + ofApplication)
        case "Notification", "ScheduledDowntime":
            // `apply` attaches them to hosts and services
            return .ignored(
                type.name,
                attributes: attributes,
                naming: .composed(["host_name", "service_name"]),
                applyTargets: [SchemaChecked.toHost, toService],
                evaluatedAfter: ["Host", "Service"]
            )
        case "UserGroup":
            return .ignored(
                type.name,
                attributes: attributes + names,
                membership: MembershipRule(memberType: "User") { [local("user", .object($0))] }
            )
        default: return .ignored(type.name, attributes: attributes + names)
        }
    }

    /// What objects of every type take beside their own attributes.
    private static let everywhere = IgnoredType(
        "",
        texts: "package zone __name icingadb_identifier",
        numbers: "active ha_mode pause_called paused resume_called start_called state_loaded "
            + "stop_called version",
        arrays: "templates",
        dictionaries: "extensions original_attributes source_location"
    )

    /// Where a name is no part of another one; there `name` renames.
    private static let names: [AttributeSchema] = [.text("name")]

    /// What the application reads as while nothing is assigned.
    private static let ofApplication: [AttributeSchema] =
        [
            "enable_event_handlers", "enable_flapping", "enable_host_checks",
            "enable_notifications", "enable_perfdata", "enable_service_checks", "active",
        ].map { .flag($0, true) }
        + [
            "pause_called", "paused", "resume_called", "start_called", "state_loaded",
            "stop_called",
        ].map { .flag($0, false) }
        + ["ha_mode", "version"].map { .number($0, 0) } + [.package]

    private static let toService = ApplyTarget("Service") {
        [local("host", $0["host"]), local("service", .object($0))]
    } presets: {
        [local("host_name", $0["host_name"]), local("service_name", .string($0.name))]
    }
}

/// The attributes of one type, by what may be assigned to them.
struct IgnoredType {
    /// The type's name.
    let name: String
    /// Its own attributes.
    let attributes: [AttributeSchema]

    /// Lists the attributes, with blanks between their names.
    ///
    /// - Parameters:
    ///   - texts: take any value, as text.
    ///   - numbers: take numbers and truth values, and texts that are numbers.
    ///   - values: take any value.
    init(
        _ name: String,
        texts: String = "",
        numbers: String = "",
        values: String = "",
        arrays: String = "",
        dictionaries: String = "",
        functions: String = ""
    ) {
        func attributes(
            _ names: String, _ kind: AttributeSchema.Kind,
            default value: @escaping @Sendable (ConfigObject) -> Value = { _ in .null }
        ) -> [AttributeSchema] {
            names.split(separator: " ").map {
                AttributeSchema(ByteString(String($0)), kind, default: value)
            }
        }
        self.name = name
        self.attributes =
            attributes(texts, .fixedString) { _ in "" } + attributes(numbers, .fixedNumber)
            + attributes(values, .any) + attributes(arrays, .array)
            + attributes(dictionaries, .dictionary) + attributes(functions, .function)
    }
}
