package import ConfigLanguage
internal import Glibc

/// Where definitions are read from; enters by `init`.
package protocol DefinitionFileSystem: PathLookup {
    /// What the kernel says about a path, following links; nil when there is none.
    func facts(of path: String) -> FileFacts?
    /// Facts and content of one and the same open file.
    func open(_ path: String) throws(FileProblem) -> (facts: FileFacts, content: [UInt8])
}

/// Why a file could not be read.
package struct FileProblem: Error, Sendable {
    /// What went wrong, such as "Permission denied".
    package var reason: String
    /// True when there is no such file.
    package var isAbsent: Bool

    /// A problem with this reason.
    package init(reason: String, isAbsent: Bool = false) {
        self.reason = reason
        self.isAbsent = isAbsent
    }
}

/// The machine's own files.
package struct DiskFiles: DefinitionFileSystem {
    /// Largest file that is read; a larger one is refused.
    ///
    /// 16 MiB: no person writes that.
    package static let byteLimit = 16 << 20

    /// Reads from the root directory.
    package init() {}

    package func facts(of path: String) -> FileFacts? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return FileFacts(status)
    }

    package func open(
        _ path: String
    ) throws(FileProblem) -> (facts: FileFacts, content: [UInt8]) {
        // O_NONBLOCK: a FIFO must not hold the daemon
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.problem(errno) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.problem(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileProblem(reason: "it is not a regular file")
        }
        return (FileFacts(status), try Self.content(of: descriptor))
    }

    private static func content(of descriptor: Int32) throws(FileProblem) -> [UInt8] {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw problem(errno) }
            guard count > 0 else { return content }
            content.append(contentsOf: buffer[..<count])
            guard content.count <= byteLimit else {
                throw FileProblem(reason: "it is larger than \(byteLimit >> 20) MiB")
            }
        }
    }

    /// True when something has this path.
    package func exists(_ path: String) -> Bool { SystemPaths().exists(path) }

    /// The names in a directory.
    package func entries(of directory: String, limit: Int) throws(PathFault) -> [PathEntry] {
        try SystemPaths().entries(of: directory, limit: limit)
    }

    /// What a path is, following links.
    package func kind(of path: String) -> PathEntry.Kind? { SystemPaths().kind(of: path) }

    private static func problem(_ number: Int32) -> FileProblem {
        guard let text = unsafe strerror(number) else {
            return FileProblem(reason: "error \(number)")
        }
        return FileProblem(reason: unsafe String(cString: text), isAbsent: number == ENOENT)
    }
}

extension FileFacts {
    fileprivate init(_ status: stat) {
        self.init(
            owner: status.st_uid,
            permissions: status.st_mode & 0o7777,
            isDirectory: status.st_mode & S_IFMT == S_IFDIR,
            identity: FileIdentity(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        )
    }
}
