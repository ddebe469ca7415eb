import Foundation
import TestSupport
import Testing

/// `forwarder queue` beside a daemon, and without one.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct QueueTests {
    private let walk = WalkingServices(count: 3, interval: 0.5)
    private let refused = "walk2"
    private var refusedName: String { "web1!\(refused)" }

    @Test func `beside a daemon results are listed, shown, tried again, dropped and checked`()
        throws
    {
        let (master, site) = try walk.prepare()
        let refusal = RefusedObjectTests.Refusal.unknown
        try master.write(
            configuration: refusal.applied(to: refused, in: site.rendered()),
            to: "site-\(site.node)")
        try master.start()
        try site.withDaemon { daemon in
            try eventually("results of the unknown object wait") {
                try site.destination()["parked_objects"].number == 1
                    && site.queue("list", ["--outcome", "parked", "--json"]).rows.count >= 4
            }
            try expectLists(on: site)
            try expectDrop(of: #require(try firstParked(site)), on: site)

            // Parked anew for a minute or two, which all that follows fits in.
            #expect(try !site.flush())
            let oldest = try #require(try firstParked(site))
            let until = try #require(oldest["parked_until"].number)
            try site.renderInto(master)
            try master.reload()
            let plan = try site.queue("retry", ["--object", "*\(refused)"])
            #expect(plan.text.contains("Nothing was changed"), "\(plan.text)")
            #expect(try site.destination()["parked_objects"].number == 1)
            #expect(try site.queue("retry", ["--apply"]).ending == .exited(0))
            let delivered = try eventually("it is delivered") {
                let state = try master.objectState(refusedName)
                let start = oldest["execution_start"].number ?? .infinity
                let isThere = state?.lastCheckResult.map { $0.executionStart >= start - 0.001 }
                return isThere == true ? state : nil
            }
            #expect(delivered.lastCheck < until - 10, "long before its wait would have ended")
            try eventually("nothing is parked") {
                try site.destination()["parked_objects"].number == 0
            }
            #expect(try site.queue("check").ending == .exited(0))
            #expect(try daemon.stop() == .exited(0))
        }
        try master.stop()
    }

    @Test func `without a daemon rejected and retired results can be tried again and dropped`()
        throws
    {
        let (master, site) = try walk.prepare()
        #expect(try site.queue("list").text == "", "there is no spool yet")
        try site.withDaemon { daemon in
            try eventually("results wait") { try site.waitingCount() >= 4 * walk.count }
            let whole = try site.queue("export").rows
            #expect(Set(whole.compactMap { $0["object"].string }).isSuperset(of: walk.names))
            #expect(try daemon.stop() == .exited(0))
        }
        try reject(one: walk.names[0], on: site)
        let rejected = try site.queue("list", ["--outcome", "rejected", "--json"]).rows
        #expect(rejected.map { $0["answer_text"].string } == ["made up"])
        #expect(rejected.map { $0["answer_code"].number } == [400])
        let alarms = try site.status()["alarms"].elements.compactMap(\.string)
        #expect(alarms.contains { $0.contains("1 result rejected") && $0.contains("queue retry") })
        let waiting = try site.waitingCount()
        #expect(try site.queue("retry", ["--apply"]).text == "1 result waits again.\n")
        #expect(try site.waitingCount() == waiting + 1)
        #expect(try site.queue("check").text == "The spool is sound.\n")
        try expectRetiredDrop(on: site)
        #expect(try site.queue("check").text == "The spool is sound.\n")
        _ = master
    }

    @Test func `usage errors exit with 64, and what is not there with 1`() throws {
        let (_, site) = try walk.prepare()
        for words in [
            ["list", "--outcome", "lost"], ["show"], ["show", "first"], ["drop", "--id", "x"],
            ["mend"], ["list", "--limit", "some"],
        ] {
            let outcome = try site.queue(words[0], Array(words.dropFirst()))
            #expect(outcome.ending == .exited(64), "\(words): \(outcome.text)")
        }
        #expect(try site.queue("show", ["7"]).ending == .exited(1))
        let file = try site.folder.write("no spool", to: "other.db")
        #expect(try site.queue("check", ["--file", file]).ending == .exited(1))
        #expect(try site.queue("export", ["--file", file]).ending == .exited(1))
    }

    // MARK: Parts

    private func firstParked(_ site: ForwarderSite) throws -> JSON? {
        try site.queue("list", ["--outcome", "parked", "--json", "--limit", "0"]).rows.first
    }

    private func expectLists(on site: ForwarderSite) throws {
        let parked = try site.queue("list", ["--outcome", "parked", "--json"]).rows
        #expect(parked.allSatisfy { $0["object"].string == refusedName })
        #expect(
            parked.allSatisfy { $0["parked_reason"].string?.contains("forwarder render") == true })
        let starts = parked.compactMap { $0["execution_start"].number }
        #expect(starts == starts.sorted(), "oldest first")
        let delivered = try site.queue("list", ["--outcome", "delivered", "--json"]).rows
        #expect(!delivered.isEmpty)
        #expect(delivered.allSatisfy { $0["outcome"].string == "delivered" })
        let one = try site.queue(
            "list", ["--object", "*walk1", "--outcome", "delivered", "--json"])
        #expect(Set(one.rows.map { $0["object"].string }) == ["web1!walk1"])
        #expect(try site.queue("list", ["--master", "nobody"]).ending == .exited(1))
        #expect(try site.queue("list", ["--limit", "1", "--json"]).rows.count == 1)
        #expect(
            try site.queue("list", ["--outcome", "parked"]).text.contains(
                "does not know the object"))

        let id = try #require(parked.first?["sequence"].number)
        let shown = try site.queue("show", ["\(Int(id))"])
        for words in ["forwarder render", "parked  until", refusedName, "run "] {
            #expect(shown.text.contains(words), "\(shown.text)")
        }
        let exported = try site.queue("export").rows
        let outcomes = Set(exported.compactMap { $0["outcome"].string })
        #expect(outcomes.isSuperset(of: ["queued", "delivered"]), "\(outcomes)")
    }

    private func expectDrop(of row: JSON, on site: ForwarderSite) throws {
        let id = "\(Int(row["sequence"].number ?? 0))"
        let plan = try site.queue("drop", ["--id", id])
        #expect(plan.text.contains("1 result would be dropped"), "\(plan.text)")
        #expect(try site.queue("show", [id]).ending == .exited(0), "a plan changes nothing")
        #expect(try site.queue("drop", ["--id", id, "--apply"]).text == "1 result dropped.\n")
        #expect(try site.queue("show", [id]).ending == .exited(1))
        #expect(try site.destination()["dropped"].number == 1)
        #expect(try site.run("status").outputText.contains("1 dropped"))
    }

    /// Has the newest stamp of an object be that of its oldest result, which was then refused: no
    /// master can be brought to refuse a result that the forwarder makes.
    private func reject(one name: String, on site: ForwarderSite) throws {
        let key = "(SELECT id FROM object WHERE name = '\(name)')"
        try Command.require(
            "sqlite3",
            [
                site.folder.path("spool.db"),
                """
                BEGIN IMMEDIATE;
                INSERT INTO rejected (destination, object, result, code, text, rejected_us,
                    base_stamp_us, attempts)
                SELECT destination, delivery.object, min(result), 400, 'made up',
                    execution_end_us, execution_start_us, 0
                FROM delivery JOIN result ON result.id = result WHERE delivery.object = \(key);
                DELETE FROM delivery WHERE result IN (SELECT result FROM rejected);
                UPDATE lane SET queued = queued - 1, rejected = 1, last_stamp_us =
                    (SELECT base_stamp_us FROM rejected) WHERE object = \(key);
                COMMIT;
                """,
            ]
        )
    }

    /// Another master replaces the one for which results wait.
    private func expectRetiredDrop(on site: ForwarderSite) throws {
        let path = site.folder.path("forwarder.conf")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let zone = try #require(try site.destination()["name"].string)
        try site.folder.write(
            text.replacing("zone = \"\(zone)\"", with: "zone = \"elsewhere\""),
            to: "forwarder.conf")
        try site.letOut(to: ["elsewhere"])
        try site.withDaemon { daemon in
            try eventually("the retired destination is alarmed") {
                try site.status()["alarms"].elements.contains {
                    $0.string?.contains("no Master object has this zone") == true
                }
            }
            let old = try site.destination(zone)["queued"].number ?? 0
            #expect(old > 0)
            let plan = try site.queue("drop", ["--master", zone])
            #expect(plan.text.contains("\(zone): queued \(Int(old))"), "\(plan.text)")
            #expect(try site.queue("drop", ["--master", zone, "--apply"]).ending == .exited(0))
            #expect(
                try site.status()["destinations"].elements.map { $0["name"].string } == [
                    "elsewhere"
                ])
            #expect(try daemon.stop() == .exited(0))
        }
    }
}

/// What a run of `forwarder queue` came to.
private struct QueueRun {
    var ending: ChildProcess.Ending
    var text: String
    /// One for each line of output that is JSON.
    var rows: [JSON]
}

extension ForwarderSite {
    fileprivate func queue(_ verb: String, _ arguments: [String] = []) throws -> QueueRun {
        let outcome = try Command.run(
            BuiltProducts.forwarder, ["queue", verb, "--config", configurationPath] + arguments)
        let lines = outcome.outputText.split(separator: "\n")
        let rows = try lines.filter { $0.hasPrefix("{") }.map { try JSON(parsing: Data($0.utf8)) }
        return QueueRun(ending: outcome.ending, text: outcome.outputText, rows: rows)
    }
}
