/// What nsca-ng.cfg says of who may submit what.
///
/// Passwords are read over and kept nowhere.
struct NSCAServerConfiguration: Sendable, Hashable {
    /// What a pattern is matched with.
    enum Subject: String, Sendable, Hashable {
        case hosts, services, commands
    }

    struct Pattern: Sendable, Hashable {
        var subject: Subject
        var text: String
        var place: ImportPlace
    }

    struct Authorization: Sendable, Hashable {
        /// `*` for everybody who has no block of its own.
        var identity: String
        var patterns: [Pattern]
        var place: ImportPlace
    }

    var authorizations: [Authorization] = []
    /// Settings of the server itself, in order, each once.
    var unneeded: [String] = []
    var notes: [ImportNote] = []
}
