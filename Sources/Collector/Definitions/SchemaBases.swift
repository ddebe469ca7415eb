/// What the types of objects derive from, besides `ConfigObject`, which all of them do.
///
/// - Source: `Types.….base` of Icinga 2.13.6; of types that it does not have, those of its siblings.
enum SchemaBases {
    /// The types above one, the nearest first.
    static func of(_ type: String) -> [String] {
        switch type {
        case "Host", "Service": ["Checkable", variables]
        case "CheckCommand", "EventCommand", "NotificationCommand": ["Command", variables]
        case "Dependency", "HostGroup", "ServiceGroup", "TimePeriod", "User", "UserGroup",
            "Notification", "ScheduledDowntime":
            [variables]
        case SchemaIgnored.application: ["Application"]
        case "FileLogger": ["StreamLogger", "Logger"]
        case "JournaldLogger", "SyslogLogger", "WindowsEventLogLogger": ["Logger"]
        case "IdoMysqlConnection", "IdoPgsqlConnection": ["DbConnection"]
        case "InfluxdbWriter", "Influxdb2Writer": ["InfluxdbCommonWriter"]
        default: []
        }
    }

    private static let variables = "CustomVarObject"
}
