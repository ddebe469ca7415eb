import Foundation
import Monitoring

/// What may be asked over the control socket, each by groups of its own.
enum ControlRight: String, CaseIterable, Sendable {
    /// See where everything stands: status, objects with their output, what waits.
    case status
    /// Have everything delivered now.
    case flush
    /// Have what waits tried again or dropped.
    case queue
    /// Have objects checked now.
    case recheck
    /// Have objects not checked for a while, and checked again.
    case pause
    /// Submit results of objects that are not checked here.
    case submit

    /// The attribute of the Control object that names its groups.
    var attribute: String { "\(rawValue)_groups" }
}

extension ControlRequest {
    /// True when its asker is told by name.
    var isSigned: Bool { [.recheck, .pause, .submit].contains(right) }

    /// What its asker must be allowed.
    var right: ControlRight {
        switch self {
        case .status, .objects, .queue(.rows), .queue(.check): .status
        case .flush: .flush
        case .queue(.change): .queue
        case .recheck: .recheck
        case .pause, .resume: .pause
        case .submit: .submit
        }
    }
}

/// Who may ask what, by the credentials that the kernel gives.
///
/// Root and the daemon's own user may ask everything, members of a right's groups what it covers;
/// whom a Submitter object names may submit results of the objects that it names.
/// The uplink's user may ask nothing, whatever its groups: it is the one that hears the master.
struct ControlRights: Sendable, Hashable {
    /// Who asks.
    struct Asker: Sendable, Hashable {
        var user: uid_t
        /// The main group and all others.
        var groups: Set<gid_t>

        /// The user's name on this host; its number where it has none.
        ///
        /// Asks the host's name services, which may take their time.
        var userName: String {
            // lost on purpose: a name is for people, and the number will do
            (try? UserDatabase.entry(of: user))?.name ?? "\(user)"
        }
    }

    private let ownUser: uid_t
    private let uplinkUser: uid_t?
    private let groups: [ControlRight: Set<gid_t>]
    private let submission: SubmissionRights

    /// Rights by numbers.
    init(
        ownUser: uid_t = geteuid(), uplinkUser: uid_t? = nil,
        groups: [ControlRight: Set<gid_t>] = [:], submission: SubmissionRights = SubmissionRights()
    ) {
        self.submission = submission
        self.ownUser = ownUser
        self.uplinkUser = uplinkUser == ownUser ? nil : uplinkUser
        self.groups = groups
    }

    /// The rights that `forwarder.conf` gives.
    ///
    /// - Throws: when it names a group that is not there.
    init(_ configuration: ForwarderConfiguration) throws(ControlFault) {
        var groups: [ControlRight: Set<gid_t>] = [:]
        for (right, names) in configuration.controlGroups {
            for name in names {
                guard let entry = getgrnam(name) else {
                    throw ControlFault(
                        description: """
                            The Control object's \(right.attribute) name the group '\(name)', \
                            which is not on this host. The daemon does not start with it. Make \
                            the group, or take it out.
                            """)
                }
                groups[right, default: []].insert(entry.pointee.gr_gid)
            }
        }
        let uplink = configuration.uplink.user.flatMap { getpwnam($0)?.pointee.pw_uid }
        self.init(
            uplinkUser: uplink, groups: groups,
            submission: try SubmissionRights(configuration.submitters))
    }

    /// True when nobody but root and the own user may ask anything.
    var isPrivate: Bool { groups.values.allSatisfy(\.isEmpty) && submission.isEmpty }

    /// True when nobody but root and the own user may submit anything.
    var isSubmissionPrivate: Bool { groups[.submit]?.isEmpty ?? true && submission.isEmpty }

    /// The groups whose members may submit something.
    var submissionGroups: Set<gid_t> { submission.groups.union(groups[.submit] ?? []) }

    /// True when the asker may ask this, of one object at least.
    func allow(_ right: ControlRight, to asker: Asker) -> Bool {
        if mayAsk(right, asker) { return true }
        return right == .submit && asker.user != uplinkUser && submission.name(asker)
    }

    /// True when the asker may submit results of this object, if it is not checked here.
    func allow(resultOf object: ObjectName, from asker: Asker) -> Bool {
        if mayAsk(.submit, asker) { return true }
        return asker.user != uplinkUser && submission.allow(object, to: asker)
    }

    /// True for root and the daemon's own user.
    func isOwner(_ asker: Asker) -> Bool {
        asker.user != uplinkUser && (asker.user == 0 || asker.user == ownUser)
    }

    /// True when the asker may ask this of all objects.
    private func mayAsk(_ right: ControlRight, _ asker: Asker) -> Bool {
        if asker.user == uplinkUser { return false }
        if isOwner(asker) { return true }
        return !asker.groups.isDisjoint(with: groups[right] ?? [])
    }

    /// True when there is nothing that the asker may ask.
    func isStranger(_ asker: Asker) -> Bool {
        !ControlRight.allCases.contains { allow($0, to: asker) }
    }
}
