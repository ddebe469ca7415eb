import Foundation
import Spool
import TestSupport
import Testing

/// Random actions on a spool and on a model of it; both must agree after each of them.
///
/// More seeds by `FORWARDER_SEEDS=200 make model`; a printed list is played again by
/// `FORWARDER_ACTIONS=FILE make model`.
@Suite struct ModelTests {
    /// With ten seeds of each, 102,000 actions.
    private static let shortCount = 9_200
    /// Few, since each of them moves tens of kilobytes.
    private static let boundCount = 1_000

    @Test(arguments: 1...Self.seeds)
    func `the spool does what its model does, across restarts and crashes`(
        _ seed: UInt64
    ) async throws {
        let evidence = try await agree(seed: seed, isBound: false)
        #expect(evidence.leased > 1_000)
        #expect(evidence.confirmed > 100)
        #expect(evidence.resent > 50)
        #expect(evidence.crashes > 10)
        #expect(evidence.dropped > 2)
    }

    @Test(arguments: 1...Self.seeds)
    func `at the bound it gives up what its model gives up, in that order`(
        _ seed: UInt64
    ) async throws {
        let evidence = try await agree(seed: seed, isBound: true)
        #expect(evidence.evicted > 100)
    }

    @Test(arguments: ModelSeeds.short)
    func `what once failed far from the bound does not fail again`(_ seed: UInt64) async throws {
        _ = try await agree(seed: seed, isBound: false)
    }

    @Test(arguments: ModelSeeds.bound)
    func `what once failed at the bound does not fail again`(_ seed: UInt64) async throws {
        _ = try await agree(seed: seed, isBound: true)
    }

    @Test func `a printed list of actions is played as it was printed`() async throws {
        var generator = ActionGenerator(seed: 1, isBound: false)
        let actions = generator.actions(500)
        #expect(try [SpoolAction](lines: actions.lines) == actions)
        guard let file = ProcessInfo.processInfo.environment["FORWARDER_ACTIONS"] else { return }
        let text = try String(contentsOfFile: file, encoding: .utf8)
        var run = ModelRun(
            sizeLimit: SpoolSettings.minimumSizeLimit,
            actions: try [SpoolAction](lines: text)
        )
        let found = try await run.play()
        #expect(found == nil, "action \(found?.action ?? 0): \(found?.words ?? "")")
    }

    private static var seeds: UInt64 {
        ProcessInfo.processInfo.environment["FORWARDER_SEEDS"].flatMap(UInt64.init) ?? 10
    }

    private func agree(seed: UInt64, isBound: Bool) async throws -> ModelRun.Evidence {
        var generator = ActionGenerator(seed: seed, isBound: isBound)
        var run = ModelRun(
            sizeLimit: SpoolSettings.minimumSizeLimit,
            actions: generator.actions(isBound ? Self.boundCount : Self.shortCount)
        )
        if let failed = try await run.play() {
            let least = try await run.shrunk(from: failed)
            var again = ModelRun(sizeLimit: run.sizeLimit, actions: least.actions)
            let words = try await again.play()?.words ?? "not seen again: \(failed.words)"
            Issue.record(
                """
                seed \(seed): \(words)
                \(least.actions.count) of \(failed.action + 1) actions, for FORWARDER_ACTIONS:
                \(least.actions.lines)
                """
            )
        }
        return run.evidence
    }
}
