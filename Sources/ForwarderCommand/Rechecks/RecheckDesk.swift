import Collector
import Delivery
import Logging
import Monitoring
import Policy
import Spool

/// Answers the rechecks that masters ask for: the only way in which a master makes this host do
/// anything.
///
/// - What is honoured is durable before its check is made due, so that no crash honours it twice.
/// - Each answer is one line of the log, within the bounds of ``RecheckAudit``, and a count.
/// - A result that was asked for leaves before others (``RecheckArrivals``).
///
/// ``RecheckJudge`` decides; one request at a time is judged, stored and run.
actor RecheckDesk {
    private let inbox: RecheckInbox
    private let ledger: LedgerKeeper
    private let desk: SpoolDesk
    private let policy: PolicyInForce
    private let runner: CheckRunner
    private let destinations: [String]
    private let arrivals: RecheckArrivals
    private let time: any TimeSource
    private let log: Logger

    private var judge = RecheckJudge()
    private var audit = RecheckAudit()
    private var hasRead = false
    /// When the audit's next summary is waited for.
    private var summaryAwaited: Duration?

    init(
        inbox: RecheckInbox, desk: SpoolDesk, policy: PolicyInForce, runner: CheckRunner,
        destinations: [String], arrivals: RecheckArrivals, time: any TimeSource, log: Logger
    ) {
        self.inbox = inbox
        ledger = LedgerKeeper(desk, prefix: RecheckLedger.prefix)
        self.desk = desk
        self.policy = policy
        self.runner = runner
        self.destinations = destinations
        self.arrivals = arrivals
        self.time = time
        self.log = log
    }

    /// What became of requests since the start, by destination.
    var counts: [String: [RecheckOutcome.Kind: Int]] { audit.counts }

    /// Answers until the inbox is closed.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await work in inbox.works {
                switch work {
                case .adopt(let objects): await adopt(objects)
                case .spoolBegan: await spoolBegan()
                case .demanded: await answer(inbox.take())
                case .minuteEnded:
                    summaryAwaited = nil
                    summarize()
                }
                awaitSummary(&group)
            }
            summarize(isLast: true)
            group.cancelAll()
        }
    }

    // MARK: What is asked about

    private func adopt(_ objects: [PolicyObject]?) async {
        let before = judge.gate.state
        judge.adopt(policy.rules, objects)
        watch()
        let change = RecheckLedger.difference(from: before, to: judge.gate.state)
        guard hasRead, !change.kept.isEmpty || !change.forgotten.isEmpty else { return }
        do throws(LedgerFault) {
            try await ledger.note(change.kept, forgetting: change.forgotten, all: everything)
        } catch {
            // What stays there allows nothing; it is forgotten after the next start.
            log.warning("rechecks not forgotten", metadata: ["reason": "\(error)"])
        }
    }

    /// The first spool tells what was honoured before, any later one is told.
    private func spoolBegan() async {
        do throws(LedgerFault) {
            try await readOnce()
            try await ledger.complete(all: everything)
        } catch {
            // It is tried again before anything is honoured.
            log.warning("rechecks not kept", metadata: ["reason": "\(error)"])
        }
        watch()
    }

    private func readOnce() async throws(LedgerFault) {
        guard !hasRead else { return }
        let read = RecheckLedger.state(try await ledger.read(), at: time.wall)
        judge.restore(read.state)
        hasRead = true
        if read.unreadable > 0 {
            log.warning("rechecks not read", metadata: ["entries": "\(read.unreadable)"])
        }
    }

    private func watch() {
        guard let driver = desk.session?.driver else { return }
        for destination in destinations {
            driver.tell(.watch(destination: destination, judge.watched(by: destination)))
        }
    }

    /// All that is known now, the request under judgement included.
    private var everything: @Sendable () -> [LedgerEntry] {
        { [state = judge.stateWithPending] in RecheckLedger.entries(of: state) }
    }

    // MARK: Answers

    private func answer(_ work: RecheckInbox.Demands) async {
        for round in work.rounds {
            guard hasRead, judge.begin(round.destination, lead: round.lead, at: time.wall) else {
                continue
            }
            // lost on purpose: it is noted with whatever is honoured first
            try? await ledger.note(
                RecheckLedger.floors(of: judge.gate.state), all: everything)
        }
        for demand in work.demands where !judge.isAnswered(demand.request) {
            await answer(demand)
        }
    }

    private func answer(_ demand: RecheckInbox.Demand) async {
        let request = demand.request
        do throws(LedgerFault) {
            try await readOnce()
        } catch {
            // Without what was honoured before, nothing is.
            return told(judge.notStored(request, "\(error)"), demand)
        }
        let standing = await runner.status(of: request.object)
        switch judge.judge(request, standing, lead: demand.lead, at: time.wall) {
        case .honour(let reasons, let change): await honour(demand, reasons, change)
        case .answered(let outcome):
            hasten(request.object, outcome)
            tell(outcome, demand)
        case .known: break
        }
    }

    private func honour(
        _ demand: RecheckInbox.Demand, _ reasons: [PolicyReason], _ change: RecheckChange
    ) async {
        let request = demand.request
        do throws(LedgerFault) {
            try await ledger.note(
                RecheckLedger.entries(of: change, for: request),
                forgetting: RecheckLedger.keys(of: change.forgottenKeys), all: everything)
        } catch {
            return told(judge.notStored(request, "\(error)"), demand)
        }
        judge.honoured(request, by: reasons)
        arrivals.await(request.object, since: time.monotonic)
        guard await runner.requestNow(request.object) != .unknownObject else {
            // Taken out of the definitions a moment ago.
            _ = arrivals.take(request.object)
            return tell(.unknownObject, demand)
        }
        tell(.honoured(by: reasons), demand)
    }

    /// Has the result that answers a request go before others.
    private func hasten(_ object: ObjectName, _ outcome: RecheckOutcome) {
        switch outcome {
        case .running, .imminent: arrivals.await(object, since: time.monotonic)
        case .checkedSince: desk.session?.driver.tell(.urgent(object))
        case .honoured, .refused, .paused, .outsidePeriod, .unknownObject, .notStored: break
        }
    }

    // MARK: The audit

    private func told(_ verdict: RecheckJudge.Verdict, _ demand: RecheckInbox.Demand) {
        if case .answered(let outcome) = verdict { tell(outcome, demand) }
    }

    private func tell(_ outcome: RecheckOutcome, _ demand: RecheckInbox.Demand) {
        let request = demand.request
        guard audit.note(outcome.kind, of: request.destination, at: time.monotonic) else { return }
        var metadata: Logger.Metadata = [
            "master": "\(request.destination)", "node": "\(demand.node)",
            "object": "\(request.object)", "next_check": "\(request.value)",
            "decision": outcome.isAllowed ? "allowed" : "denied",
            "outcome": "\(outcome.kind.rawValue)", "reason": "\(outcome.reason)",
        ]
        if outcome.isAllowed, let roles = judge.allowance(of: request) {
            metadata["by"] = "\(roles)"
        }
        log.notice("recheck request", metadata: metadata)
    }

    private func awaitSummary(_ group: inout DiscardingTaskGroup) {
        guard summaryAwaited == nil, let due = audit.summaryDueAt else { return }
        summaryAwaited = due
        let wait = max(.zero, due - time.monotonic)
        group.addTask { [inbox] in
            // A cancelled wait is the end of the run.
            guard (try? await ContinuousClock().sleep(for: wait)) != nil else { return }
            inbox.tell(.minuteEnded)
        }
    }

    private func summarize(isLast: Bool = false) {
        let rest = audit.summary(at: time.monotonic, isLast: isLast)
        for (destination, counts) in rest.sorted(by: { $0.key < $1.key }) {
            var metadata: Logger.Metadata = ["master": "\(destination)"]
            for (kind, count) in counts { metadata[kind.rawValue] = "\(count)" }
            log.notice("more recheck requests", metadata: metadata)
        }
    }
}
