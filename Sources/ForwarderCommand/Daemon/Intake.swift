import Collector
import Delivery
import Foundation
import Logging
import Monitoring
import Spool

/// Takes finished checks into the spool: durable first, then delivery hears of them.
///
/// While the spool cannot be written, or there is none, checks go on and records gather in the
/// bounded outbox; the batch at hand is tried again until it is in.
struct Intake: Sendable {
    /// Records that share one commit at most.
    static let batchLimit = 200

    let records: RecordOutbox
    /// The forwarder's own health.
    let healthObject: ObjectName
    let desk: SpoolDesk
    let board: RuntimeBoard
    let alarms: AlarmBoard
    let losses: LossWatch
    /// What was asked for goes out first.
    let arrivals: RecheckArrivals
    let time: any TimeSource
    let log: Logger

    /// Runs until the outbox is closed and empty.
    func run() async {
        while true {
            let batch = await records.next(atMost: Self.batchLimit)
            guard !batch.isEmpty else { return }
            for record in batch { note(record) }
            await store(batch)
        }
    }

    private func note(_ record: CheckRecord) {
        guard let state = record.schedule?.checkState else { return }
        board.note(record.result, state: state)
    }

    /// Stores a batch, whole or in parts where the room is short; gives up only at the very end.
    private func store(_ batch: [CheckRecord]) async {
        var random = SystemRandomNumberGenerator()
        var backoff = Backoff(first: .milliseconds(500), longest: .seconds(15))
        var waiting = batch[...]
        var partLimit = batch.count
        while !waiting.isEmpty {
            lookForLosses()
            do throws(SpoolFault) {
                // The spool's keeper says what is wrong while there is none.
                if let session = desk.session {
                    let part = Array(waiting.prefix(partLimit))
                    let receipt = try await session.spool.append(part)
                    waiting = waiting.dropFirst(receipt.taken)
                    for record in part.prefix(receipt.taken)
                    where record.result.object == healthObject {
                        alarms.told(in: record.result.output)
                    }
                    alarms.tell(receipt, at: time.monotonic, log)
                    session.driver.tell(.accepted(receipt.grown))
                    hasten(part.prefix(receipt.taken), session.driver)
                    continue
                }
            } catch {
                if case .diskFull = error { partLimit = max(1, partLimit / 2) }
                if alarms.raise(.spool, error.description) {
                    log.error("results cannot be stored", metadata: ["reason": "\(error)"])
                }
            }
            guard (try? await Task.sleep(for: backoff.next(using: &random))) != nil else {
                log.error("results lost at the end", metadata: ["count": "\(waiting.count)"])
                return
            }
        }
        if alarms.clear(.spool) { log.notice("results are stored again") }
    }

    /// Has results that were asked for go before others.
    private func hasten(_ records: ArraySlice<CheckRecord>, _ driver: DeliveryDriver) {
        for record in records {
            let object = record.result.object
            guard let since = arrivals.take(object) else { continue }
            driver.tell(.urgent(object))
            let taken = (time.monotonic - since).wholeMicroseconds / 1000
            log.info(
                "recheck done",
                metadata: [
                    "object": "\(object)", "state": "\(record.result.state.name)",
                    "after_ms": "\(taken)",
                ])
        }
    }

    private func lookForLosses() {
        guard losses.look(records.lostCount) else { return }
        log.error("results given up", metadata: ["count": "\(records.lostCount)"])
    }
}

extension AlarmBoard {
    /// Says when the spool begins and when it ceases to be full, not what each batch cost.
    func tell(_ receipt: AcceptReceipt, at now: Duration, _ log: Logger) {
        let change = note(
            refused: receipt.refused.values.reduce(0, +),
            evicted: receipt.evicted.values.reduce(0, +), at: now)
        switch change {
        case .began(let losses):
            log.error("spool is full", metadata: losses.metadata)
        case .ended(let losses):
            log.notice("spool has room again", metadata: losses.metadata)
        case .wentOn, nil: break
        }
    }
}

extension SpoolFullness.Losses {
    fileprivate var metadata: Logger.Metadata {
        ["refused": "\(refused)", "evicted": "\(evicted)"]
    }
}
