/// How a session reads files; tests and `validate` of a reload give their own.
public protocol ConfigFileReader: Sendable {
    /// The whole content of a file.
    func read(_ path: String) throws(ConfigFault) -> [UInt8]
    /// The regular files that match a shell pattern, sorted by name; without a pattern character
    /// the path itself if it exists.
    func files(matching pattern: String) -> [String]
    /// The regular files below a directory whose names match a shell pattern, sorted.
    func files(below directory: String, matching pattern: String) -> [String]
}
