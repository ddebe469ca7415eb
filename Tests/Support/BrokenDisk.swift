import Foundation

/// A disk that refuses all changes while a test says so, for another program that runs on it.
///
/// A small library (Tests/CBrokenDisk) is loaded before the program. Everybody else sees a sound
/// disk.
package final class BrokenDisk: Sendable {
    private let folder: TemporaryDirectory
    private let place: String
    private let library: String

    /// Prepares it for what is below a folder; it is sound at first.
    package init(below path: String) throws {
        library = try BuiltProducts.brokenDisk
        guard FileManager.default.fileExists(atPath: library) else {
            throw SupportFault("\(library) was not built")
        }
        place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        folder = try TemporaryDirectory("broken-disk")
        try folder.write(String(repeating: "\0", count: 16), to: "control")
    }

    /// What a program needs in its environment.
    package var environment: [String: String] {
        [
            "LD_PRELOAD": library, "BROKEN_DISK_FOLDER": place,
            "BROKEN_DISK_CONTROL": folder.path("control"),
        ]
    }

    /// Throws when no program has loaded the library: nothing would break.
    package func requireLoaded() throws {
        guard try control()[4] == 1 else {
            throw SupportFault("the program did not load \(library)")
        }
    }

    /// Refuses every change from now on, with this errno.
    package func refuse(with error: Int32) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path("control")))
        try file.write(contentsOf: withUnsafeBytes(of: error) { Data($0) })
        try file.close()
    }

    /// Refuses nothing from now on.
    package func heal() throws { try refuse(with: 0) }

    /// How many changes were refused so far.
    package func refusals() throws -> Int {
        try control()[8..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private func control() throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: folder.path("control")))
    }
}
