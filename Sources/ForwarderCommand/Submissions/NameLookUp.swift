import Foundation
import Monitoring

/// Why the host's name services cannot say whether there is a user or a group of this name.
struct NameFault: Error, Hashable, CustomStringConvertible {
    let name: String
    let code: Int32

    var description: String { "'\(name.printable)' (\(String(cString: strerror(code))))" }
}

/// Numbers of users and groups by their names, wherever nsswitch.conf has them looked up.
///
/// Looks up on the calling thread, and may take as long as these services do.
struct NameLookUp: Sendable {
    /// A name's number; nil for one that surely is not on this host.
    typealias Ask = @Sendable (String) throws(NameFault) -> UInt32?

    var user: Ask
    var group: Ask

    /// Bytes of the longest entry.
    ///
    /// 16 MiB: a group with a million members.
    private static let longestEntry = 16 << 20

    /// This host's.
    static let ofThisHost = NameLookUp(
        user: { (name) throws(NameFault) in
            try number(of: name) { buffer in
                var entry = passwd()
                var found: UnsafeMutablePointer<passwd>?
                let status = getpwnam_r(name, &entry, &buffer, buffer.count, &found)
                return (status, found == nil ? nil : entry.pw_uid)
            }
        },
        group: { (name) throws(NameFault) in
            try number(of: name) { buffer in
                var entry = Glibc.group()
                var found: UnsafeMutablePointer<Glibc.group>?
                let status = getgrnam_r(name, &entry, &buffer, buffer.count, &found)
                return (status, found == nil ? nil : entry.gr_gid)
            }
        })

    /// Asks until there is an answer or a fault.
    static func number(
        of name: String, asking ask: (inout [CChar]) -> (status: Int32, number: UInt32?)
    ) throws(NameFault) -> UInt32? {
        do throws(LookUpFailure) {
            return try EntryBuffer.entry(longest: longestEntry) { buffer in
                let answer = ask(&buffer)
                return (answer.status, answer.number)
            }
        } catch {
            throw NameFault(name: name, code: error.code)
        }
    }
}
