import Foundation

/// Why the host's user database cannot say who a user is.
struct UserFault: Error, Hashable, CustomStringConvertible {
    let user: uid_t
    let code: Int32

    var description: String {
        """
        The user database cannot say now which groups the user with uid \(user) has: \
        \(String(cString: strerror(code))). What that user dropped waits. Look after the services \
        that nsswitch.conf names.
        """
    }
}

/// The users that this host knows, wherever nsswitch.conf has them looked up.
///
/// All functions work on the calling thread and may take as long as these services do.
enum UserDatabase {
    /// A user's name and main group.
    struct Entry: Sendable, Hashable {
        var name: String
        var group: gid_t
    }

    /// As `getpwuid_r`.
    typealias Ask = (
        uid_t, UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32
    /// Whether a group can be looked up: 0 or why not.
    typealias AskGroup = (gid_t) -> Int32

    /// Bytes of a user's longest entry.
    ///
    /// 1 MiB: sixteen times what any directory service lets a user have.
    private static let longestEntry = 1 << 20
    /// Bytes for a group whose members are of no interest.
    private static let groupSize = 16_384
    /// How many groups are asked for at first, and the kernel's own limit.
    private static let groupCount = 64
    private static let groupLimit = 65_536

    /// The user with this number; nil for one that surely is none.
    static func entry(
        of user: uid_t, asking ask: Ask = { getpwuid_r($0, $1, $2, $3, $4) }
    ) throws(UserFault) -> Entry? {
        do throws(LookUpFailure) {
            return try EntryBuffer.entry(longest: longestEntry) { buffer in
                var entry = passwd()
                var found: UnsafeMutablePointer<passwd>?
                let status = ask(user, &entry, &buffer, buffer.count, &found)
                guard status == 0, found != nil, let name = entry.pw_name else {
                    return (status, nil)
                }
                return (status, Entry(name: String(cString: name), group: entry.pw_gid))
            }
        } catch {
            throw UserFault(user: user, code: error.code)
        }
    }

    /// The owner of a file as a submitter: the user with all groups that the database lists.
    ///
    /// A number that surely is no user's has no groups. Root and the daemon's own user may submit
    /// everything whatever their groups are, so they need not be known.
    ///
    /// - Parameter granting: groups whose members may submit. The list of a user's groups is short,
    ///   and says so nowhere, while a service does not answer; so each that is not in it must be
    ///   one that can be looked up now.
    static func submitter(
        _ user: uid_t, granting: Set<gid_t> = [],
        asking ask: Ask = { getpwuid_r($0, $1, $2, $3, $4) },
        askingGroup askGroup: AskGroup = Self.askGroup
    ) throws(UserFault) -> SubmissionDesk.Submitter {
        let entry: Entry?
        do throws(UserFault) {
            entry = try self.entry(of: user, asking: ask)
        } catch {
            guard user == 0 || user == geteuid() else { throw error }
            entry = nil
        }
        var groups: Set<gid_t> = []
        if let entry {
            groups = try self.groups(of: user, entry)
            for group in granting.subtracting(groups) where user != 0 && user != geteuid() {
                let status = askGroup(group)
                guard status == 0 else { throw UserFault(user: user, code: status) }
            }
        }
        return SubmissionDesk.Submitter(
            asker: ControlRights.Asker(user: user, groups: groups),
            name: entry?.name ?? "\(user)")
    }

    private static func askGroup(_ number: gid_t) -> Int32 {
        var buffer = [CChar](repeating: 0, count: groupSize)
        while true {
            var entry = group()
            var found: UnsafeMutablePointer<group>?
            switch getgrgid_r(number, &entry, &buffer, buffer.count, &found) {
            case EINTR: continue
            // It is there, with more members than there is room for.
            case ERANGE: return 0
            case let status: return status
            }
        }
    }

    private static func groups(of user: uid_t, _ entry: Entry) throws(UserFault) -> Set<gid_t> {
        var size = groupCount
        while true {
            var groups = [gid_t](repeating: entry.group, count: size)
            var count = Int32(size)
            if getgrouplist(entry.name, entry.group, &groups, &count) >= 0 {
                return Set(groups.prefix(max(0, Int(count))))
            }
            guard size < groupLimit else { throw UserFault(user: user, code: ERANGE) }
            size = min(max(size * 2, Int(count)), groupLimit)
        }
    }
}
