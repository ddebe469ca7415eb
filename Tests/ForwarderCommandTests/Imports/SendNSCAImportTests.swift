import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// send_nsca.cfg: what counts here, and what no longer does.
@Suite struct SendNSCAImportTests {
    private static let text = """
        # identity = "commented"
        identity = "web-checker"
          password='8a5UMsMzZhu6'
        server = "monitoring.example.com" # there
        delay=2
        timeout = \\
          10
        bogus = 1
        legacy_2_7_mode=true
        """

    @Test func `each setting is said to count or not, and why`() {
        let outcome = SendNSCAImport(Array(Self.text.utf8), path: "send_nsca.cfg").outcome
        for (line, words) in [
            (2, "identity means nothing: the kernel says which user"),
            (3, "password means nothing"), (4, "server means nothing"), (5, "delay counts"),
            (6, "timeout counts"), (9, "legacy_2_7_mode means nothing"),
        ] { #expect(outcome.text.contains("// send_nsca.cfg:\(line): \(words)"), "\(line)") }
        #expect(outcome.notes.map(\.place.line) == [8])
        #expect(!outcome.text.contains("send_nsca.cfg:7:"), "it goes on the line before")
        for secret in ["8a5UMsMzZhu6", "web-checker", "example.com"] {
            #expect(!outcome.text.contains(secret), "\(secret)")
        }
    }

    @Test func `it reads a file as send_nsca does`() {
        let text = "password=my secret\ntime\\\nout = 0x10 # s\ndelay = soon\n"
        let outcome = SendNSCAImport(Array(text.utf8), path: "f").outcome
        #expect(outcome.text.contains("// f:1: password means nothing"))
        #expect(outcome.text.contains("// f:2: timeout counts"))
        #expect(
            outcome.notes.map(\.description).map { $0.hasPrefix("f:4: The value of") } == [true])
    }

    @Test func `everything it prints is a comment, whatever the file has`() throws {
        let bytes = (0...255).map(UInt8.init) + Array("\nx\u{2028}y = 1\nobject Host = 2".utf8)
        let outcome = SendNSCAImport(bytes, path: "send_nsca.cfg").outcome
        #expect(outcome.text.split(separator: "\n").allSatisfy { $0.hasPrefix("// ") })
        let folder = try TemporaryDirectory("send")
        let path = try folder.write(Self.text, to: "send_nsca.cfg")
        let imported = try Command.run(BuiltProducts.forwarder, ["import", "send-nsca", path])
        #expect(imported.isSuccess && imported.errorText.contains("bogus"))
        let none = try Command.run(
            BuiltProducts.forwarder, ["import", "send-nsca", folder.path("none")])
        #expect(none.ending == .exited(1) && none.output.isEmpty)
        #expect(none.errorText.contains("Nothing was imported."), "\(none.errorText)")
    }
}
