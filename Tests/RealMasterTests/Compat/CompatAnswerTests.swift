import Foundation
import TestSupport
import Testing

/// What each version of the master answers, and that forwarder settles it rightly.
@Suite(
    .serialized,
    .enabled(if: CompatVersion.isWanted, "versions are compared by `make compat`"),
    CompatTable.watch
)
struct CompatAnswerTests {
    private let walk = WalkingServices(count: 4, interval: 0.5)

    // MARK: Duplicates

    @Test(arguments: CompatVersion.allCases)
    func `an equal stamp is processed again, an older one is discarded`(
        version: CompatVersion
    )
        throws
    {
        try CompatTable.hold("equal and older stamp", version) { installation, release in
            let (master, site) = try walk.prepare(installation: installation)
            try master.start()
            let node = PrivateMaster.Caller.client(site.identity)
            let name = walk.names[0]
            #expect(try master.submit(name, state: 2, at: 1000.5, as: node).status == 200)
            #expect(try master.objectState(name)?.isHard == false)
            let equal = try master.submit(name, state: 2, at: 1000.5, as: node)
            #expect(equal.status == 200)
            #expect(try master.objectState(name)?.isHard == true, "the attempt advanced")
            let older = try master.submit(name, state: 0, at: 1000.499, as: node)
            #expect(older.status == (release.isAtLeast(2, 14) ? 409 : 200))
            let words = release.isAtLeast(2, 14) ? "discarded" : "Successfully processed"
            #expect(older.text.contains(words), "\(older.text)")
            let object = try #require(try master.objectState(name))
            #expect(object.state == 2)
            #expect(object.lastCheckResult?.executionStart == 1000.5)
            try master.stop()
            return "equal \(equal.status), again; older \(older.status), no effect"
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `results older than what the master holds are settled and change nothing`(
        version: CompatVersion
    ) throws {
        try CompatTable.hold("older results delivered", version) { installation, release in
            let (master, site) = try walk.prepare(installation: installation)
            try site.withDaemon { daemon in
                try eventually("results wait") { try site.waitingCount() >= 4 * walk.count }
                #expect(try daemon.stop() == .exited(0))
            }
            let name = walk.names[0]
            let waited = try #require(try site.measured()[name]).count
            try master.start()
            #expect(try master.submit(name, state: 3, output: "a stranger's").status == 200)
            let seen = try ProcessedResults(master)
            try site.flushAll()
            let entries = try seen.drain()
            #expect(entries.allSatisfy { $0.object != name }, "none of them took effect")
            #expect(try master.objectState(name)?.lastCheckResult?.output == "a stranger's")
            #expect(
                walk.names.dropFirst().allSatisfy { name in
                    entries.contains { $0.object == name }
                })
            #expect(try site.waitingCount() == 0)
            let counted = Int(try site.destination()["superseded"].number ?? -1)
            // 2.13 says of them what it says of those that it takes.
            #expect(counted == (release.isAtLeast(2, 14) ? waited : 0))
            try master.stop()
            return "\(waited) older: \(counted) counted as superseded"
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `an ambiguous result below a newer one is read back and counted as superseded`(
        version: CompatVersion
    ) throws {
        try CompatTable.hold("superseded by read-back", version) { installation, _ in
            let (master, site) = try walk.prepare(
                masterAttributes: "grace = 5s\nanswer_timeout = 1s",
                installation: installation
            )
            try master.start()
            let superseded = try site.withDaemon { daemon in
                try walk.waitForRuns(2, on: master)
                let before = Int(try site.destination()["ambiguous"].number ?? 0)
                master.pause()
                try eventually("each service has an ambiguous result") {
                    let now = Int(try site.destination()["ambiguous"].number ?? 0)
                    return now >= before + walk.count
                }
                master.resume()
                try eventually("the stranger's result is taken") {
                    // lost on purpose: the master may still be getting up
                    (try? master.submit(walk.names[0], state: 3, output: "a stranger's"))?.status
                        == 200
                }
                try eventually("it is counted") {
                    (try site.destination()["superseded"].number ?? 0) >= 1
                }
                let count = Int(try site.destination()["superseded"].number ?? 0)
                let runs = WalkingServices.run(
                    try site.measured()[walk.names[0]]?.last?.output ?? "")
                try walk.waitForRuns(runs + 1, on: master)
                #expect(try daemon.stop() == .exited(0))
                return count
            }
            try master.stop()
            return "\(superseded) superseded, then on"
        }
    }

    // MARK: Refusals

    @Test(arguments: CompatVersion.allCases)
    func `objects that the master refuses are set aside and delivered later`(
        version: CompatVersion
    ) throws {
        try CompatTable.hold("unknown, passive disabled", version) { installation, _ in
            let (master, site) = try walk.prepare(installation: installation)
            let narrower = RefusedObjectTests.Refusal.unknown.applied(
                to: "walk2",
                in: RefusedObjectTests.Refusal.passiveChecksDisabled.applied(
                    to: "walk3",
                    in: try site.rendered()
                )
            )
            try master.write(configuration: narrower, to: "site-\(site.node)")
            try master.start()
            let node = PrivateMaster.Caller.client(site.identity)
            let unknown = try master.submit("web1!walk2", state: 0, as: node).status
            let disabled = try master.submit("web1!walk3", state: 0, as: node).status
            #expect(unknown == 404)
            #expect(disabled == 403)
            let before = try ProcessedResults(master)
            let (early, after) = try site.withDaemon { daemon in
                try eventually("two objects are set aside") {
                    try site.destination()["parked_objects"].number == 2
                }
                #expect(try !site.run("flush").isSuccess)
                #expect(try site.destination()["fault"] == .null)
                daemon.pause()
                let early = try before.drain()
                try site.renderInto(master)
                try master.reload()
                let after = try ProcessedResults(master)
                daemon.resume()
                try site.flushAll()
                #expect(try daemon.stop() == .exited(0))
                return (early, after)
            }
            try site.flushAll()
            try walk.expectExactReplay(of: site, on: master, seen: early + after.drain())
            try master.stop()
            return "\(unknown), \(disabled): set aside, delivered later"
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `a missing permission is named and nothing is lost`(version: CompatVersion) throws {
        try CompatTable.hold("missing permission", version) { installation, release in
            let (master, site) = try walk.prepare(installation: installation)
            let permission = "actions/process-check-result"
            let weaker = try site.rendered().components(separatedBy: "\n")
                .filter { !$0.contains(permission) }.joined(separator: "\n")
            try master.write(configuration: weaker, to: "site-\(site.node)")
            try master.start()
            let node = PrivateMaster.Caller.client(site.identity)
            let status = try master.submit(walk.names[0], state: 0, as: node).status
            // 2.15 is in no Debian; its answer is not known here.
            #expect(status == (release.isAtLeast(2, 16) ? 403 : 404))
            let seen = try site.withDaemon { daemon in
                try eventually("the fault names it") {
                    let fault = try site.destination()["fault"].string ?? ""
                    return fault.contains(permission) && fault.contains("Add the permission")
                }
                try eventually("results wait") { try site.waitingCount() >= 3 * walk.count }
                daemon.pause()
                try site.renderInto(master)
                try master.reload()
                let seen = try ProcessedResults(master)
                daemon.resume()
                try eventually("the fault ends by itself") {
                    try site.destination()["fault"] == .null
                }
                try site.flushAll()
                #expect(try daemon.stop() == .exited(0))
                return seen
            }
            try site.flushAll()
            try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
            try master.stop()
            return "\(status): named, recovered alone"
        }
    }

    @Test(arguments: CompatVersion.allCases)
    func `what a dependency makes the master ignore is counted`(version: CompatVersion) throws {
        try CompatTable.hold("dependency", version) { installation, _ in
            let (master, site) = try walk.prepare(installation: installation)
            try master.write(configuration: RefusedObjectTests.gate(before: "walk2"), to: "gate")
            try master.start()
            #expect(try master.submit("gate", state: 1).status == 200)
            let node = PrivateMaster.Caller.client(site.identity)
            let answer = try master.submit("web1!walk2", state: 0, as: node)
            #expect(answer.status == 200)
            #expect(answer.text.hasPrefix("Ignoring"), "\(answer.text)")
            try site.withDaemon { daemon in
                try eventually("three results were ignored") {
                    try site.destination()["ignored"].number ?? 0 >= 3
                }
                #expect(try master.objectState("web1!walk2")?.lastCheckResult == nil)
                #expect(try master.submit("gate", state: 0).status == 200)
                try eventually("the reachable service's results are taken") {
                    try master.objectState("web1!walk2")?.lastCheckResult != nil
                }
                #expect(try daemon.stop() == .exited(0))
            }
            let ignored = Int(try site.destination()["ignored"].number ?? 0)
            try master.stop()
            return "\(answer.status) \"Ignoring\": \(ignored) counted"
        }
    }
}
