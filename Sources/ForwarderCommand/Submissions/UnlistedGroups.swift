import Foundation
import Monitoring

/// Finds users who may submit by a group that their process has but the user database does not
/// list for them, as `SupplementaryGroups=` and `sg` give it.
///
/// A file says only whose it is, so what such a user drops is refused, although the daemon took the
/// same over its socket. Each user is told of once.
struct UnlistedGroups: Sendable {
    /// Most users that are told of, and that wait to be looked up.
    ///
    /// 1,000: more than submit anything on one host.
    static let userLimit = 1000
    /// Objects of one batch that are looked at.
    ///
    /// 20: a user's objects mostly go by the same right.
    static let objectLimit = 20

    /// Whom a process's group gave the right to an object.
    struct Case: Sendable, Hashable {
        var submitter: SubmissionDesk.Submitter
        var object: ObjectName
    }

    private var waiting: [uid_t: Case] = [:]
    private var told: Set<uid_t> = []

    /// Who is to be looked up.
    var users: [uid_t] { waiting.keys.sorted() }

    /// Takes note of what a process submitted, if it may by a group.
    mutating func note(
        _ submitter: SubmissionDesk.Submitter, of objects: some Sequence<ObjectName>,
        _ rights: ControlRights
    ) {
        let user = submitter.asker.user
        guard waiting[user] == nil, !told.contains(user),
            waiting.count + told.count < Self.userLimit
        else { return }
        let alone = ControlRights.Asker(user: user, groups: [])
        let found = objects.prefix(Self.objectLimit).first { object in
            rights.allow(resultOf: object, from: submitter.asker)
                && !rights.allow(resultOf: object, from: alone)
        }
        if let found { waiting[user] = Case(submitter: submitter, object: found) }
    }

    /// Judges those who wait by what the database lists for them; returns who is to be told of.
    ///
    /// Who cannot be looked up now is noted again with the next batch.
    mutating func judge(by owners: FileOwners, _ rights: ControlRights) -> [Case] {
        defer { waiting = [:] }
        let unlisted = waiting.sorted { $0.key < $1.key }.map(\.value).filter { one in
            // lost on purpose: the next batch asks again
            guard let known = try? owners.submitter(one.submitter.asker.user) else { return false }
            return !rights.allow(resultOf: one.object, from: known.asker)
        }
        told.formUnion(unlisted.map(\.submitter.asker.user))
        return unlisted
    }
}
