import Monitoring
import Testing

@testable import Spool

/// What other parts of the program must still know after a crash.
@Suite struct LedgerTests {
    private func entry(_ key: String, _ text: String) -> LedgerEntry {
        LedgerEntry(key: key, body: Array(text.utf8))
    }

    @Test func `entries are there after the spool was closed, the newest body of each key`()
        async throws
    {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let settings = SpoolSettings(path: "\(directory)/queue.db")
        let spool = try SpoolQueue.open(settings, time: FixedTime())
        #expect(try await spool.ledger() == [])
        try await spool.note([entry("b", "one"), entry("a", ""), entry("c\u{1F}é", "three")])
        try await spool.note([entry("b", "two")], forgetting: ["c\u{1F}é", "not there"])
        try spool.close()
        let again = try SpoolQueue.open(settings, time: FixedTime())
        #expect(try await again.ledger() == [entry("a", ""), entry("b", "two")])
        #expect(try await again.contradictions() == [])
        try again.close()
    }

    @Test func `many large entries take as many transactions as the log has room for`()
        async throws
    {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let settings = SpoolSettings(
            path: "\(directory)/queue.db", sizeLimit: SpoolSettings.minimumSizeLimit)
        let spool = try SpoolQueue.open(settings, time: FixedTime())
        let body = String(repeating: "x", count: 4000)
        let entries = (0..<100).map { entry("key\(1000 + $0)", "\($0)\(body)") }
        try await spool.note(entries)
        #expect(try await spool.ledger() == entries)
        try await spool.note([], forgetting: entries.map(\.key))
        #expect(try await spool.ledger() == [])
        let size = try await spool.status().size
        #expect(size.fileBytes + size.logBytes <= SpoolSettings.minimumSizeLimit)
        try spool.close()
    }

    @Test func `a spool without room for an entry says so and keeps what it had`() async throws {
        let directory = try makeDirectory()
        defer { removeTree(directory) }
        let settings = SpoolSettings(
            path: "\(directory)/queue.db", sizeLimit: SpoolSettings.minimumSizeLimit)
        let spool = try SpoolQueue.open(settings, time: FixedTime())
        let body = String(repeating: "x", count: LedgerEntry.bodyByteLimit)
        var stored = 0
        do throws(SpoolFault) {
            for number in 0..<100_000 {
                try await spool.note([entry("key\(number)", body)])
                stored += 1
            }
            Issue.record("the size limit does not bound the ledger")
        } catch {
            guard case .full = error else {
                Issue.record("\(error)")
                return
            }
        }
        #expect(try await spool.ledger().count == stored)
        try await spool.note([], forgetting: ["key0"])
        try await spool.note([entry("key0", "small")])
        #expect(try await spool.ledger().count == stored)
        try spool.close()
    }
}
