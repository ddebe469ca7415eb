@testable import Collector
import Monitoring
import Testing

/// Definitions have one owner at a time; loading makes them for whoever asks.
@Suite struct SendingTests {
    private static func hand(over preparer: sending any CheckPreparing) -> PreparedCheck {
        preparer.prepare(ObjectName(host: "node1", service: "forwarder"))
    }

    @Test func `loaded definitions can be handed to the thread that checks`() throws {
        let definitions = try Definitions.load(
            DefinitionSettings(directory: "/d", nodeName: "node1", templateLibrary: "/nowhere"),
            files: MemoryFiles(content: ["/d/a.conf": ""]),
            trust: FileTrust(runningUser: 0)
        )
        #expect(definitions.plans.count == 1)
        let check = Self.hand(over: CheckPreparer(definitions, runtime: NothingKnown()))
        #expect(check.snapshot.name == "node1!forwarder")
    }
}
