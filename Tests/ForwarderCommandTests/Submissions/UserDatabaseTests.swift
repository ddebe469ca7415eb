import Foundation
import Testing

@testable import ForwarderCommand

/// Who a user is, or that nobody can say now; never that somebody has no groups for want of an
/// answer.
@Suite struct UserDatabaseTests {
    private static let nobody: uid_t = 4_000_321

    @Test func `a user has a name and groups, and a number that is nobody's has none`() throws {
        let root = try UserDatabase.submitter(0)
        #expect(root.name == "root" && root.asker.groups.contains(0))
        let unknown = try UserDatabase.submitter(Self.nobody)
        #expect(unknown.name == "\(Self.nobody)" && unknown.asker.groups.isEmpty)
        #expect(try UserDatabase.entry(of: Self.nobody) == nil)
    }

    @Test(arguments: [EIO, ENOENT, ETIMEDOUT, EMFILE])
    func `a database that does not answer is a fault, but for who needs no groups`(
        _ code: Int32
    ) throws {
        #expect(throws: UserFault(user: Self.nobody, code: code)) {
            try UserDatabase.submitter(Self.nobody, asking: { _, _, _, _, _ in code })
        }
        let root = try UserDatabase.submitter(0, asking: { _, _, _, _, _ in code })
        #expect(root.asker == ControlRights.Asker(user: 0, groups: []))
    }

    @Test func `a group that gives rights and cannot be looked up now is a fault`() throws {
        let daemon = try #require(getpwnam("daemon")).pointee
        var asked: Set<gid_t> = []
        let granting: Set<gid_t> = [daemon.pw_gid, 4_000_322]
        #expect(throws: UserFault(user: daemon.pw_uid, code: EIO)) {
            try UserDatabase.submitter(
                daemon.pw_uid, granting: granting,
                askingGroup: { group in
                    asked.insert(group)
                    return EIO
                })
        }
        #expect(asked == [4_000_322], "the user is known to have the other one")
        let known = try UserDatabase.submitter(daemon.pw_uid, granting: granting)
        #expect(known.name == "daemon" && known.asker.groups.contains(daemon.pw_gid))
        let root = try UserDatabase.submitter(0, granting: granting, askingGroup: { _ in EIO })
        #expect(root.name == "root", "who needs no groups")
    }

    @Test func `a long entry gets a longer buffer, up to a bound`() throws {
        var sizes: [Int] = []
        let entry = try UserDatabase.entry(of: 0) { user, entry, buffer, size, found in
            sizes.append(size)
            guard size >= 100_000 else { return ERANGE }
            return getpwuid_r(user, entry, buffer, size, found)
        }
        #expect(entry?.name == "root" && sizes == [16_384, 32_768, 65_536, 131_072])
        sizes = []
        #expect(throws: UserFault(user: 0, code: ERANGE)) {
            try UserDatabase.entry(of: 0) { _, _, _, size, _ in
                sizes.append(size)
                return ERANGE
            }
        }
        #expect(sizes.last == 1 << 20)
    }
}
