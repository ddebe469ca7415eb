internal import Glibc

/// How a session reads files; tests give their own.
public protocol ConfigFileReader: Sendable {
    /// The whole content of a file.
    func read(_ path: String) throws(ConfigFault) -> [UInt8]
    /// The files that match a shell pattern, sorted by name.
    func files(matching pattern: String) -> [String]
    /// The files below a directory whose names match a shell pattern, sorted.
    func files(below directory: String, matching pattern: String) -> [String]
}

/// Reads from the file system.
public struct SystemFileReader: ConfigFileReader {
    /// Largest file that is read: 16 MiB, beyond any definitions; larger ones are an error.
    private static let largestFile = 16 << 20
    /// Deepest directory that is searched: 32 levels, so that links cannot lead in circles.
    private static let deepestDirectory = 32

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

    /// The files that match a shell pattern, sorted by name.
    public func files(matching pattern: String) -> [String] {
        Self.glob(pattern).filter { Self.kind(of: $0) == S_IFREG }
    }

    /// The files below a directory whose names match a shell pattern, sorted.
    public func files(below directory: String, matching pattern: String) -> [String] {
        var found: [String] = []
        search(directory, pattern, depth: 0, into: &found)
        return found.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    private func search(
        _ directory: String,
        _ pattern: String,
        depth: Int,
        into found: inout [String]
    ) {
        guard depth < Self.deepestDirectory, let handle = unsafe opendir(directory) else { return }
        defer { unsafe closedir(handle) }
        while let entry = unsafe readdir(handle) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            guard name != ".", name != ".." else { continue }
            let path = directory + "/" + name
            switch Self.kind(of: path) {
            case S_IFDIR: search(path, pattern, depth: depth + 1, into: &found)
            case S_IFREG where unsafe fnmatch(pattern, name, 0) == 0: found.append(path)
            default: break
            }
        }
    }

    private static func kind(of path: String) -> mode_t? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return status.st_mode & S_IFMT
    }

    static func glob(_ pattern: String) -> [String] {
        var result = unsafe glob_t()
        defer { unsafe globfree(&result) }
        guard unsafe Glibc.glob(pattern, 0, nil, &result) == 0 else { return [] }
        var paths: [String] = []
        for index in 0..<Int(unsafe result.gl_pathc) {
            if let path = unsafe result.gl_pathv[index] {
                paths.append(unsafe String(cString: path))
            }
        }
        return paths
    }
}
