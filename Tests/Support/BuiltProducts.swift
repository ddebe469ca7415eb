package import Foundation

/// Where this run's build put what it made.
package enum BuiltProducts {
    /// The folder with the executables, and a `Target.build` folder of objects for each target.
    package static var folder: URL {
        get throws {
            var folder = try testExecutable().deletingLastPathComponent()
            for _ in 0..<4 {
                if FileManager.default.fileExists(atPath: folder.path + "/forwarder") {
                    return folder
                }
                folder.deleteLastPathComponent()
            }
            throw SupportFault("no `forwarder` beside the tests; build with `swift build`")
        }
    }

    /// The daemon and command line.
    package static var forwarder: String {
        get throws { try folder.appendingPathComponent("forwarder").path }
    }

    /// The network process.
    package static var uplink: String {
        get throws { try folder.appendingPathComponent("forwarder-uplink").path }
    }

    /// The library that breaks the disk below a program; see ``BrokenDisk``.
    package static var brokenDisk: String {
        get throws { try folder.appendingPathComponent("libBrokenDisk.so").path }
    }

    /// The library that puts an attacker into a running uplink (Tests/CUplinkProbe).
    package static var uplinkProbe: String {
        get throws { try folder.appendingPathComponent("libUplinkProbe.so").path }
    }

    /// The repository that this file belongs to.
    package static var repository: URL {
        URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    private static func testExecutable() throws -> URL {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        // The runner of older toolchains loads the tests; then they are among the arguments.
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        return URL(fileURLWithPath: bundle ?? path).resolvingSymlinksInPath()
    }
}
