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

    init(_ grants: [Grant] = []) { self.grants = grants }

    /// What `forwarder.conf` gives.
    ///
    /// - Throws: when it names a user or a group that is not there.
    init(_ submitters: [SubmitterSettings]) throws(ControlFault) {
        var grants: [Grant] = []
        for submitter in submitters {
            var grant = Grant(
                users: [], groups: [], hosts: submitter.hosts, services: submitter.services)
            for name in submitter.users {
                guard let entry = getpwnam(name) else {
                    throw Self.unknown("user", name, submitter)
                }
                grant.users.insert(entry.pointee.pw_uid)
            }
            for name in submitter.groups {
                guard let entry = getgrnam(name) else {
                    throw Self.unknown("group", name, submitter)
                }
                grant.groups.insert(entry.pointee.gr_gid)
            }
            grants.append(grant)
        }
        self.init(grants)
    }

    var isEmpty: Bool { grants.isEmpty }

    /// True when there may be an object that the asker may submit for.
    func name(_ asker: ControlRights.Asker) -> Bool { grants.contains { $0.names(asker) } }

    /// True when the asker may submit for this object.
    func allow(_ object: ObjectName, to asker: ControlRights.Asker) -> Bool {
        grants.contains { $0.names(asker) && $0.covers(object) }
    }

    private static func unknown(
        _ kind: String, _ name: String, _ submitter: SubmitterSettings
    ) -> ControlFault {
        ControlFault(
            description: """
                The Submitter object '\(submitter.name)' names the \(kind) '\(name)', which is \
                not on this host. The daemon does not start with it. Make the \(kind), or take \
                it out.
                """)
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
}
