internal import Logging
package import Monitoring

/// What `forwarder-uplink` was told on its command line.
package struct UplinkArguments: Hashable, Sendable {
    /// The files of one identity.
    package struct Identity: Hashable, Sendable {
        /// The name under which the daemon's settings refer to it.
        package var name: String
        /// Path of the certificate, PEM.
        package var certificate: String
        /// Path of the private key, PEM.
        package var key: String
        /// Path of the CA's certificate, PEM.
        package var authority: String
    }

    /// What to do.
    package enum Task: Hashable, Sendable {
        /// Serve the daemon at the other end of a descriptor.
        case serve(descriptor: Int32)
        /// Serve the daemon that listens at a path, once it does.
        case connect(path: String)
        /// Print the addresses of a name and exit.
        case resolve(String)
        /// Say what is wrong with the identities and the user, and exit.
        case check
        /// Have a process that serves replaced if its identities changed and are usable, and exit.
        case renew(process: Int32)
    }

    /// Most identities.
    ///
    /// 64: as many as nodes.
    static let identityLimit = 64

    /// How it is called.
    package static let usage = """
        usage: forwarder-uplink [--descriptor N | --connect PATH]
                                [--identity NAME CERT KEY CA]... [--user NAME]
                                [--record PATH] [--log-level LEVEL] [--log-format FORMAT]
               forwarder-uplink --renew PID --record PATH [--identity NAME CERT KEY CA]...
               forwarder-uplink --check [--identity NAME CERT KEY CA]... [--user NAME]
               forwarder-uplink --resolve NAME

          --descriptor N     the connected socket to the daemon (default: 3)
          --connect PATH     wait for the daemon that listens on this socket, and serve it
          --identity NAME CERT KEY CA
                             PEM files of certificate, private key and CA, under this name
          --user NAME        the user to become after reading the keys, when started as root
          --record PATH      note in this file which state of the identities' files is read
          --renew PID        if the files are not as noted: check them, say on standard error what
                             keeps them from being used and exit 1; otherwise have process PID,
                             which serves the daemon, end as soon as nothing is out
          --check            say on standard output what keeps the identities and the user from
                             being used, one problem a line: the identity's place from 0 (or -),
                             a tab, the problem; exit 0 if nothing does, 1 otherwise
          --resolve NAME     print the name's addresses, one a line, and exit
          --log-level LEVEL  trace, debug, info, notice, warning, error or critical
                             (default: notice)
          --log-format FORMAT
                             text or json (default: text)
        """

    /// What to do.
    package private(set) var task = Task.serve(descriptor: 3)
    /// All identities, in order.
    package private(set) var identities: [Identity] = []
    /// Whom to become.
    package private(set) var user: String?
    /// Where it is noted which files were read.
    package private(set) var record: String?
    /// From which level on to log.
    package private(set) var logLevel = "notice"
    /// How to log.
    package private(set) var logFormat = LogLine.Format.text

    /// Reads the arguments after the program's name.
    ///
    /// - Throws: `.usage`.
    package init(_ arguments: [String]) throws(ForwarderFault) {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            switch option {
            case "--descriptor":
                let text = try Self.value(of: option, from: &rest)
                guard let number = Int32(text), number >= 0 else {
                    throw .usage("--descriptor needs a number, not \(text)")
                }
                task = .serve(descriptor: number)
            case "--connect": task = .connect(path: try Self.value(of: option, from: &rest))
            case "--identity": try addIdentity(from: &rest)
            case "--user": user = try Self.value(of: option, from: &rest)
            case "--check": task = .check
            case "--record": record = try Self.value(of: option, from: &rest)
            case "--renew":
                let text = try Self.value(of: option, from: &rest)
                guard let process = Int32(text), process > 1 else {
                    throw .usage("--renew needs the number of a process, not \(text)")
                }
                task = .renew(process: process)
            case "--resolve": task = .resolve(try Self.value(of: option, from: &rest))
            case "--log-level":
                logLevel = try Self.value(of: option, from: &rest)
                guard Logger.Level(rawValue: logLevel) != nil else {
                    throw .usage("\(logLevel) is no log level")
                }
            case "--log-format":
                let word = try Self.value(of: option, from: &rest)
                guard let format = LogLine.Format(rawValue: word) else {
                    throw .usage("\(word) is no log format")
                }
                logFormat = format
            default: throw .usage("unknown option \(option)")
            }
        }
        if case .renew = task, record == nil { throw .usage("--renew needs --record") }
    }

    private mutating func addIdentity(from rest: inout ArraySlice<String>) throws(ForwarderFault) {
        let identity = Identity(
            name: try Self.value(of: "--identity", from: &rest),
            certificate: try Self.value(of: "--identity", from: &rest),
            key: try Self.value(of: "--identity", from: &rest),
            authority: try Self.value(of: "--identity", from: &rest)
        )
        guard identities.count < Self.identityLimit else {
            throw .usage("more than \(Self.identityLimit) identities")
        }
        guard !identities.contains(where: { $0.name == identity.name }) else {
            throw .usage("two identities are named \(identity.name)")
        }
        identities.append(identity)
    }

    private static func value(
        of option: String,
        from rest: inout ArraySlice<String>
    ) throws(ForwarderFault) -> String {
        guard let value = rest.popFirst() else { throw .usage("\(option) needs more values") }
        return value
    }
}
