internal import Glibc
internal import Logging

/// Which state of the key files a process read, noted in a file, so that a later process can tell
/// whether it was another one: the first has given up all files by then.
///
/// Holds numbers, sizes and times of files and none of their bytes.
package struct KeyRecord {
    private let path: String
    private let identities: [UplinkArguments.Identity]

    /// The record at this path, of these files.
    package init(path: String, identities: [UplinkArguments.Identity]) {
        self.path = path
        self.identities = identities
    }

    /// Notes the files as they are; to be called before they are read, so that what changes
    /// meanwhile counts as changed.
    package func write() {
        let bytes = Array(state.utf8)
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        defer { if file >= 0 { close(file) } }
        guard file >= 0, Glibc.write(file, bytes, bytes.count) == bytes.count else {
            let why = String(cString: strerror(errno))
            Logger(label: "uplink").warning(
                "keys not noted, each reload ends the connections",
                metadata: ["path": "\(path)", "why": "\(why)"]
            )
            return
        }
    }

    /// True when the files are those that were noted.
    package var isCurrent: Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return false }
        defer { close(file) }
        let expected = Array(state.utf8)
        var bytes = [UInt8](repeating: 0, count: expected.count + 1)
        let count = read(file, &bytes, bytes.count)
        return count == expected.count && bytes.prefix(count) == expected[...]
    }

    /// Asks a process that serves to make room for one with the new keys.
    ///
    /// - Throws: `.renewal`.
    package static func ask(_ process: Int32) throws(ForwarderFault) {
        guard kill(process, SIGHUP) == 0 else {
            throw .renewal("process \(process): \(String(cString: strerror(errno)))")
        }
    }

    /// One line a file: its path, and what differs in any other state of it, or that it is not
    /// there.
    private var state: String {
        let files = identities.flatMap { [$0.certificate, $0.key, $0.authority] }
        return files.map { "\(Self.state(of: $0))\t\($0)\n" }.joined()
    }

    private static func state(of file: String) -> String {
        var status = stat()
        guard stat(file, &status) == 0 else { return "-" }
        let (written, changed) = (status.st_mtim, status.st_ctim)
        return [
            Int(status.st_dev), Int(status.st_ino), Int(status.st_size), written.tv_sec,
            written.tv_nsec, changed.tv_sec, changed.tv_nsec,
        ].map(String.init).joined(separator: " ")
    }
}

extension UplinkArguments {
    /// The record that was asked for.
    package var keyRecord: KeyRecord? {
        record.map { KeyRecord(path: $0, identities: identities) }
    }
}
