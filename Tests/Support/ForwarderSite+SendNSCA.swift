package import Foundation

/// The program under its other name.
extension ForwarderSite {
    /// Starts `send_nsca` on this site, with these records on its standard input.
    package func startSendNSCA(_ arguments: [String] = [], _ input: Data) throws -> ChildProcess {
        var environment = ProcessInfo.processInfo.environment
        environment["FORWARDER_CONFIG"] = configurationPath
        return try ChildProcess(
            sendNSCA, arguments, environment: environment, input: input)
    }

    /// Files that wait in the drop directory.
    package func droppedFiles() -> [String] {
        // lost on purpose: no directory yet reads as empty
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path("drop"))) ?? []
    }

    /// A link of that name to the built program.
    private var sendNSCA: String {
        get throws {
            let path = folder.path("send_nsca")
            if !FileManager.default.fileExists(atPath: path) {
                try FileManager.default.createSymbolicLink(
                    atPath: path, withDestinationPath: BuiltProducts.forwarder)
            }
            return path
        }
    }
}
