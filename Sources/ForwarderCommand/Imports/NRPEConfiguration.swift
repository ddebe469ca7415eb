/// What nrpe.cfg and the files that it includes say, as NRPE 4.1 reads them.
struct NRPEConfiguration: Sendable, Hashable {
    struct Command: Sendable, Hashable {
        var name: String
        var line: String
        var place: ImportPlace
        /// Where NRPE stopped to read this file, or one that includes it, before it came here.
        var unreadSince: ImportPlace?
    }

    /// The last one of each name, in the order of their places; NRPE runs the last one.
    var commands: [Command] = []
    /// What is put before each command.
    var prefix: String?
    /// Seconds.
    var timeout = 60
    /// True when arguments were taken from whoever asked (`dont_blame_nrpe=1`).
    var takesArguments = false
    /// What NRPE ran its commands as.
    var user: String?
    /// Environment variables that commands inherited.
    var keptVariables: String?
    /// Settings that mean nothing here, in order, each once.
    var unneeded: [String] = []
    var notes: [ImportNote] = []
}
