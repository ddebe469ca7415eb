internal import Glibc

/// How a session reads files; tests give their own.
public protocol ConfigFileReader: Sendable {
    /// The whole content of a file.
    func read(_ path: String) throws(ConfigFault) -> [UInt8]
    /// The files that match a shell pattern, sorted by name, or why they cannot be found.
    func files(matching pattern: String) throws(ConfigFault) -> [String]
    /// The files below a directory whose names match a shell pattern, sorted, or why they cannot be
    /// found.
    func files(
        below directory: String,
        matching pattern: String
    ) throws(ConfigFault) -> [String]
}

/// Reads from the file system.
public struct SystemFileReader: ConfigFileReader {
    /// Largest file that is read: 16 MiB, beyond any definitions; larger ones are an error.
    private static let largestFile = 16 << 20

    /// Reads with the rights of the process.
    public init() {}

    /// The whole content of a regular file.
    public func read(_ path: String) throws(ConfigFault) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw unreadable(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(Diagnostic("'\(path)' is not a regular file; it is not read."))
        }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            guard count > 0 else { return content }
            content += chunk[..<count]
            guard content.count <= Self.largestFile else {
                throw .unreadable(
                    Diagnostic("'\(path)' is larger than \(Self.largestFile >> 20) MiB.")
                )
            }
        }
    }

    private func unreadable(_ path: String, _ code: Int32) -> ConfigFault {
        let reason = unsafe String(cString: strerror(code))
        return .unreadable(Diagnostic("'\(path)' cannot be read: \(reason)."))
    }

    /// The files that match a shell pattern; see ``PathLookup/files(matching:)``.
    public func files(matching pattern: String) throws(ConfigFault) -> [String] {
        try SystemPaths().files(matching: pattern)
    }

    /// The files below a directory; see ``PathLookup/files(below:matching:)``.
    public func files(
        below directory: String,
        matching pattern: String
    ) throws(ConfigFault) -> [String] {
        try SystemPaths().files(below: directory, matching: pattern)
    }
}
