import Collector
import Delivery
import Logging
import Monitoring
import Spool
import Synchronization

/// Takes results that others on this host submit for passive objects: durable before it says so,
/// and each once.
///
/// - Once: in one transaction with results goes how far their batch came, so that a batch that
///   comes again, in whole or in part, over whichever way, goes on where it ended.
/// - One part of a batch at a time, so that results of an object are stored in the order in which
///   they came, and no batch holds up another one for long.
/// - Only of objects that the definitions do not have checked (`enable_active_checks = false`):
///   nobody can put words into the mouth of a check. And only of those that the submitter may.
/// - What is refused was not stored anywhere; it is told in the log and counted, once it is final.
actor SubmissionDesk {
    /// Whose batch it is, by the kernel's word.
    struct Submitter: Sendable, Hashable {
        var asker: ControlRights.Asker
        /// The user's name, for people.
        var name: String
    }

    /// Records that share one commit at most.
    static let partLimit = SpoolQueue.batchLimit

    private let desk: SpoolDesk
    private let runner: CheckRunner
    private let board: RuntimeBoard
    private let alarms: AlarmBoard
    nonisolated let rightsBoard: RightsBoard
    private let time: any TimeSource
    private let log: Logger
    private let keeper: LedgerKeeper
    private let turns = Turns()
    private var isRead = false
    private var ledger = SubmissionLedger()
    private var lines = SubmissionLines()
    private var audit = RefusalAudit()
    private var takenCount = 0

    init(
        desk: SpoolDesk, runner: CheckRunner, board: RuntimeBoard, alarms: AlarmBoard,
        rights: RightsBoard, time: any TimeSource, log: Logger
    ) {
        self.alarms = alarms
        rightsBoard = rights
        self.time = time
        self.desk = desk
        self.runner = runner
        self.board = board
        self.log = log
        keeper = LedgerKeeper(desk, prefix: SubmissionLedger.prefix)
    }

    /// The rights that count now.
    nonisolated var rights: ControlRights { rightsBoard.current }

    /// True when nobody but root and the daemon's user may submit anything.
    nonisolated var isPrivate: Bool { rights.isSubmissionPrivate }

    /// All that was dropped before this time, on the monotonic clock, was taken or refused.
    nonisolated func noteDrops(takenBefore time: Duration) { runner.drops.reached(time) }

    /// Results that were taken and that were refused since the start.
    var counts: (taken: Int, refused: Int) { (takenCount, audit.count) }

    /// Reads the first spool's batches, and tells a later one all that are known.
    ///
    /// What fails is done before the next batch is taken.
    func spoolBegan() async {
        await turns.take()
        defer { turns.pass() }
        do throws(LedgerFault) {
            _ = try await openSession()
        } catch {
            log.info("batches not read", metadata: ["reason": "\(error)"])
        }
    }

    /// How long a result from the socket waits for a check of its object that somebody asked for.
    ///
    /// 5 seconds: a third of what its caller waits.
    static let usualPatience = Duration.seconds(5)
    private static let busyStep = Duration.milliseconds(50)

    /// Takes a batch as far as nothing stands in its way.
    ///
    /// - Parameter patience: how long it waits, after each part of it, for a check of an object
    ///   that somebody asked for. Others take their turns meanwhile, but for the same submitter's
    ///   with a result of that object.
    func take(
        _ batch: SubmissionBatch, by submitter: Submitter, patience: Duration
    ) async -> BatchOutcome {
        let key = SubmissionLedger.Key(submitter: submitter.asker.user, id: batch.id)
        guard !batch.daemonWasAsked || ledger.hasRoom(for: key) else {
            return BatchOutcome(obstacle: "Too many calls within the last minutes.")
        }
        var outcome = BatchOutcome()
        var refusals: [Refusal] = []
        var waited = Duration.zero
        var place: SubmissionLines.Place?
        defer { if let place { lines.leave(batch.id, at: place) } }
        while outcome.verdicts.count < batch.records.count {
            let known = outcome.verdicts.count
            await turns.take()
            let obstacle = await takePart(of: batch, by: submitter, &outcome.verdicts, &refusals)
            turns.pass()
            if outcome.verdicts.count > known {
                waited = .zero
                if let place { lines.leave(batch.id, at: place) }
            }
            guard let obstacle else { continue }
            guard case .busy(let object) = obstacle, waited < patience else {
                outcome.obstacle = obstacle.description
                break
            }
            let next = SubmissionLines.Place(submitter: submitter.asker.user, object: object)
            lines.join(batch.id, at: next)
            place = next
            waited += Self.busyStep
            // a cancelled wait is the end of the daemon
            guard (try? await Task.sleep(for: Self.busyStep)) != nil else {
                outcome.obstacle = Obstacle.stopping.description
                break
            }
        }
        // Behind an obstacle, what was refused and not settled is judged again with the next try.
        if outcome.obstacle == nil {
            tell(&refusals, of: submitter, before: outcome.verdicts.count)
        }
        return outcome
    }

    /// Forgets batches whose files are gone for good.
    ///
    /// When it fails they stay known for a while, which does no harm.
    func forget(_ keys: [SubmissionLedger.Key]) async {
        let known = keys.filter { ledger.knows($0) }
        guard !known.isEmpty else { return }
        for key in known { ledger.forget(key) }
        do throws(LedgerFault) {
            let all = ledger.all
            try await keeper.note(forgetting: known.map(SubmissionLedger.key), all: { all })
        } catch {
            log.info("batches not forgotten", metadata: ["reason": "\(error)"])
        }
    }

    /// Batches that can be forgotten where no file of them lies in the drop directory.
    var expired: Set<SubmissionLedger.Key> { ledger.expired(at: time.monotonic) }

    /// Forgets these of the batches that are old enough; and tells what was not told one by one.
    func tidy(forgetting gone: Set<SubmissionLedger.Key>) async {
        for (submitter, count) in audit.summary(at: time.monotonic) {
            log.warning(
                "more results refused", metadata: ["uid": "\(submitter)", "count": "\(count)"])
        }
        await turns.take()
        defer { turns.pass() }
        await forget(Array(ledger.expired(at: time.monotonic).intersection(gone)))
    }

    /// Counts a refusal, and tells it while its submitter has lines left.
    func note(refusal reason: String, of subject: String, by submitter: Submitter) {
        guard audit.note(submitter.asker.user, at: time.monotonic) else { return }
        log.warning(
            "result refused",
            metadata: [
                "object": "\(subject)", "by": "\(submitter.name)",
                "uid": "\(submitter.asker.user)", "reason": "\(reason)",
            ])
    }

    // MARK: Parts

    /// Why a batch comes no further for now.
    private enum Obstacle: CustomStringConvertible {
        /// A check of this object is underway.
        case busy(ObjectName)
        case stopping
        case other(String)

        var description: String {
            switch self {
            case .busy(let object):
                "A check of '\(object.fullName.printable)' is not stored yet."
            case .stopping: "The daemon is stopping."
            case .other(let text): text
            }
        }
    }

    /// Goes on with a batch where it stands; always comes further, or to an obstacle.
    private func takePart(
        of batch: SubmissionBatch, by submitter: Submitter, _ verdicts: inout [SubmissionVerdict],
        _ refusals: inout [Refusal]
    ) async -> Obstacle? {
        let key = SubmissionLedger.Key(submitter: submitter.asker.user, id: batch.id)
        let session: SpoolSession
        let begun: Int
        do throws(LedgerFault) {
            session = try await openSession()
            begun = min(try ledger.position(of: key), batch.records.count)
        } catch {
            return .other(error.description)
        }
        while verdicts.count < begun { verdicts.append(.known) }
        let start = verdicts.count
        let end = min(start + Self.partLimit, batch.records.count)
        var part = Part(id: batch.id, start: start)
        for record in batch.records[start..<end] {
            await judge(record, submitter, &part)
            if part.obstacle != nil { break }
        }
        await store(&part, key, session)
        verdicts += part.verdicts
        takenCount += part.records.count
        refusals += part.refusals.filter { $0.place < verdicts.count }
        tell(&refusals, of: submitter, before: part.settled)
        return part.obstacle
    }

    /// A record that was refused, and where in its batch it stands.
    private struct Refusal {
        let place: Int
        let object: ObjectName
        let reason: String
    }

    /// Counts and tells what is refused for good: the batch does not come to it again.
    private func tell(
        _ refusals: inout [Refusal], of submitter: Submitter, before end: Int
    ) {
        for one in refusals where one.place < end {
            note(refusal: one.reason, of: one.object.fullName.printable, by: submitter)
        }
        refusals.removeAll { $0.place < end }
    }

    /// What is being taken of a batch.
    private struct Part {
        let id: BatchID
        /// The place of its first record in the batch.
        let start: Int
        var verdicts: [SubmissionVerdict] = []
        /// What is to be stored, with each one's place behind it in the batch.
        var records: [(record: CheckRecord, state: CheckState, counted: CountedResult, end: Int)] =
            []
        var refusals: [Refusal] = []
        /// How far the ledger knows the batch: what comes before it is not judged again.
        var settled = 0
        var obstacle: Obstacle?
    }

    private func judge(
        _ record: SubmissionBatch.Record, _ submitter: Submitter, _ part: inout Part
    ) async {
        let object = record.object
        let rights = rights
        guard rights.allow(resultOf: object, from: submitter.asker) else {
            if rights.mayStillAllow(.submit, to: submitter.asker), let reason = rights.complaint {
                part.obstacle = .other(reason)
                return
            }
            return refuse(record, Self.forbidden(object, submitter), &part)
        }
        let place = SubmissionLines.Place(submitter: submitter.asker.user, object: object)
        guard lines.lets(part.id, to: place) else {
            part.obstacle = .busy(object)
            return
        }
        let output = PluginOutput(bytes: record.output, ending: .exited(record.exitStatus))
        switch await runner.submit(object, output, execution: record.execution) {
        case .unknownObject:
            refuse(record, ControlFault.unknownObject(object).description, &part)
        case .active: refuse(record, Self.active(object), &part)
        case .busy: part.obstacle = .busy(object)
        case .stopping: part.obstacle = .stopping
        case .taken(let checked, let state, let counted):
            part.verdicts.append(.taken(SubmitReply(object, state)))
            part.records.append((checked, state, counted, part.start + part.verdicts.count))
        }
    }

    private func refuse(
        _ record: SubmissionBatch.Record, _ reason: String, _ part: inout Part
    ) {
        part.refusals.append(
            Refusal(
                place: part.start + part.verdicts.count, object: record.object, reason: reason))
        part.verdicts.append(.refused(reason))
    }

    /// Makes the part durable as far as there is room, and has it delivered; what is left of it is
    /// as if it had not been judged.
    private func store(
        _ part: inout Part, _ key: SubmissionLedger.Key, _ session: SpoolSession
    ) async {
        guard !part.records.isEmpty else { return }
        let (start, ends) = (part.start, part.records.map(\.end))
        // What was refused behind the last one that is stored is decided too.
        let decided = start + part.verdicts.count
        let position: @Sendable (Int) -> Int = { taken in
            taken == ends.count ? decided : taken == 0 ? start : ends[taken - 1]
        }
        var stored = 0
        do throws(SpoolFault) {
            let receipt = try await session.spool.append(
                part.records.map(\.record),
                noting: { SubmissionLedger.entry(key, position: position($0)) })
            stored = receipt.taken
            session.driver.tell(.accepted(receipt.grown))
            alarms.tell(receipt, at: time.monotonic, log)
            part.obstacle = part.obstacle ?? receipt.obstacle.map { .other(Self.text($0)) }
            if stored < ends.count, part.obstacle == nil {
                part.obstacle = .other("The spool took a part of it only.")
            }
        } catch {
            part.obstacle = .other(error.description)
        }
        if stored > 0 {
            ledger.note(key, position: position(stored), at: time.monotonic)
            part.settled = position(stored)
        }
        for (record, state, _, _) in part.records[..<stored] {
            board.note(record.result, state: state)
        }
        for unstored in part.records[stored...].reversed() { runner.takeBack(unstored.counted) }
        if stored < ends.count {
            part.verdicts = Array(part.verdicts.prefix(position(stored) - start))
            part.records = Array(part.records[..<stored])
        }
    }

    /// The open spool, which knows all batches that are known.
    private func openSession() async throws(LedgerFault) -> SpoolSession {
        if isRead {
            let all = ledger.all
            try await keeper.complete(all: { all })
        } else {
            let stored = try await keeper.read()
            let unreadCount = ledger.adopt(stored, at: time.monotonic)
            isRead = true
            if unreadCount > 0 {
                log.error(
                    """
                    the spool's notes on batches cannot all be read; what comes again of such a \
                    batch waits; a newer version may have written them
                    """, metadata: ["count": "\(unreadCount)"])
            }
        }
        guard let session = desk.session, keeper.isComplete(session.spool) else {
            throw LedgerFault(description: desk.fault ?? "There is no spool.")
        }
        return session
    }

    private static func text(_ obstacle: AcceptReceipt.Obstacle) -> String {
        switch obstacle {
        case .full: "The spool is full and finds no room for it."
        case .noDestination: "No master is configured that could get it."
        }
    }

    private static func active(_ object: ObjectName) -> String {
        """
        '\(object.fullName.printable)' is checked by this host itself, so a result of it cannot be \
        submitted. Only objects with enable_active_checks = false take results; `forwarder \
        recheck` has this one checked now.
        """
    }

    private static func forbidden(_ object: ObjectName, _ submitter: Submitter) -> String {
        """
        The user \(submitter.name.printable) may not submit results of \
        '\(object.fullName.printable)': neither submit_groups of the Control object nor a \
        Submitter object of forwarder.conf says so, as the daemon read it at its start.
        """
    }
}

extension SubmitReply {
    init(_ object: ObjectName, _ state: CheckState) {
        self.init(
            state: object.isHost ? state.state.asHostState.name : state.state.name,
            stateType: state.type.name, attempt: state.attempt)
    }
}
