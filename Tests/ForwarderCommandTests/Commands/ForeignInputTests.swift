import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// What is named or piped in and is not what the command is for.
@Suite(.timeLimit(.minutes(2))) struct ForeignInputTests {
    private static func run(
        _ script: String, _ folder: TemporaryDirectory
    ) throws
        -> Command.Outcome
    {
        try Command.run(
            "bash", ["-c", script, BuiltProducts.forwarder], folder: folder.path,
            patience: .seconds(20))
    }

    @Test(arguments: ["export", "check"], ["a FIFO", "a directory", "a device", "a socket"])
    func `queue reads a regular file and waits for nothing else`(
        command: String, kind: String
    ) throws {
        let folder = try TemporaryDirectory("foreign")
        try Command.require("mkfifo", [folder.path("a FIFO")])
        try folder.makeFolder("a directory")
        let socket = try ControlSocket.listen(path: folder.path("a socket"))
        let path = kind == "a device" ? "/dev/zero" : folder.path(kind)
        let outcome = try Self.run("\"$0\" queue \(command) --file '\(path)'", folder)
        #expect(outcome.ending == .exited(1))
        #expect(outcome.output.isEmpty)
        let words = "\(path) is \(kind)"
        #expect(outcome.errorText.contains(words), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("no spool file"), "\(outcome.errorText)")
        withExtendedLifetime(socket) {}
    }
}
