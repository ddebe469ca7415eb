import ConfigLanguage
import Delivery
import Monitoring
import Spool

/// What `forwarder.conf` says: masters, spool, checks, logging.
///
/// Attributes with defaults and units: ``ForwarderSchema`` and `conf/forwarder.conf`.
struct ForwarderConfiguration: Sendable, Hashable {
    /// This host's name as the master knows it.
    var nodeName: String
    /// Nodes of masters in the order of the file; those with the same zone are one destination.
    var masters: [MasterNode]
    var spool: SpoolSettings
    var checks: CheckSettings
    var uplink: UplinkProgram
    /// Where the daemon listens for the other subcommands.
    var controlPath: String
    /// The groups that may ask the daemon something, besides root and its own user.
    var controlGroups: [ControlRight: [String]] = [:]
    /// Where results are dropped while no daemon answers.
    var dropPath = ForwarderConfiguration.defaultDropPath
    /// Who may submit results, besides those groups.
    var submitters: [SubmitterSettings] = []
    /// What leaves this host, and who may ask for what.
    var policyPath: String
    var logging: LogSettings

    /// Where the daemon listens when nothing else is said.
    static let defaultControlPath = "/run/forwarder/control.sock"
    /// Where results are dropped when nothing else is said.
    static let defaultDropPath = "/var/spool/forwarder"

    /// Masters by zone, in the order of the file.
    var destinations: [(zone: String, nodes: [MasterNode])] {
        var zones: [(zone: String, nodes: [MasterNode])] = []
        for master in masters {
            if let index = zones.firstIndex(where: { $0.zone == master.zone }) {
                zones[index].nodes.append(master)
            } else {
                zones.append((master.zone, [master]))
            }
        }
        return zones
    }
}

/// One node of a master.
struct MasterNode: Sendable, Hashable {
    /// The name that the node's certificate carries.
    var name: String
    /// A name or an address to connect to.
    var host: String
    var port: UInt16
    /// The destination that the node belongs to.
    var zone: String
    var certificatePath: String
    var keyPath: String
    var authorityPath: String
    var connections: UInt16
    var window: UInt16
    var connectTimeout: Duration
    var answerTimeout: Duration
    var grace: Duration
    var relayDelay = Duration.seconds(30)
    var stallPatience = Duration.seconds(120)
    var minimumStay = Duration.seconds(60)
    /// Zero for never.
    var watchInterval = Duration.seconds(8)
    /// The same for all nodes of a zone.
    var replay = ReplaySettings()
}

/// How checks are found and run.
struct CheckSettings: Sendable, Hashable {
    /// The definitions directory.
    var definitionsPath: String
    /// Where the ITL is.
    var includePath: String
    /// Checks that run at the same time at most.
    var concurrencyLimit: Int
    /// The user that plugins run as; nil: the daemon's.
    var user: String?
}

/// How the network process is started.
struct UplinkProgram: Sendable, Hashable {
    var path: String
    /// The user it becomes when it is started by root, or that alone may come to ``socketPath``;
    /// nil to stay.
    var user: String?
    /// Where one comes to that somebody else starts; nil: the daemon starts it.
    var socketPath: String?
}

/// What is logged and how.
struct LogSettings: Sendable, Hashable {
    var level: String
    var format: LogLine.Format
}
