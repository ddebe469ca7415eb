internal import Glibc

/// Why plugins cannot run as the user that the configuration names.
package enum PluginUserFault: Error, Hashable {
    /// This host has no such user.
    case unknown(String)
    /// It is root.
    case isRoot(String)
    /// It is the user of this process.
    case isOwn(String)
    /// It is, or is in the group of, the user that holds the private key.
    case isUplinks(String, uplink: String)
    /// It has more groups than a process can.
    case tooManyGroups(String)
    /// This process lacks rights.
    case rightsMissing(String, capabilities: [String])
    /// The kernel does not let this process become that user.
    case refused(String, code: Int32)
}

extension PluginUserFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknown(let name):
            """
            The Checks object's user '\(name)' is not on this host, so that no check can run. The \
            daemon does not start with it. Make that user, or set 'user' to another.
            """
        case .isRoot(let name):
            """
            The Checks object's user '\(name)' is root: every plugin could do everything. The \
            daemon does not start with it. Name a user without rights; what a plugin needs beyond \
            that, sudo gives it.
            """
        case .isOwn(let name):
            """
            The Checks object's user '\(name)' is the one that runs forwarder: plugins would reach \
            its spool and definitions as without that setting. The daemon does not start with it. \
            Name another user, or leave 'user' out.
            """
        case .isUplinks(let name, let uplink):
            """
            The Checks object's user '\(name)' is the Uplink object's user '\(uplink)' or in its \
            main group: plugins could read the private key. The daemon does not start with it. \
            Name another user, or take it out of that group.
            """
        case .tooManyGroups(let name):
            """
            The Checks object's user '\(name)' is in more than 65536 groups, which no process can \
            be. The daemon does not start with it. Take it out of some.
            """
        case .rightsMissing(let name, let capabilities):
            """
            Plugins are to run as the Checks object's user '\(name)', but this process lacks \
            \(capabilities.joined(separator: ", ")): it could not become that user or not end \
            what runs too long. The daemon does not start like this. Start it as root or give its \
            unit AmbientCapabilities=CAP_SETUID CAP_SETGID CAP_KILL (see forwarder.service), or \
            leave 'user' out.
            """
        case .refused(let name, let code):
            """
            A process cannot become the Checks object's user '\(name)': \(Self.text(of: code)). \
            No check can run, and the daemon does not start. Look at what confines it (a \
            container's user namespace, a seccomp filter), or leave 'user' out.
            """
        }
    }

    private static func text(of code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
