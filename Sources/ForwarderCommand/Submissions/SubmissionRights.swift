import ConfigLanguage
import Foundation
import Monitoring
import Spool

/// Who may submit results of which objects, by the names of host and service themselves.
///
/// Root and the daemon's own user may for all, as may members of the Control object's
/// `submit_groups`; whom a Submitter object names, for the objects that it names. That an object is
/// not checked here is another matter, which the definitions decide.
struct SubmissionRights: Sendable, Hashable {
    /// What one Submitter object gives.
    struct Grant: Sendable, Hashable {
        var users: Set<uid_t>
        var groups: Set<gid_t>
        /// Patterns of hosts.
        var hosts: [String]
        /// Patterns of services; nil for the hosts themselves and all their services, none for the
        /// hosts themselves alone.
        var services: [String]?

        fileprivate func names(_ asker: ControlRights.Asker) -> Bool {
            users.contains(asker.user) || !asker.groups.isDisjoint(with: groups)
        }

        fileprivate func covers(_ object: ObjectName) -> Bool {
            guard Self.matches(hosts, object.host) else { return false }
            guard let services else { return true }
            guard let service = object.service else { return services.isEmpty }
            return Self.matches(services, service)
        }

        /// As `match()` of the configuration language: ASCII letters match in either case.
        private static func matches(_ patterns: [String], _ name: String) -> Bool {
            let name = small(name)
            return patterns.contains { NamePattern(small($0)).matches(name) }
        }

        private static func small(_ text: String) -> String {
            let bytes = text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private let grants: [Grant]
    /// Names that have no answer just now, and give nothing yet.
    let unanswered: [NameFault]

    init(_ grants: [Grant] = [], unanswered: [NameFault] = []) {
        self.grants = grants
        self.unanswered = unanswered
    }

    /// What `forwarder.conf` gives.
    ///
    /// - Throws: when it names a user or a group that surely is not there.
    init(
        _ submitters: [SubmitterSettings], by lookUp: NameLookUp = .ofThisHost
    ) throws(ControlFault) {
        var faults = NamingFaults()
        let grants = submitters.map { Grant($0, by: lookUp, &faults) }
        if let fault = faults.unknown.first { throw ControlFault(description: fault.message) }
        self.init(grants, unanswered: faults.unanswered)
    }

    /// The users and groups that are named and surely not there.
    static func unknownNames(
        in submitters: [SubmitterSettings], by lookUp: NameLookUp = .ofThisHost
    ) -> [Diagnostic] {
        var faults = NamingFaults()
        for submitter in submitters { _ = Grant(submitter, by: lookUp, &faults) }
        return faults.unknown
    }

    var isEmpty: Bool { grants.isEmpty }

    /// The groups that are named.
    var groups: Set<gid_t> { grants.reduce(into: []) { $0.formUnion($1.groups) } }

    /// True when there may be an object that the asker may submit for.
    func name(_ asker: ControlRights.Asker) -> Bool { grants.contains { $0.names(asker) } }

    /// True when the asker may submit for this object.
    func allow(_ object: ObjectName, to asker: ControlRights.Asker) -> Bool {
        grants.contains { $0.names(asker) && $0.covers(object) }
    }
}

/// What is wrong with names.
private struct NamingFaults {
    var unknown: [Diagnostic] = []
    var unanswered: [NameFault] = []

    /// The number of a name; nil where there is none, which is noted.
    mutating func number(
        of name: String, by ask: NameLookUp.Ask, else unknown: @autoclosure () -> Diagnostic
    ) -> UInt32? {
        do throws(NameFault) {
            if let number = try ask(name) { return number }
            self.unknown.append(unknown())
        } catch {
            unanswered.append(error)
        }
        return nil
    }
}

extension SubmissionRights.Grant {
    /// Looks up whom a Submitter object names; who is not there is a fault at its place.
    fileprivate init(
        _ settings: SubmitterSettings, by lookUp: NameLookUp, _ faults: inout NamingFaults
    ) {
        self.init(users: [], groups: [], hosts: settings.hosts, services: settings.services)
        for name in settings.users {
            let number = faults.number(
                of: name, by: lookUp.user,
                else: settings.unknown("user", name, at: settings.usersPlace))
            if let number { users.insert(number) }
        }
        for name in settings.groups {
            let number = faults.number(
                of: name, by: lookUp.group,
                else: settings.unknown("group", name, at: settings.groupsPlace))
            if let number { groups.insert(number) }
        }
    }
}

/// One Submitter object of `forwarder.conf`.
struct SubmitterSettings: Sendable, Hashable {
    var name: String
    var users: [String]
    var groups: [String]
    var hosts: [String]
    /// Nil where it says nothing of services, empty for none.
    var services: [String]?
    /// Where it names its users and its groups.
    var usersPlace: SourceLocation?
    var groupsPlace: SourceLocation?

    fileprivate func unknown(
        _ kind: String, _ one: String, at place: SourceLocation?
    ) -> Diagnostic {
        Diagnostic(
            """
            The Submitter object '\(name.printable)' names the \(kind) '\(one.printable)', which \
            is not on this host. The daemon does not start with it. Make the \(kind), or take it \
            out.
            """, at: place)
    }
}
