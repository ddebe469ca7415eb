import Foundation
import TestSupport
import Testing

/// Single objects whose results the master does not take.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct RefusedObjectTests {
    /// Why the master takes no results of an object.
    enum Refusal: CaseIterable, CustomStringConvertible {
        case unknown
        case passiveChecksDisabled

        var description: String {
            switch self {
            case .unknown: "unknown object"
            case .passiveChecksDisabled: "passive checks disabled"
            }
        }

        /// What an operator has to read.
        var words: [String] {
            switch self {
            case .unknown: ["does not know the object", "forwarder render"]
            case .passiveChecksDisabled: ["Passive checks are disabled", "Enable them"]
            }
        }

        /// The master's configuration in which this befalls a service.
        func applied(to service: String, in rendered: String) -> String {
            let head = "\nobject "
            let objects = rendered.components(separatedBy: head)
            return objects.compactMap { object -> String? in
                guard object.hasPrefix("Service \"\(service)\"") else { return object }
                return switch self {
                case .unknown: nil
                case .passiveChecksDisabled:
                    object.replacing(
                        "enable_passive_checks = true",
                        with: "enable_passive_checks = false"
                    )
                }
            }.joined(separator: head)
        }
    }

    private let walk = WalkingServices(count: 4, interval: 0.5)
    private let refused = "walk2"
    private var refusedName: String { "web1!\(refused)" }

    @Test(arguments: Refusal.allCases)
    func `a refused object is set aside alone, and flush delivers it once the master takes it`(
        refusal: Refusal
    ) throws {
        let (master, site) = try walk.prepare()
        let rendered = try site.rendered()
        let narrower = refusal.applied(to: refused, in: rendered)
        try #require(narrower != rendered)
        try master.write(configuration: narrower, to: "site-\(site.node)")
        try master.start()
        let before = try ProcessedResults(master)
        let (early, after) = try site.withDaemon { daemon in
            try expectSetAside(refusal, site, master)
            try expectFlushNames(refusal, site)

            daemon.pause()
            let early = try before.drain()
            try site.renderInto(master)
            try master.reload()
            let after = try ProcessedResults(master)
            daemon.resume()
            try site.flushAll()
            let destination = try site.destination()
            #expect(destination["parked_objects"].number == 0)
            #expect(destination["rejected"].number == 0)
            #expect(try daemon.stop() == .exited(0))
            return (early, after)
        }
        try site.flushAll()
        #expect(early.allSatisfy { $0.object != refusedName })
        try walk.expectExactReplay(of: site, on: master, seen: early + after.drain())
        try master.stop()
    }

    @Test func `results that the master ignores for a dependency are counted as ignored`() throws {
        let (master, site) = try walk.prepare()
        try master.write(configuration: Self.gate(before: refused), to: "gate")
        try master.start()
        #expect(try master.submit("gate", state: 1).status == 200)
        let seen = try ProcessedResults(master)
        try site.withDaemon { daemon in
            try eventually("three results were ignored") {
                try site.destination()["ignored"].number ?? 0 >= 3
            }
            #expect(try master.objectState(refusedName)?.lastCheckResult == nil)
            #expect(try master.submit("gate", state: 0).status == 200)
            try eventually("the reachable service's results are taken") {
                try master.objectState(refusedName)?.lastCheckResult != nil
            }
            let destination = try site.destination()
            #expect(destination["parked_objects"].number == 0)
            #expect(destination["fault"] == .null)
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        let entries = Dictionary(grouping: try seen.drain(), by: \.object)
        let ignored = Int(try site.destination()["ignored"].number ?? -1)
        let runs = entries[refusedName, default: []].map { runNumber($0.output) }
        #expect(runs == Array(ignored + 1..<ignored + 1 + runs.count), "\(ignored) were ignored")
        for name in walk.names where name != refusedName {
            #expect(entries[name, default: []].first.map { runNumber($0.output) } == 1, "\(name)")
        }
        try master.stop()
    }

    /// Nothing behind a closed gate is checked.
    static func gate(before service: String) -> String {
        """
        object Host "gate" {
            check_command = "dummy"
            enable_active_checks = false
            max_check_attempts = 1
        }
        object Dependency "behind-gate" {
            parent_host_name = "gate"
            child_host_name = "web1"
            child_service_name = "\(service)"
            disable_checks = true
        }
        """
    }

    private func runNumber(_ output: String) -> Int {
        output.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? -1
    }

    private func expectSetAside(
        _ refusal: Refusal,
        _ site: ForwarderSite,
        _ master: PrivateMaster
    ) throws {
        try eventually("the object is set aside") {
            try site.destination()["parked_objects"].number == 1
        }
        let reasons = try site.destination()["parked_reasons"].elements.compactMap(\.string)
        let named = reasons.first { $0.contains(refusedName) } ?? ""
        #expect(refusal.words.allSatisfy(named.contains), "\(reasons)")
        let alarms = try site.status()["alarms"].elements.compactMap(\.string)
        #expect(alarms.contains { $0.contains(refusedName) }, "\(alarms)")
        for name in walk.names where name != refusedName {
            let seen = try master.objectState(name)?.lastCheckResult?.executionStart ?? 0
            try eventually("\(name) goes on") {
                (try master.objectState(name)?.lastCheckResult?.executionStart ?? 0) > seen + 1
            }
        }
        #expect(try site.destination()["fault"] == .null)
    }

    private func expectFlushNames(_ refusal: Refusal, _ site: ForwarderSite) throws {
        let outcome = try site.run("flush")
        #expect(!outcome.isSuccess)
        let said = outcome.outputText
        #expect(said.contains(refusedName), "\(said)")
        #expect(refusal.words.allSatisfy(said.contains), "\(said)")
    }
}
