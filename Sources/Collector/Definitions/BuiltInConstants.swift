internal import ConfigLanguage
internal import Glibc

/// The constants that files expect, with Debian's values.
///
/// - Source: `System`, `System.Configuration` and `Icinga` in `icinga2 console`, 2.13.6 of Debian 12.
extension BuiltIns {
    /// All of them; what Debian's constants.conf sets, files may set once.
    static func constants(nodeName: String, zoneName: String) -> [ByteString: Value] {
        var constants = words
        for (name, number) in numbers { constants[name] = .number(number) }
        for name in names { constants[name] = .string(name) }
        for facility in facilities {
            constants[.init("Facility" + facility)] = .text("LOG_" + facility.uppercased())
        }
        constants["AttachDebugger"] = .boolean(false)
        constants["Concurrency"] = .number(Double(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        var machine = utsname()
        if uname(&machine) == 0 {
            constants["PlatformKernelVersion"] = .text(text(of: &machine.release))
            constants["PlatformArchitecture"] = .text(text(of: &machine.machine))
        }
        constants["NodeName"] = .text(nodeName)
        constants["ZoneName"] = .text(zoneName)
        constants["Internal"] = Execution.namespace
        return constants
    }

    private static func text<Field>(of field: inout Field) -> String {
        withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// States and types of notifications: constants that hold their own names.
    private static let names: [ByteString] = [
        "OK", "Warning", "Critical", "Unknown", "Up", "Down",
        "Problem", "Recovery", "Acknowledgement", "Custom",
        "DowntimeStart", "DowntimeEnd", "DowntimeRemoved", "FlappingStart", "FlappingEnd",
        "DowntimeNoChildren", "DowntimeTriggeredChildren", "DowntimeNonTriggeredChildren",
    ]

    /// What a SyslogLogger may be given.
    private static let facilities = [
        "Auth", "AuthPriv", "Cron", "Daemon", "Ftp", "Kern", "Local0", "Local1", "Local2", "Local3",
        "Local4", "Local5", "Local6", "Local7", "Lpr", "Mail", "News", "Syslog", "User", "Uucp",
    ]

    private static let numbers: [ByteString: Double] = [
        "ServiceOK": 0, "ServiceWarning": 1, "ServiceCritical": 2, "ServiceUnknown": 3,
        "HostUp": 0, "HostDown": 1,
        "MaxConcurrentChecks": 512, "ReloadTimeout": 300,
        // what a database connection may be given
        "DbCatConfig": 1, "DbCatState": 2, "DbCatAcknowledgement": 4, "DbCatComment": 8,
        "DbCatDowntime": 16, "DbCatEventHandler": 32, "DbCatExternalCommand": 64,
        "DbCatFlapping": 128, "DbCatCheck": 256, "DbCatLog": 512, "DbCatNotification": 1024,
        "DbCatProgramStatus": 2048, "DbCatRetention": 4096, "DbCatStateHistory": 8192,
        "DbCatEverything": -1,
        "RLimitFiles": 16_384, "RLimitProcesses": 16_384, "RLimitStack": 262_144,
        "TlsHandshakeTimeout": 10,
    ]

    private static var words: [ByteString: Value] {
        [
            "PluginDir": "/usr/lib/nagios/plugins",
            "ManubulonPluginDir": "/usr/lib/nagios/plugins",
            "PluginContribDir": "/usr/lib/nagios/plugins",
            // Icinga itself has no salt, Debian's constants.conf sets an empty one
            "TicketSalt": "", "ApplicationType": "IcingaApplication",
            "PrefixDir": "/usr", "SysconfDir": "/etc", "LocalStateDir": "/var",
            "RunDir": "/run", "PkgDataDir": "/usr/share/icinga2",
            "ConfigDir": "/etc/icinga2", "ZonesDir": "/etc/icinga2/zones.d",
            "DataDir": "/var/lib/icinga2", "LogDir": "/var/log/icinga2",
            "CacheDir": "/var/cache/icinga2", "SpoolDir": "/var/spool/icinga2",
            "InitRunDir": "/run/icinga2", "IncludeConfDir": "/usr/share/icinga2/include",
            "ModAttrPath": "/var/lib/icinga2/modified-attributes.conf",
            "StatePath": "/var/lib/icinga2/icinga2.state",
            "ObjectsPath": "/var/cache/icinga2/icinga2.debug",
            "VarsPath": "/var/cache/icinga2/icinga2.vars", "PidPath": "/run/icinga2/icinga2.pid",
            "ApiBindHost": "::", "ApiBindPort": "5665", "EventEngine": "", "ProgramData": "",
            "RunAsUser": "nagios", "RunAsGroup": "nagios",
            "PlatformName": "Debian GNU/Linux", "PlatformVersion": "12 (bookworm)",
            "PlatformKernel": "Linux",
            "ApplicationVersion": "r2.13.6-1",
        ]
    }
}
