import Foundation
import Monitoring

/// Hands results over to this host's forwarder: to the daemon if one answers, else into the drop
/// directory, under the same id, so that they are taken once whatever happens in between.
///
/// When ``handOver(_:)`` says that results were taken or dropped they are on disk: in the spool,
/// or in a file in a directory, both flushed.
struct ResultHandOver: Sendable {
    /// Where the daemon listens.
    let controlPath: String
    let drops: DropDirectory
    /// How long the daemon may take in all; then the drop directory is used.
    let patience: Duration
    let time: any TimeSource

    /// How long after the daemon was asked results may still be dropped.
    ///
    /// 2 minutes: a fifth of ``SubmissionLedger/patience``, for which a daemon knows what it took.
    static let fallBackLimit = Duration.seconds(120)
    /// The longest ``patience``: connecting, asking and answering each may take so long.
    static let longestPatience = Duration.seconds(30)
    /// How long the daemon may take where nobody says otherwise, as ``ControlClient/patience``.
    static let usualPatience = Duration.seconds(15)

    init(
        controlPath: String, dropPath: String, patience: Duration = Self.usualPatience,
        time: any TimeSource = SystemTime()
    ) {
        self.controlPath = controlPath
        drops = DropDirectory(path: dropPath)
        self.patience = min(max(patience, .seconds(1)), Self.longestPatience)
        self.time = time
    }

    /// What became of a batch.
    enum Outcome: Sendable, Hashable {
        /// The daemon's word on each record.
        case answered([SubmissionVerdict])
        /// All of it waits in the drop directory, and why.
        case dropped(because: String)
        /// It is neither here nor there; or nobody knows.
        case failed(String)
    }

    /// Hands a batch over; returns within three times ``patience`` and what writing a file takes.
    func handOver(_ batch: SubmissionBatch) -> Outcome {
        let began = time.monotonic
        let answer = ask(batch, until: began + patience)
        switch answer {
        case .verdicts(let verdicts): return .answered(verdicts)
        case .refused(let reason): return .failed(reason)
        case .nobody(let reason): return drop(batch, because: reason, isUnderway: false, began)
        case .silence(let reason): return drop(batch, because: reason, isUnderway: true, began)
        }
    }

    /// Puts a batch into the drop directory that no daemon was asked to take.
    func drop(_ batch: SubmissionBatch, because reason: String) -> Outcome {
        drop(batch, because: reason, isUnderway: false, time.monotonic)
    }

    private func drop(
        _ batch: SubmissionBatch, because reason: String, isUnderway: Bool, _ began: Duration
    ) -> Outcome {
        var batch = batch
        batch.isUnderway = isUnderway
        do throws(DropFault) {
            try drops.put(batch, at: time.wall) {
                !isUnderway || time.monotonic - began < Self.fallBackLimit
            }
            return .dropped(because: reason)
        } catch {
            return .failed("\(reason) \(error)")
        }
    }

    // MARK: The daemon

    private enum Answer {
        case verdicts([SubmissionVerdict])
        /// This user may not submit anything.
        case refused(String)
        /// Nobody has the batch.
        case nobody(String)
        /// Somebody may have it.
        case silence(String)
    }

    private func ask(_ batch: SubmissionBatch, until deadline: Duration) -> Answer {
        let client: ControlClient
        do throws(ControlFault) {
            let seconds = timeval(tv_sec: Int(patience.components.seconds), tv_usec: 0)
            guard let found = try ControlClient(path: controlPath, patience: seconds) else {
                return .nobody("No daemon listens on \(controlPath).")
            }
            client = found
        } catch {
            return error.isForbidden ? .refused(error.description) : .nobody(error.description)
        }
        var answer = Answer.silence("The daemon did not answer in time.")
        do {
            try client.ask(.submit(batch: Data(batch.bytes))) { reply in
                answer = Self.answer(reply, of: batch) ?? answer
                guard reply.isLast || time.monotonic < deadline else {
                    throw ControlFault(description: "The daemon did not answer in time.")
                }
            }
        } catch {
            return .silence("\(error)")
        }
        return answer
    }

    /// What a reply means; nil for one that only asks for patience.
    private static func answer(_ reply: ControlReply, of batch: SubmissionBatch) -> Answer? {
        switch reply {
        case .submitted(let outcome):
            if let obstacle = outcome.obstacle {
                // It knows how far it came, and goes on there.
                return .nobody("The daemon could not store all of it: \(obstacle)")
            }
            guard outcome.verdicts.count == batch.records.count else {
                return .silence("The daemon answered another question.")
            }
            return .verdicts(outcome.verdicts)
        case .refused(let reason): return .refused(reason)
        case .busy(let reason): return .nobody("The daemon is busy: \(reason)")
        case .working: return nil
        default: return .silence("The daemon answered another question.")
        }
    }
}
