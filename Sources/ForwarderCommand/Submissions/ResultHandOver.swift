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
        controlPath: String, drops: DropDirectory, patience: Duration = Self.usualPatience,
        time: any TimeSource = SystemTime()
    ) {
        self.controlPath = controlPath
        self.drops = drops
        self.patience = min(max(patience, .seconds(1)), Self.longestPatience)
        self.time = time
    }

    init(controlPath: String, dropPath: String, patience: Duration = Self.usualPatience) {
        self.init(
            controlPath: controlPath, drops: DropDirectory(path: dropPath), patience: patience)
    }

    /// What became of a batch.
    struct Outcome: Sendable, Hashable {
        /// The daemon's word on the first records.
        var verdicts: [SubmissionVerdict] = []
        /// What became of the records behind these; nil when there are none.
        var rest: Rest?
    }

    /// What became of records on which the daemon gave no word.
    enum Rest: Sendable, Hashable {
        /// They wait in the drop directory, and why.
        case dropped(because: String)
        /// They are nowhere.
        case failed(String)
        /// Nobody knows: they may be taken yet, so that handing them over again may double them.
        case unsure(String)
    }

    /// Hands a batch over; returns within three times ``patience`` and what writing a file takes.
    func handOver(_ batch: SubmissionBatch) -> Outcome {
        let began = time.monotonic
        switch ask(batch, until: began + patience) {
        case .verdicts(let verdicts): return Outcome(verdicts: verdicts)
        case .refused(let reason): return Outcome(rest: .failed(reason))
        case .part(let verdicts, let reason):
            return Outcome(verdicts: verdicts, rest: drop(batch, because: reason))
        case .nobody(let reason): return Outcome(rest: drop(batch, because: reason))
        case .silence(let reason):
            return Outcome(rest: drop(batch, afterSilence: reason, since: began))
        }
    }

    /// Puts a batch into the drop directory that no daemon will come to another way.
    func drop(_ batch: SubmissionBatch, because reason: String) -> Rest {
        do throws(DropFault) {
            try drops.put(batch, at: time.wall)
            return .dropped(because: reason)
        } catch {
            let text = "\(reason) \(error)"
            return error.isPut ? .unsure(text) : .failed(text)
        }
    }

    /// Puts a batch into the drop directory that a daemon was asked to take, and may still take.
    private func drop(
        _ batch: SubmissionBatch, afterSilence reason: String, since began: Duration
    ) -> Rest {
        var batch = batch
        batch.daemonWasAsked = true
        do throws(DropFault) {
            try drops.put(batch, at: time.wall) { time.monotonic - began < Self.fallBackLimit }
            return .dropped(because: reason)
        } catch {
            return .unsure(
                """
                \(reason) \(error) Whether the daemon stored the results is not known. Look what \
                the master shows before they are submitted again.
                """)
        }
    }

    // MARK: The daemon

    private enum Answer {
        case verdicts([SubmissionVerdict])
        /// Its word on the first records; nobody has the others.
        case part([SubmissionVerdict], String)
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
            // Nobody has it, also where this user is kept from the socket: while a daemon makes its
            // socket that is so for all. The directory's mode says who may drop.
            return .nobody(error.description)
        }
        var answer = Answer.silence("The daemon did not answer in time.")
        do {
            try client.ask(.submit(batch: Data(batch.bytes))) { reply in
                answer = Self.answer(reply, of: batch) ?? answer
                guard reply.isLast || time.monotonic < deadline else {
                    throw ControlFault(description: "The daemon did not answer in time.")
                }
            }
        } catch let fault as ControlFault where fault.isSilence {
            // to ask again is this program's matter here, and not its caller's
            return .silence("The daemon did not answer: it went away, or it hangs; see its log.")
        } catch {
            return .silence("\(error)")
        }
        return answer
    }

    /// What a reply means; nil for one that only asks for patience.
    private static func answer(_ reply: ControlReply, of batch: SubmissionBatch) -> Answer? {
        switch reply {
        case .submitted(let outcome):
            let isWhole = outcome.verdicts.count == batch.records.count
            if isWhole { return .verdicts(outcome.verdicts) }
            guard let obstacle = outcome.obstacle, outcome.verdicts.count < batch.records.count
            else { return .silence("The daemon answered another question.") }
            // It knows how far it came, and goes on there.
            return .part(
                outcome.verdicts, "The daemon could not store all of it: \(obstacle)")
        case .refused(let reason): return .refused(reason)
        case .busy(let reason): return .nobody("The daemon is busy: \(reason)")
        case .working: return nil
        default: return .silence("The daemon answered another question.")
        }
    }
}
