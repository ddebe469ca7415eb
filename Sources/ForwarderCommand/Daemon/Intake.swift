import Collector
import Delivery
import Foundation
import Logging
import Monitoring
import Spool

/// Takes finished checks into the spool: durable first, then delivery hears of them.
///
/// While the spool cannot be written, checks go on and records gather in the bounded outbox; the
/// batch at hand is tried again until it is in.
struct Intake: Sendable {
    /// Records that share one commit at most.
    static let batchLimit = 200

    let records: RecordOutbox
    let spool: SpoolQueue
    let driver: DeliveryDriver
    let board: RuntimeBoard
    let alarms: AlarmBoard
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

    private func store(_ batch: [CheckRecord]) async {
        var random = SystemRandomNumberGenerator()
        var backoff = Backoff(first: .milliseconds(500), longest: .seconds(15))
        while true {
            do throws(SpoolFault) {
                let receipt = try await spool.append(batch)
                alarms.clear(.spool)
                report(receipt)
                driver.tell(.accepted(receipt.grown))
                return
            } catch {
                if alarms.raise(.spool, error.description) {
                    log.error("results cannot be stored", metadata: ["reason": "\(error)"])
                }
                guard (try? await Task.sleep(for: backoff.next(using: &random))) != nil else {
                    return
                }
            }
        }
    }

    /// Says when the spool begins and when it ceases to be full, not what each batch cost.
    private func report(_ receipt: AcceptReceipt) {
        let change = alarms.note(
            refused: receipt.refused.values.reduce(0, +),
            evicted: receipt.evicted.values.reduce(0, +), at: time.monotonic)
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
