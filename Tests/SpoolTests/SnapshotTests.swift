import Monitoring
import Testing

@testable import Spool

/// How snapshots are stored.
@Suite struct SnapshotTests {
    private let old = ObjectSnapshot(
        name: "web1!disk", hostGroups: ["linux"], hostVariables: #"{"a":1}"#,
        commandLine: ["/bin/true", "-p", "x"])

    private var traced: ObjectSnapshot {
        var snapshot = old
        snapshot.commandVariables = #"{"own":"c"}"#
        snapshot.wordOrigins = [
            WordOrigin(), WordOrigin(isKey: true, variables: ["pin"]),
            WordOrigin(isUnknown: true, variables: ["pin", "db.user"]),
        ]
        return snapshot
    }

    @Test func `what words were made of is stored with them`() throws {
        #expect(ObjectSnapshot(storedBytes: traced.storedBytes) == traced)
        var both = traced
        both.wordOrigins?[0] = WordOrigin(isKey: true, isUnknown: true)
        #expect(ObjectSnapshot(storedBytes: both.storedBytes) == both)
        #expect(both.storedBytes != traced.storedBytes)
    }

    @Test func `a snapshot of an older spool says nothing of its words`() throws {
        // up to format 5 a body ended behind the command line
        var writer = ByteWriter()
        writer.write(old.name)
        writer.write(old.hostGroups)
        writer.write(old.serviceGroups)
        writer.write(old.hostVariables)
        writer.write(old.serviceVariables)
        writer.write(old.commandLine)
        let read = try #require(ObjectSnapshot(storedBytes: writer.bytes))
        #expect(read == old)
        #expect(read.wordOrigins == nil)
    }

    @Test func `no cut or foreign body is taken for a snapshot`() {
        let bytes = traced.storedBytes
        let whole = old.storedBytes.count
        for end in 0..<bytes.count where end != whole {
            #expect(ObjectSnapshot(storedBytes: Array(bytes.prefix(end))) == nil, "\(end)")
        }
        #expect(ObjectSnapshot(storedBytes: bytes + [0]) == nil)
        var two = traced
        two.wordOrigins?.removeLast()
        #expect(ObjectSnapshot(storedBytes: two.storedBytes) == nil, "an origin is missing")
    }
}
