import Foundation

/// Who owns files, by the host's user database; each owner is looked up once.
///
/// One is made for each pass over the drop directory, so that a change of groups counts from the
/// next pass on.
struct FileOwners: Sendable {
    /// Looks a user up on the calling thread.
    typealias LookUp = @Sendable (uid_t) throws(UserFault) -> SubmissionDesk.Submitter

    /// The host's user database, where members of the groups that have rights now may submit.
    static func inDatabase(granting rights: RightsBoard) -> LookUp {
        { (user) throws(UserFault) in
            try UserDatabase.submitter(user, granting: rights.current.submissionGroups)
        }
    }

    private let lookUp: LookUp
    private var known: [uid_t: Result<SubmissionDesk.Submitter, UserFault>] = [:]

    init(_ lookUp: @escaping LookUp) { self.lookUp = lookUp }

    /// Looks up those that are not known yet, on a thread that may wait.
    mutating func know(_ owners: some Sequence<uid_t>) async {
        let missing = Set(owners).filter { known[$0] == nil }
        guard !missing.isEmpty else { return }
        let lookUp = lookUp
        let found = await OwnThread.run {
            missing.map { owner -> (uid_t, Result<SubmissionDesk.Submitter, UserFault>) in
                do throws(UserFault) {
                    return (owner, .success(try lookUp(owner)))
                } catch {
                    return (owner, .failure(error))
                }
            }
        }
        known.merge(found) { $1 }
    }

    /// Who an owner is; nil for one that was not looked up.
    func submitter(_ owner: uid_t) throws(UserFault) -> SubmissionDesk.Submitter? {
        try known[owner]?.get()
    }

    /// What an owner is called; the number for one that has no name or was not looked up.
    func name(of owner: uid_t) -> String {
        if case .success(let submitter) = known[owner] { return submitter.name }
        return "\(owner)"
    }
}
