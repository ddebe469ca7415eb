import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// What is named or piped in and is not what the command is for.
@Suite(.timeLimit(.minutes(10))) struct ForeignInputTests {
    private static func run(
        _ script: String, _ folder: TemporaryDirectory
    ) throws
        -> Command.Outcome
    {
        try Command.run(
            "bash", ["-c", script, BuiltProducts.forwarder], folder: folder.path)
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

    @Test func `render reads so much of its input and no more`() throws {
        let folder = try TemporaryDirectory("foreign")
        // Without the limit it would end by this one.
        let outcome = try Self.run(
            "ulimit -v 4000000; \"$0\" render --host web1 </dev/zero", folder)
        #expect(outcome.ending == .exited(1))
        #expect(outcome.output.isEmpty)
        #expect(
            outcome.errorText.hasPrefix(
                "forwarder render: Standard input has more than 64 MiB. Nothing was done."),
            "\(outcome.errorText.prefix(500))")
    }

    @Test func `render says why it cannot read its input`() throws {
        let folder = try TemporaryDirectory("foreign")
        let outcome = try Self.run("\"$0\" render --host web1 <.", folder)
        #expect(outcome.ending == .exited(1))
        #expect(
            outcome.errorText.contains("Standard input cannot be read: Is a directory."),
            "\(outcome.errorText.prefix(500))")
    }
}
