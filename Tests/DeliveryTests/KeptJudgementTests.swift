import Monitoring
import Spool
import TestSupport
import Testing

@testable import Delivery

/// What becomes of verdicts when the spool cannot store them.
@Suite struct KeptJudgementTests {
    private static let verdict = KeptVerdict(
        object: ObjectName(host: "web01", service: "disk"), held: Rehearsal.start,
        newest: Rehearsal.start, isForgotten: false, provedBefore: Rehearsal.start)

    /// A spool that stores nothing any more.
    private func closedSpool() async throws -> (SpoolQueue, DestinationID) {
        let folder = try TemporaryDirectory("judgement")
        let spool = try SpoolQueue.open(
            SpoolSettings(path: "\(folder.path)/queue.db"), time: SimulatedTime())
        let destination = try await spool.register(destinations: ["icinga"])[0]
        try spool.close()
        return (spool, destination)
    }

    @Test func `a proof that cannot be stored does not end the connection`() async throws {
        let (spool, destination) = try await closedSpool()
        var queued: [ObjectName: Int] = [:]
        let judgement = try await spool.judge(
            [Self.verdict], of: destination, queued: &queued)
        #expect(judgement == KeptJudgement(isProofStored: false))

        var stage = Rehearsal()
        stage.holdsLoads = true
        stage.tell(.uplinkStarted)
        stage.accept([Self.verdict.object])
        stage.serve()
        stage.tell(.keptLoaded(round: 1, []))
        let failures = stage.machine.counts.spoolFailures
        stage.tell(.keptJudged(round: 1, judgement))
        #expect(stage.machine.link.isConnected)
        #expect(stage.machine.counts.spoolFailures == failures + 1)
    }

    @Test func `what the master forgot and cannot be queued again does`() async throws {
        let (spool, destination) = try await closedSpool()
        var forgotten = Self.verdict
        forgotten.isForgotten = true
        var queued: [ObjectName: Int] = [:]
        await #expect(throws: SpoolFault.closed) {
            _ = try await spool.judge([forgotten], of: destination, queued: &queued)
        }
    }
}

private struct SimulatedTime: TimeSource {
    let wall = Rehearsal.start
    let monotonic = Duration.zero
}
