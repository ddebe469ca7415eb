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
    /// Names without an answer: of groups, of whom Submitter objects name, of the uplink's user.
    private let unanswered: [ControlRight: [NameFault]]
    private let uplinkFault: NameFault?

    /// Rights by numbers.
    init(
        ownUser: uid_t = geteuid(), uplinkUser: uid_t? = nil,
        groups: [ControlRight: Set<gid_t>] = [:], submission: SubmissionRights = SubmissionRights(),
        unanswered: [ControlRight: [NameFault]] = [:], uplinkFault: NameFault? = nil
    ) {
        self.unanswered = unanswered
        self.uplinkFault = uplinkFault
        self.submission = submission
        self.ownUser = ownUser
        self.uplinkUser = uplinkUser == ownUser ? nil : uplinkUser
        self.groups = groups
    }

    /// The rights that `forwarder.conf` gives; what has no answer just now gives none yet.
    ///
    /// - Throws: when it names a user or a group that surely is not there.
    init(
        _ configuration: ForwarderConfiguration, by lookUp: NameLookUp = .ofThisHost
    ) throws(ControlFault) {
        var groups: [ControlRight: Set<gid_t>] = [:]
        var unanswered: [ControlRight: [NameFault]] = [:]
        for (right, names) in configuration.controlGroups {
            for name in names {
                let number: gid_t?
                do throws(NameFault) {
                    number = try lookUp.group(name)
                } catch {
                    unanswered[right, default: []].append(error)
                    continue
                }
                guard let number else {
                    throw ControlFault(
                        description: """
                            The Control object's \(right.attribute) name the group '\(name)', \
                            which is not on this host. The daemon does not start with it. Make \
                            the group, or take it out.
                            """)
                }
                groups[right, default: []].insert(number)
            }
        }
        var uplink: uid_t?
        var uplinkFault: NameFault?
        do throws(NameFault) {
            if let name = configuration.uplink.user { uplink = try lookUp.user(name) }
        } catch {
            uplinkFault = error
        }
        let submission = try SubmissionRights(configuration.submitters, by: lookUp)
        if !submission.unanswered.isEmpty {
            unanswered[.submit, default: []] += submission.unanswered
        }
        self.init(
            uplinkUser: uplink, groups: groups, submission: submission, unanswered: unanswered,
            uplinkFault: uplinkFault)
    }

    /// True when all names have an answer.
    var isWhole: Bool { uplinkFault == nil && unanswered.isEmpty }

    /// Whether a name without an answer may be what gives this right to somebody.
    func mayStillAllow(_ right: ControlRight, to asker: Asker) -> Bool {
        guard asker.user != uplinkUser else { return false }
        return uplinkFault != nil || unanswered[right] != nil
    }

    /// Which names have no answer, and what that means; nil when all have one.
    var complaint: String? {
        guard !isWhole else { return nil }
        let faults = unanswered.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap(\.value)
        let names = (faults + [uplinkFault].compactMap { $0 }).map(\.description)
        return """
            The host's name services cannot say now who these of forwarder.conf are: \
            \(names.joined(separator: ", ")). They give no right yet, results that these may give \
            a right to wait in the drop directory, and all are looked up again every 5 s. Look \
            after the services that nsswitch.conf names.
            """
    }

    /// True when nobody but root and the own user may ask anything.
    var isPrivate: Bool {
        groups.values.allSatisfy(\.isEmpty) && submission.isEmpty && unanswered.isEmpty
    }

    /// True when nobody but root and the own user may submit anything.
    var isSubmissionPrivate: Bool {
        groups[.submit]?.isEmpty ?? true && submission.isEmpty && unanswered[.submit] == nil
    }

    /// The groups whose members may submit something.
    var submissionGroups: Set<gid_t> { submission.groups.union(groups[.submit] ?? []) }

    /// True when the asker may ask this, of one object at least.
    func allow(_ right: ControlRight, to asker: Asker) -> Bool {
        if mayAsk(right, asker) { return true }
        return right == .submit && !mayBeUplink(asker) && submission.name(asker)
    }

    /// True when the asker may submit results of this object, if it is not checked here.
    func allow(resultOf object: ObjectName, from asker: Asker) -> Bool {
        if mayAsk(.submit, asker) { return true }
        return !mayBeUplink(asker) && submission.allow(object, to: asker)
    }

    /// True for the uplink's user, and for anybody while it has no answer who that is.
    private func mayBeUplink(_ asker: Asker) -> Bool {
        uplinkFault != nil || asker.user == uplinkUser
    }

    /// True for root and the daemon's own user.
    func isOwner(_ asker: Asker) -> Bool {
        asker.user != uplinkUser && (asker.user == 0 || asker.user == ownUser)
    }

    /// True when the asker may ask this of all objects.
    private func mayAsk(_ right: ControlRight, _ asker: Asker) -> Bool {
        if asker.user == uplinkUser { return false }
        if isOwner(asker) { return true }
        return uplinkFault == nil && !asker.groups.isDisjoint(with: groups[right] ?? [])
    }

    /// True when there is nothing that the asker may ask, or may once all names have an answer.
    func isStranger(_ asker: Asker) -> Bool {
        !ControlRight.allCases.contains { allow($0, to: asker) || mayStillAllow($0, to: asker) }
    }
}
