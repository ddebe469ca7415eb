import Foundation
import TestSupport
import Testing

/// Every operation of a scenario fails once, in every way; the laws hold after healing or restart.
///
/// The laws are those of ``SpoolModel`` and ``Beliefs``: what was accepted is there once and in
/// order, what threw is stored as a whole or not at all and only if the process or the power died,
/// a committed attempt, stamp or settlement stays, counters agree. More seeds and a longer life by
/// `make faults`.
@Suite struct FaultTests {
    @Test(arguments: Kind.allCases)
    func `whichever operation of a day fails, what was promised is kept`(
        _ kind: Kind
    ) async throws {
        let evidence = try await sweep(.day, kind, seed: 1)
        #expect(evidence.violations == [])
        #expect(evidence.runs > 5)
        #expect(evidence.hits >= evidence.runs - 1)
        #expect(evidence.thrown > 0)
        if kind.plan.fault == .powerCut { #expect(evidence.unsyncedAtCut > 100) }
        if kind == .tearingCut { #expect(evidence.unsyncedKept > 20) }
        if kind == .processDeath { #expect(evidence.storedAfterAll > 2) }
    }

    @Test(arguments: [Kind.error, .full, .tearingCut])
    func `whichever operation of its birth fails, a spool comes to life`(
        _ kind: Kind
    ) async throws {
        let evidence = try await sweep(.birth, kind, seed: 1)
        #expect(evidence.violations == [])
        #expect(evidence.hits >= evidence.runs - 1)
    }

    @Test(.enabled(if: isLong), arguments: [FaultScenario.life, .bound], Kind.allCases)
    func `nor in a whole life or at the bound`(
        _ scenario: FaultScenario,
        _ kind: Kind
    ) async throws {
        let evidence = try await sweep(scenario, kind, seed: 1)
        #expect(evidence.violations == [])
        #expect(evidence.hits >= evidence.runs - 1)
    }

    @Test(.enabled(if: isLong), arguments: 1...max(seeds, 1))
    func `nor in random lives`(_ seed: UInt64) async throws {
        let scenario = FaultScenario.random(seed: seed, steps: 25)
        for kind in Kind.allCases {
            let evidence = try await sweep(scenario, kind, seed: seed)
            #expect(evidence.violations == [])
        }
    }

    /// Lives that once failed; they are played in every run.
    private static let kept: [(seed: UInt64, kind: Kind, position: Int)] = [
        (2, .shortWrite, 260),  // half a header of a log that is begun anew
        (8, .tearingCut, 184), (8, .tearingCut, 193),  // the same with torn frames behind it
        // a round that ended left commits where an unfinished one of the next was torn
        (7, .tearingCut, 242), (3, .tearingCut, 209),
        (5, .tearingCut, 23),  // a journal that was deleted at birth came back at the next cut
        (7, .tearingCut, 245), (7, .tearingCut, 251),  // the same, several of them in a row
    ]

    @Test(arguments: kept.indices)
    func `what once failed does not fail again`(_ index: Int) async throws {
        let (seed, kind, position) = Self.kept[index]
        let scenario = FaultScenario.random(seed: seed, steps: 25)
        var plan = kind.plan
        plan.position = position
        plan.seed = seed << 32 + UInt64(position)
        let end = Self.end(of: position, kind)
        let (evidence, _) = try await FaultRun.play(scenario, plan, end: end)
        #expect(evidence.violations == [])
        #expect(evidence.hits > 0)
    }

    @Test func `the laws see a disk that acknowledges what it does not do`() async throws {
        let plan = FaultyDisk.Plan(operations: .changing, position: 0, fault: .powerCut)
        var caught = 0
        for step in FaultScenario.day.steps.indices {
            let (evidence, _) = try await FaultRun.play(
                .day,
                plan,
                end: .cut(.drop),
                lyingFrom: step
            )
            caught += evidence.violations.isEmpty ? 0 : 1
        }
        #expect(caught == FaultScenario.day.steps.count)
    }

    /// The ways in which an operation fails.
    enum Kind: CaseIterable, Sendable {
        case error, lastingError, fullOnce, full, shortWrite, lostSync
        case droppingCut, processDeath, tearingCut

        var plan: FaultyDisk.Plan {
            switch self {
            case .error: .init(operations: .all, position: 0, fault: .inputOutput)
            case .lastingError:
                .init(operations: .changing, position: 0, fault: .inputOutput, isLasting: true)
            case .fullOnce: .init(operations: .growing, position: 0, fault: .noSpace)
            case .full:
                .init(operations: .growing, position: 0, fault: .noSpace, isLasting: true)
            case .shortWrite: .init(operations: .write, position: 0, fault: .shortWrite)
            case .lostSync: .init(operations: .sync, position: 0, fault: .lostSync)
            case .droppingCut:
                .init(operations: .changing, position: 0, fault: .powerCut, survival: .drop)
            case .processDeath:
                .init(operations: .changing, position: 0, fault: .powerCut, survival: .keep)
            case .tearingCut:
                .init(operations: .changing, position: 0, fault: .powerCut, survival: .tear)
            }
        }
    }

    private static var isLong: Bool {
        ProcessInfo.processInfo.environment["FORWARDER_SEEDS"] != nil
    }

    private static var seeds: UInt64 {
        ProcessInfo.processInfo.environment["FORWARDER_SEEDS"].flatMap(UInt64.init) ?? 0
    }

    private static func end(of position: Int, _ kind: Kind) -> FaultRun.End {
        switch position % 3 {
        case _ where kind == .lostSync: .cut(.drop)
        case 0: .close
        case 1: .cut(.drop)
        default: .cut(.tear)
        }
    }

    /// Plays a scenario once for each of its operations.
    private func sweep(
        _ scenario: FaultScenario,
        _ kind: Kind,
        seed: UInt64
    ) async throws -> FaultRun.Evidence {
        var plan = kind.plan
        var (total, operations) = try await FaultRun.play(scenario, plan)
        for position in stride(from: 1, through: operations, by: 1) {
            plan.position = position
            plan.seed = seed << 32 + UInt64(position)
            let end = Self.end(of: position, kind)
            total.add(try await FaultRun.play(scenario, plan, end: end).evidence)
            guard total.violations.count < 4 else { break }
        }
        print(
            "\(scenario), \(kind): \(total.runs) runs, \(total.hits) hits, \(total.thrown) threw,",
            "\(total.unsyncedAtCut) in flight, \(total.unsyncedKept) of them kept,",
            "\(total.storedAfterAll) stored after all"
        )
        return total
    }
}
