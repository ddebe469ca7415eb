import Foundation

/// Files of the kernel, as those below `/proc`.
package enum KernelFile {
    /// The whole text of one.
    ///
    /// By handle: such a file has no length, and what reads it as one that has gets 4 KiB.
    package static func text(_ path: String) throws -> String {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    }
}
