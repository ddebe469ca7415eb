import Foundation
import Spool
import TestSupport
import Testing

@testable import ForwarderCommand

/// `forwarder queue` on a spool with three results that wait.
@Suite struct QueueCommandTests {
    private static func queue(
        _ site: ForwarderSite, _ arguments: String...
    ) throws -> Command.Outcome {
        try Command.run(
            BuiltProducts.forwarder,
            ["queue", arguments[0], "--config", site.configurationPath] + arguments.dropFirst())
    }

    @Test func `list says that there are more, and does not count them`() async throws {
        let site = try await QueueCheckTests.site()
        let some = try Self.queue(site, "list", "--limit", "2", "--json")
        #expect(some.isSuccess)
        #expect(some.outputText.split(separator: "\n").count == 2)
        #expect(some.errorText == "There are more than 2; --limit 0 prints all.\n")
        let all = try Self.queue(site, "list", "--limit", "3")
        #expect(all.outputText.split(separator: "\n").count == 4)
        #expect(all.errorText == "")
    }

    @Test func `reading ends with the row after which nothing more is wanted`() async throws {
        let site = try await QueueCheckTests.site()
        let spool = try SpoolQueue.open(
            SpoolSettings(path: site.folder.path("spool.db")), time: FakeTime())
        var count = 0
        try await QueueAccess.spool(spool).rows(
            QueueFilter(),
            until: { _ in
                count += 1
                return count == 2 ? .enough : .more
            })
        #expect(count == 2)
        try spool.close()
    }

    @Test func `what only waits for its turn is not tried again`() async throws {
        let site = try await QueueCheckTests.site()
        let plan = try Self.queue(site, "retry", "--outcome", "queued")
        #expect(plan.outputText == "0 results would be tried again.\n")
        let done = try Self.queue(site, "retry", "--outcome", "queued", "--apply")
        #expect(done.ending == .exited(0))
        #expect(done.outputText == "0 results wait again.\n")
    }
}
