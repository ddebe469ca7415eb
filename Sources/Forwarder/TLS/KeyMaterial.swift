#if canImport(Glibc)
    internal import Glibc
#endif

/// Certificate, key and CA of one identity, read into memory while files can still be read.
///
/// The bytes are PEM and not yet judged; ``TLSContext`` does that.
package struct KeyMaterial: Sendable {
    /// The name under which nodes refer to it.
    package let name: String
    /// Where the certificate came from and what it holds.
    let certificate: PEMFile
    /// Where the private key came from and what it holds.
    let key: PEMFile
    /// Where the CA came from and what it holds.
    let authority: PEMFile

    /// Reads the three files and checks who owns them and who may read them.
    ///
    /// - Throws: `.file` with the path and what to change.
    package init(
        name: String,
        certificate: String,
        key: String,
        authority: String
    ) throws(ForwarderFault) {
        try self.init(
            name: name,
            certificate: certificate,
            key: key,
            authority: authority,
            readBy: .current
        )
    }

    /// The same, where the files are judged for another reader than the process as it is now.
    init(
        name: String,
        certificate: String,
        key: String,
        authority: String,
        readBy reader: PEMFile.Reader
    ) throws(ForwarderFault) {
        self.name = name
        self.certificate = try PEMFile(reading: certificate, as: .open, readBy: reader)
        self.key = try PEMFile(reading: key, as: .secret, readBy: reader)
        self.authority = try PEMFile(reading: authority, as: .open, readBy: reader)
    }
}

/// The bytes of one PEM file and its path for messages.
struct PEMFile: Sendable {
    /// Who may read a file.
    enum Secrecy {
        /// Everybody.
        case open
        /// Its owner, and its group if that is root's or the reader's own.
        case secret
    }

    /// As whom a file is read: the process's effective user and group.
    struct Reader {
        var user: uid_t
        var group: gid_t

        /// This process as it is now.
        static var current: Reader { Reader(user: geteuid(), group: getegid()) }

        /// Root that will become `user`: the key may be for the group of that one.
        static func before(becoming user: String?) -> Reader {
            // lost on purpose: an unknown user is complained about where it is to be become
            guard geteuid() == 0, let user, let ids = try? ProcessUser.find(user) else {
                return .current
            }
            return Reader(user: geteuid(), group: ids.group)
        }
    }

    /// Most bytes of a file.
    ///
    /// 1 MiB: a chain of hundreds of certificates; a longer file is refused.
    static let byteLimit = 1 << 20

    let path: String
    let bytes: [UInt8]

    init(
        reading path: String,
        as secrecy: Secrecy,
        readBy reader: Reader = .current
    ) throws(ForwarderFault) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw .file(path: path, problem: Self.reason()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .file(path: path, problem: Self.reason())
        }
        if let problem = Self.objection(to: status, as: secrecy, readBy: reader) {
            throw .file(path: path, problem: problem)
        }
        self.path = path
        self.bytes = try Self.read(descriptor, path: path)
    }

    /// What is wrong with a file's kind, owner or mode; nil when it may be used.
    static func objection(to status: stat, as secrecy: Secrecy, readBy reader: Reader) -> String? {
        let mode = status.st_mode
        guard mode & S_IFMT == S_IFREG else { return "is not a regular file" }
        guard status.st_uid == 0 || status.st_uid == reader.user else {
            return "belongs to user \(status.st_uid), who could replace it; chown it to root"
        }
        guard mode & 0o022 == 0 else {
            return "can be written by group or others, who could replace it; chmod go-w it"
        }
        guard secrecy == .secret else { return nil }
        guard mode & 0o007 == 0 else {
            return "is a private key that everybody may use (mode \(octal(mode))); chmod 0600 it "
                + "and replace the key: consider it known"
        }
        let isOurGroup = status.st_gid == 0 || status.st_gid == reader.group
        guard mode & 0o070 == 0 || (isOurGroup && mode & 0o010 == 0) else {
            return "is a private key that group \(status.st_gid) may use (mode \(octal(mode))); "
                + "chmod 0600 it, or chmod 0640 it and chgrp it to root or to the group that "
                + "reads it (\(reader.group)). Replace the key if that group holds strangers"
        }
        return nil
    }

    private static func octal(_ mode: mode_t) -> String {
        let digits = String(mode & 0o7777, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    private static func read(
        _ descriptor: Int32,
        path: String
    ) throws(ForwarderFault) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = chunk.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw .file(path: path, problem: reason())
            }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= byteLimit else {
                throw .file(path: path, problem: "is longer than 1 MiB; this is no PEM file")
            }
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
