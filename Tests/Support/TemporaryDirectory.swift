package import Foundation

/// A folder of its own for one test; it and all below it go when the last reference goes.
package final class TemporaryDirectory: Sendable {
    /// Where it is.
    package let url: URL

    /// Makes an empty folder that only this user may enter.
    package init(_ purpose: String = "test") throws {
        let name = "forwarder-\(purpose)-\(UUID().uuidString.prefix(13))"
        url = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: url,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit {
        // lost on purpose: what cannot be removed from /tmp harms no test
        try? FileManager.default.removeItem(at: url)
    }

    /// Its path.
    package var path: String { url.path }

    /// The path of something below it.
    package func path(_ relative: String) -> String { url.appendingPathComponent(relative).path }

    /// Writes a file below it, with the folders above that, and returns its path.
    @discardableResult
    package func write(_ text: String, to relative: String, mode: Int = 0o600) throws -> String {
        let file = url.appendingPathComponent(relative)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        guard mode & 0o111 != 0 else {
            try Data(text.utf8).write(to: file)
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: file.path)
            return file.path
        }
        // Another process writes a program: a child that is being started elsewhere may hold a copy
        // of a descriptor of ours, and nobody can run the file as long.
        let draft = try write(text, to: relative + ".draft")
        try Command.require("install", ["-m", String(mode, radix: 8), draft, file.path])
        try FileManager.default.removeItem(atPath: draft)
        return file.path
    }

    /// Makes a folder below it and returns its path.
    @discardableResult
    package func makeFolder(_ relative: String) throws -> String {
        let folder = url.appendingPathComponent(relative)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.path
    }
}
