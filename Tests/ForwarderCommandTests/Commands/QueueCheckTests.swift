import Foundation
import Monitoring
import Spool
import TestSupport
import Testing

/// `forwarder queue check` of spools that are not sound: a plan, and the move when it is wanted.
@Suite struct QueueCheckTests {
    /// How a spool with three results is not sound.
    enum Flaw: CaseIterable {
        case contradiction
        case damage
        case otherFile

        var script: String {
            switch self {
            case .contradiction:
                // of one lane, beside a daemon that may have begun others and may be writing
                #"""
                sqlite3 -cmd '.timeout 100000' "$1" "UPDATE lane SET queued = queued + 1
                WHERE object = (SELECT id FROM object WHERE name = 'web1!disk')"
                """#
            case .damage: #"dd if=/dev/urandom of="$1" bs=64 count=1 conv=notrunc"#
            case .otherFile: #"echo 'a letter to my aunt' >"$1""#
            }
        }
        /// What check says of it.
        var words: String {
            switch self {
            case .contradiction: "a lane counts its queued rows: 1 exceptions"
            case .damage: "its first page is not that of a database"
            case .otherFile: "it is not a SQLite database"
            }
        }
        var kind: String { self == .otherFile ? "foreign" : "damaged" }
        /// Results that can be read all the same.
        var readable: Double? {
            switch self {
            case .contradiction, .damage: 3
            case .otherFile: nil
            }
        }
    }

    /// A site whose spool holds three results.
    static func site() async throws -> ForwarderSite {
        let site = try ForwarderSite(
            master: PrivateMaster(),
            definitions: #"object Host NodeName { check_command = "dummy" }"#)
        let spool = try SpoolQueue.open(
            SpoolSettings(path: site.folder.path("spool.db")), time: FakeTime())
        _ = try await spool.register(destinations: [PrivateMaster.name])
        let object = ObjectName(host: site.node, service: "disk")
        for number in 1...3 {
            let time = Timestamp(microseconds: 1_700_000_000_000_000) + .seconds(number)
            let result = CheckResult(
                object: object, state: .ok, exitStatus: 0, output: "number \(number)",
                executionStart: time, executionEnd: time)
            _ = try await spool.append([
                CheckRecord(
                    result: result, significance: .change,
                    snapshot: ObjectSnapshot(name: object.fullName))
            ])
        }
        try spool.close()
        return site
    }

    private static func check(
        _ site: ForwarderSite, _ more: [String] = []
    ) throws -> Command.Outcome {
        try Command.run(
            BuiltProducts.forwarder, ["queue", "check", "--config", site.configurationPath] + more)
    }

    private static func spoil(_ site: ForwarderSite, _ flaw: Flaw) throws {
        try Command.require("sh", ["-ec", flaw.script, "spoil", site.folder.path("spool.db")])
    }

    /// The databases beside the spool that were moved aside.
    private static func moved(_ site: ForwarderSite) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: site.folder.path)
            .filter { $0.hasPrefix("spool.db.damaged-") || $0.hasPrefix("spool.db.foreign-") }
            .filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
    }

    @Test(arguments: Flaw.allCases)
    func `without --apply check says what is wrong and what would be done, and moves nothing`(
        flaw: Flaw
    ) async throws {
        let site = try await Self.site()
        try Self.spoil(site, flaw)
        let before = try Data(contentsOf: URL(fileURLWithPath: site.folder.path("spool.db")))
        let outcome = try Self.check(site)
        #expect(outcome.ending == .exited(1))
        let target = site.folder.path("spool.db.\(flaw.kind)-DATE")
        let counted =
            flaw.readable == nil ? "No result can be read." : "3 results can be read whole."
        for words in [
            flaw.words, counted, "--apply would move it to \(target)", "begins a new spool",
            "forwarder queue export --file", "Nothing was changed",
        ] {
            #expect(outcome.outputText.contains(words), "\(words): \(outcome.outputText)")
        }
        let parsed = try JSON(parsing: Self.check(site, ["--json"]).output)
        #expect(parsed["found"][0].string?.contains(flaw.words) == true)
        #expect(parsed["results"].number == flaw.readable)
        #expect(parsed["plan"]["by"].string == "apply")
        #expect(parsed["plan"]["from"].string == site.folder.path("spool.db"))
        #expect(parsed["plan"]["to"].string == target)
        #expect(parsed["moved_to"] == .null)
        #expect(try Self.moved(site) == [])
        let after = try Data(contentsOf: URL(fileURLWithPath: site.folder.path("spool.db")))
        #expect(after == before)
    }

    @Test(arguments: Flaw.allCases)
    func `with --apply the file is moved aside, and all that was whole can be exported`(
        flaw: Flaw
    ) async throws {
        let site = try await Self.site()
        try Self.spoil(site, flaw)
        let outcome = try Self.check(site, ["--apply", "--json"])
        #expect(outcome.ending == .exited(0), "\(outcome.errorText)")
        let name = try #require(try Self.moved(site).first)
        #expect(name.hasPrefix("spool.db.\(flaw.kind)-2"))
        let path = site.folder.path(name)
        #expect(try JSON(parsing: outcome.output)["moved_to"].string == path)
        #expect(!FileManager.default.fileExists(atPath: site.folder.path("spool.db")))
        let export = try Command.run(
            BuiltProducts.forwarder,
            ["queue", "export", "--config", site.configurationPath, "--file", path])
        let lines = export.outputText.split(separator: "\n")
        #expect(Double(lines.count) == flaw.readable ?? 0, "\(export.errorText)")

        try site.withDaemon { daemon in
            let alarms = try site.status()["alarms"].elements.compactMap(\.string)
            #expect(alarms.contains { $0.contains(path) }, "\(alarms)")
            #expect(try daemon.stop() == .exited(0))
        }
        #expect(try Self.check(site).outputText == "The spool is sound.\n")
        #expect(try Self.moved(site) == [name], "the new one is another file")
    }

    @Test func `with --apply a sound spool stays, and one that is not there is none`() async throws
    {
        let site = try await Self.site()
        let outcome = try Self.check(site, ["--apply"])
        #expect(outcome.ending == .exited(0))
        #expect(outcome.outputText == "The spool is sound.\n")
        #expect(try Self.moved(site) == [])
        try FileManager.default.removeItem(atPath: site.folder.path("spool.db"))
        let none = try Self.check(site, ["--apply"])
        #expect(none.ending == .exited(0))
        #expect(none.errorText.contains("no spool yet"))
        #expect(!FileManager.default.fileExists(atPath: site.folder.path("spool.db")))
    }

    @Test func `beside a daemon --apply moves nothing and says who does`() async throws {
        let site = try await Self.site()
        try site.withDaemon { daemon in
            try Self.spoil(site, .contradiction)
            let outcome = try Self.check(site, ["--apply"])
            #expect(outcome.ending == .exited(1))
            for words in [Flaw.contradiction.words, "aside by itself", "stop the daemon"] {
                #expect(outcome.outputText.contains(words), "\(outcome.outputText)")
            }
            let parsed = try JSON(parsing: Self.check(site, ["--apply", "--json"]).output)
            #expect(parsed["plan"]["by"].string == "daemon")
            #expect(try Self.moved(site) == [])
            #expect(daemon.isRunning)
            #expect(try daemon.stop() == .exited(0))
        }
    }

    @Test func `--apply with --file is a usage error`() async throws {
        let site = try await Self.site()
        try Self.spoil(site, .damage)
        let outcome = try Self.check(site, ["--apply", "--file", site.folder.path("spool.db")])
        #expect(outcome.ending == .exited(64))
        #expect(try Self.moved(site) == [])
    }
}
