internal import CSpawn
internal import Glibc

/// The user that plugins run as where it is not the daemon's own.
///
/// A plugin gets that user's ids for real, effective and saved ones, its main group, its
/// supplementary groups and no others, no capability, and its name and home. The groups are looked
/// up once: a process between clone and exec may not ask a user database.
package struct PluginUser: Sendable, Hashable {
    /// Its name, for messages and the environment.
    package let name: String
    /// Its number; never root's.
    package let uid: UInt32
    /// Its main group.
    package let gid: UInt32
    /// All of its groups, the main one among them, as `initgroups` would set them.
    package let groups: [UInt32]
    /// Its home; `/` where the user database has none.
    package let home: String

    /// Most groups of a user.
    ///
    /// 65,536: the kernel's NGROUPS_MAX.
    private static let groupLimit: Int32 = 65_536

    /// A user with all its parts.
    package init(name: String, uid: UInt32, gid: UInt32, groups: [UInt32], home: String = "/") {
        self.name = name
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.home = home
    }

    /// Looks a user up.
    ///
    /// - Throws: `.unknown`, `.isRoot`, `.tooManyGroups`.
    package init(named name: String) throws(PluginUserFault) {
        guard let entry = getpwnam(name)?.pointee else { throw .unknown(name) }
        guard entry.pw_uid != 0 else { throw .isRoot(name) }
        let home = entry.pw_dir.map { String(cString: $0) } ?? ""
        self.init(
            name: name,
            uid: entry.pw_uid,
            gid: entry.pw_gid,
            groups: try Self.groups(of: name, main: entry.pw_gid),
            home: home.isEmpty ? "/" : home
        )
    }

    private static func groups(
        of name: String,
        main: gid_t
    ) throws(PluginUserFault) -> [UInt32] {
        var count: Int32 = 64
        while true {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let room = count
            if getgrouplist(name, main, &groups, &count) >= 0 {
                return Array(groups.prefix(Int(count)))
            }
            // The call says how many there are; one that does not gets more room all the same.
            count = max(count, room * 2)
            guard count <= groupLimit else { throw .tooManyGroups(name) }
        }
    }

    /// Makes sure that this process can run plugins as this user and end them in time.
    ///
    /// - Throws: `.isOwn`, `.rightsMissing`, `.refused`.
    package func requireRights() throws(PluginUserFault) {
        guard uid != geteuid() else { throw .isOwn(name) }
        let held = cspawn_capabilities()
        let missing = Self.neededCapabilities.filter { held >> $0.number & 1 == 0 }
        guard missing.isEmpty else {
            throw .rightsMissing(name, capabilities: missing.map(\.name))
        }
        let result = withIdentity { cspawn_try_identity($0) }
        guard result == 0 else { throw .refused(name, code: -result) }
    }

    /// What a process needs that is not root: the last to end what does not end by itself.
    ///
    /// - Source: linux/capability.h
    private static let neededCapabilities: [(name: String, number: UInt64)] = [
        ("CAP_SETGID", 6), ("CAP_SETUID", 7), ("CAP_KILL", 5),
    ]

    /// What a plugin finds of it in its environment.
    var variables: [String: String] { ["HOME": home, "USER": name, "LOGNAME": name] }

    /// The same for the kernel, for the time of the call.
    func withIdentity(_ body: (UnsafePointer<cspawn_identity>) -> Int32) -> Int32 {
        groups.withUnsafeBufferPointer { groups in
            var identity = cspawn_identity()
            identity.uid = uid
            identity.gid = gid
            identity.groups = groups.baseAddress
            identity.group_count = groups.count
            return body(&identity)
        }
    }
}
