internal import ConfigLanguage

/// What Icinga brings along without any file: templates and constants.
enum BuiltIns {
    /// The templates that Icinga compiles in, so that the ITL loads; what they capture has Icinga's
    /// names, since bodies that import them see it.
    static let templates: [UInt8] = Array(
        """
        template CheckCommand "plugin-check-command" use (PluginCheck = Internal.PluginCheck) {
          execute = PluginCheck
        }
        template CheckCommand "dummy-check-command" use (DummyCheck = Internal.DummyCheck) {
          execute = DummyCheck
        }
        template CheckCommand "null-check-command" use (NullCheck = Internal.NullCheck) {
          execute = NullCheck
        }
        template CheckCommand "random-check-command" use (RandomCheck = Internal.RandomCheck) {
          execute = RandomCheck
        }
        template CheckCommand "exception-check-command" use (
          ExceptionCheck = Internal.ExceptionCheck
        ) {
          execute = ExceptionCheck
        }
        template CheckCommand "sleep-check-command" use (SleepCheck = Internal.SleepCheck) {
          execute = SleepCheck
          vars.sleep_time = 1s
        }
        template CheckCommand "icinga-check-command" use (IcingaCheck = Internal.IcingaCheck) {
          execute = IcingaCheck
          vars.icinga_min_version = ""
        }
        template CheckCommand "cluster-zone-check-command" use (
          ClusterZoneCheck = Internal.ClusterZoneCheck
        ) {
          execute = ClusterZoneCheck
        }
        template CheckCommand "cluster-check-command" use (
          ClusterCheck = Internal.UnavailableCheck
        ) {
          execute = ClusterCheck
        }
        for (name in [ "ido", "icingadb", "ifw-api" ]) {
          template CheckCommand name + "-check-command" use (
            checkFunc = Internal.UnavailableCheck
          ) {
            execute = checkFunc
          }
        }
        template NotificationCommand "plugin-notification-command" use (
          PluginNotification = null
        ) { }
        template EventCommand "plugin-event-command" use (PluginEvent = null) { }
        template EventCommand "null-event-command" use (NullEvent = null) { }
        template TimePeriod "legacy-timeperiod" use (LegacyTimePeriod = "legacy") {
          update = LegacyTimePeriod
        }
        template TimePeriod "empty-timeperiod" use (EmptyTimePeriod = "empty") {
          update = EmptyTimePeriod
        }
        template TimePeriod "even-minutes-timeperiod" use (
          EvenMinutesTimePeriod = "even-minutes"
        ) {
          update = EvenMinutesTimePeriod
        }

        """.utf8
    )

    /// What the application is always called.
    static let applicationName = "app"

    /// Where the application is defined that no file defines.
    static let applicationSource = "(application)"

    /// The application of definitions that have none; it comes from no package.
    static let application = Array(
        "object IcingaApplication \"\(applicationName)\" { package = \"\" }\n".utf8)
}
