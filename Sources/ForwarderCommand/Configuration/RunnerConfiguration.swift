import Collector
import Foundation
import Logging

extension ForwarderConfiguration {
    /// How the daemon runs plugins, with its own limit of open files raised; see
    /// ``runnerSettings(_:)``.
    func daemonSettings(_ log: Logger) throws(PluginUserFault) -> RunnerSettings {
        let settings = try runnerSettings(.raised())
        if settings.concurrencyLimit < checks.concurrencyLimit {
            log.warning(
                """
                The limit of open files lets \(settings.concurrencyLimit) checks run at a time, \
                not \(checks.concurrencyLimit). Raise it (LimitNOFILE).
                """)
        }
        return settings
    }

    /// How plugins are run here.
    ///
    /// The user that they run as, and its groups, are looked up now; what changes of it later
    /// counts from the next start.
    ///
    /// - Parameter files: what bounds the checks at a time beside the configuration.
    /// - Throws: what an operator has to mend before any check can run.
    func runnerSettings(
        _ files: DescriptorLimit = .current
    ) throws(PluginUserFault) -> RunnerSettings {
        let user = try pluginUser()
        return RunnerSettings(
            concurrencyLimit: min(checks.concurrencyLimit, files.mostChecks),
            launcher: LauncherSettings(openFileLimit: files.ofPlugins),
            environment: PluginEnvironment(
                inheriting: ProcessInfo.processInfo.environment, of: user),
            user: user)
    }

    /// Whom plugins run as; nil: whom this process runs as.
    private func pluginUser() throws(PluginUserFault) -> PluginUser? {
        guard let name = checks.user else { return nil }
        let user = try PluginUser(named: name)
        if let uplink = uplink.user, let entry = getpwnam(uplink)?.pointee {
            guard user.uid != entry.pw_uid, !user.groups.contains(entry.pw_gid) else {
                throw .isUplinks(name, uplink: uplink)
            }
        }
        try user.requireRights()
        return user
    }
}
