package import UplinkMessages

/// Why the uplink cannot start or go on.
package enum ForwarderFault: Error, Hashable, CustomStringConvertible {
    /// The command line is wrong.
    case usage(String)
    /// A certificate, key or CA file is refused or unusable.
    case file(path: String, problem: String)
    /// The user to run as does not exist or cannot be taken on.
    case user(name: String, problem: String)
    /// The name has no address.
    case unresolved(name: String, problem: String)
    /// The descriptor to the daemon is not usable.
    case descriptor(number: Int32, problem: String)
    /// The daemon's socket cannot be used.
    case socket(path: String, problem: String)
    /// What came from the daemon was not a message, or came out of turn.
    case conversation(String)
    /// The running process cannot be told to take new keys into use.
    case renewal(String)

    package var description: String {
        switch self {
        case .usage(let problem): "\(problem)\n\(UplinkArguments.usage)"
        case .file(let path, let problem): "\(path): \(problem)"
        case .user(let name, let problem): "cannot run as user \(name): \(problem)"
        case .unresolved(let name, let problem): "\(name) has no address: \(problem)"
        case .descriptor(let number, let problem):
            "descriptor \(number) is no connection to the daemon (\(problem)); "
                + "forwarder-uplink is started by the daemon, not by hand"
        case .socket(let path, let problem):
            "\(path) is no way to the daemon: \(problem). Nothing can be delivered. Give --connect "
                + "the path that the daemon's Uplink object has as its socket"
        case .conversation(let problem):
            "the daemon sent \(problem); both programs must be of the same version. Exiting"
        case .renewal(let problem):
            "the new keys are not taken into use (\(problem)). The running process goes on with "
                + "the old ones. Restart it"
        }
    }
}

/// Why a connection failed or never came up, in the operator's words.
package struct LinkFailure: Error, Hashable, CustomStringConvertible {
    /// What kind of failure, for the daemon's decisions.
    package let fault: LinkFault
    /// What happened, what it means and what to do.
    package let text: String

    /// A failure with its explanation.
    package init(_ fault: LinkFault, _ text: String) {
        self.fault = fault
        self.text = text
    }

    package var description: String { text }
}
