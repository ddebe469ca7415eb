/// What an object was when one of its checks ran; results refer to it, so that a queued result
/// is judged by what was checked and not by what is defined today.
package struct ObjectSnapshot: Sendable, Hashable, Codable {
    /// `host` or `host!service`.
    package var name: String
    /// Groups of the host.
    package var hostGroups: [String]
    /// Groups of the service; empty for a host.
    package var serviceGroups: [String]
    /// Custom variables of the host, as canonical JSON text.
    package var hostVariables: String
    /// Custom variables of the service, as canonical JSON text; `{}` for a host.
    package var serviceVariables: String
    /// Custom variables of the check command, as canonical JSON text.
    package var commandVariables: String
    /// The command line that was run; empty for checks that run no plugin.
    package var commandLine: [String]
    /// What each word of the command line was made of; nil when that was not noted down.
    package var wordOrigins: [WordOrigin]?

    /// A snapshot with all its parts.
    package init(
        name: String, hostGroups: [String] = [], serviceGroups: [String] = [],
        hostVariables: String = "{}", serviceVariables: String = "{}",
        commandVariables: String = "{}", commandLine: [String] = [],
        wordOrigins: [WordOrigin]? = nil
    ) {
        self.name = name
        self.hostGroups = hostGroups
        self.serviceGroups = serviceGroups
        self.hostVariables = hostVariables
        self.serviceVariables = serviceVariables
        self.commandVariables = commandVariables
        self.commandLine = commandLine
        self.wordOrigins = wordOrigins
    }

    /// The object as it was when nothing was run.
    package var withoutCommand: ObjectSnapshot {
        var snapshot = self
        snapshot.commandLine = []
        snapshot.wordOrigins = nil
        return snapshot
    }
}

/// What a word of a command line was made of, for those who decide where it may be shown.
package struct WordOrigin: Sendable, Hashable, Codable {
    /// True for the name of an argument alone, such as `--password`.
    package var isKey: Bool
    /// True when a function of the definitions had a hand in it: it can have read anything.
    package var isUnknown: Bool
    /// Paths of the custom variables of host, service and command that it was built from, without
    /// `vars.`: also of those that only decided that the argument is there; sorted, none twice.
    package var variables: [String]

    /// An origin with all its parts.
    package init(isKey: Bool = false, isUnknown: Bool = false, variables: [String] = []) {
        self.isKey = isKey
        self.isUnknown = isUnknown
        self.variables = variables
    }
}
