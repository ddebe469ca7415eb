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

    @Test(arguments: [
        ["list"], ["export"], ["retry"], ["retry", "--apply"], ["drop"], ["drop", "--apply"],
    ])
    func `a destination that nobody knows is an error that names the known ones`(
        command: [String]
    ) async throws {
        let site = try await QueueCheckTests.site()
        let spool = try SpoolQueue.open(
            SpoolSettings(path: site.folder.path("spool.db")), time: FakeTime())
        _ = try await spool.register(destinations: ["retired", PrivateMaster.name])
        _ = try await spool.register(destinations: [PrivateMaster.name])
        try spool.close()
        let run = { master in
            try Command.run(
                BuiltProducts.forwarder,
                ["queue", command[0], "--config", site.configurationPath, "--master", master]
                    + command.dropFirst())
        }
        let unknown = try run("nosuch")
        #expect(unknown.ending == .exited(1))
        #expect(unknown.output.isEmpty)
        #expect(
            unknown.errorText.contains(
                "'nosuch'. Destinations are: \(PrivateMaster.name), retired."),
            "\(unknown.errorText)")
        #expect(try run("retired").isSuccess)
        #expect(try run(PrivateMaster.name).isSuccess)
        #expect(try Self.queue(site, "check").outputText == "The spool is sound.\n")
    }

    @Test func `a daemon knows its destinations as well`() async throws {
        let site = try await QueueCheckTests.site()
        try site.withDaemon { daemon in
            let unknown = try Self.queue(site, "list", "--master", "nosuch")
            #expect(unknown.ending == .exited(1))
            #expect(unknown.errorText.contains("Destinations are: \(PrivateMaster.name)."))
            let known = try Self.queue(site, "list", "--master", PrivateMaster.name, "--json")
            #expect(known.outputText.split(separator: "\n").count >= 3, "\(known.errorText)")
            #expect(try daemon.stop() == .exited(0))
        }
    }

    @Test func `a file's destinations are those of its results`() async throws {
        let site = try await QueueCheckTests.site()
        let path = site.folder.path("spool.db")
        let unknown = try Self.queue(site, "export", "--file", path, "--master", "nosuch")
        #expect(unknown.ending == .exited(1))
        #expect(unknown.output.isEmpty)
        #expect(unknown.errorText.contains("Destinations there are: \(PrivateMaster.name)."))
        let known = try Self.queue(
            site, "export", "--file", path, "--master", PrivateMaster.name)
        #expect(known.outputText.split(separator: "\n").count == 3)
    }
}
