import Collector
import Foundation

extension ForwarderConfiguration {
    /// How plugins are run here.
    ///
    /// The user that they run as, and its groups, are looked up now; what changes of it later
    /// counts from the next start.
    ///
    /// - Throws: what an operator has to mend before any check can run.
    func runnerSettings() throws(PluginUserFault) -> RunnerSettings {
        let user = try pluginUser()
        return RunnerSettings(
            concurrencyLimit: checks.concurrencyLimit,
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
