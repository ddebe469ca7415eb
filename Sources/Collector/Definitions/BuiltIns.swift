internal import ConfigLanguage

/// What Icinga brings along without any file: templates and constants.
enum BuiltIns {
    /// The templates that Icinga compiles in, so that the ITL loads.
    static let templates: [UInt8] = Array(
        """
        template CheckCommand "plugin-check-command" { execute = Internal.PluginCheck }
        template CheckCommand "dummy-check-command" { execute = Internal.DummyCheck }
        template CheckCommand "null-check-command" { execute = Internal.NullCheck }
        template CheckCommand "random-check-command" { execute = Internal.RandomCheck }
        template CheckCommand "exception-check-command" { execute = Internal.ExceptionCheck }
        template CheckCommand "sleep-check-command" {
          execute = Internal.SleepCheck
          vars.sleep_time = 1s
        }
        template CheckCommand "icinga-check-command" {
          execute = Internal.IcingaCheck
          vars.icinga_min_version = ""
        }
        template CheckCommand "cluster-zone-check-command" {
          execute = Internal.ClusterZoneCheck
        }
        template CheckCommand "cluster-check-command" { execute = Internal.UnavailableCheck }
        template CheckCommand "ido-check-command" { execute = Internal.UnavailableCheck }
        template CheckCommand "icingadb-check-command" { execute = Internal.UnavailableCheck }
        template CheckCommand "ifw-api-check-command" { execute = Internal.UnavailableCheck }
        template NotificationCommand "plugin-notification-command" { }
        template EventCommand "plugin-event-command" { }
        template EventCommand "null-event-command" { }
        template TimePeriod "legacy-timeperiod" { update = "legacy" }
        template TimePeriod "empty-timeperiod" { update = "empty" }
        template TimePeriod "even-minutes-timeperiod" { update = "even-minutes" }

        """.utf8
    )

    /// What the application is always called.
    static let applicationName = "app"

    /// Where the application is defined that no file defines.
    static let applicationSource = "(application)"

    /// The application of definitions that have none; it comes from no package.
    static let application = Array(
        "object IcingaApplication \"\(applicationName)\" { package = \"\" }\n".utf8)

    /// The constants that files expect, with Debian's values; files may override them once.
    static func constants(nodeName: String, zoneName: String) -> [ByteString: Value] {
        var constants = words
        for (name, number) in numbers { constants[name] = .number(number) }
        for name in names { constants[name] = .string(name) }
        constants["NodeName"] = .text(nodeName)
        constants["ZoneName"] = .text(zoneName)
        constants["Internal"] = Execution.namespace
        return constants
    }

    /// States and types of notifications: constants that hold their own names.
    private static let names: [ByteString] = [
        "OK", "Warning", "Critical", "Unknown", "Up", "Down",
        "Problem", "Recovery", "Acknowledgement", "Custom",
        "DowntimeStart", "DowntimeEnd", "DowntimeRemoved", "FlappingStart", "FlappingEnd",
        "DowntimeNoChildren", "DowntimeTriggeredChildren", "DowntimeNonTriggeredChildren",
    ]

    private static let numbers: [ByteString: Double] = [
        "ServiceOK": 0, "ServiceWarning": 1, "ServiceCritical": 2, "ServiceUnknown": 3,
        "HostUp": 0, "HostDown": 1,
        "MaxConcurrentChecks": 512, "ReloadTimeout": 300,
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
            "RunAsUser": "nagios", "RunAsGroup": "nagios",
            "PlatformName": "Debian GNU/Linux", "PlatformKernel": "Linux",
            "ApplicationVersion": "r2.13.6-1",
        ]
    }
}
