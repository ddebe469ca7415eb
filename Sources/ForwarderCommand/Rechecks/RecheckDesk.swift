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

    init(
        inbox: RecheckInbox, desk: SpoolDesk, policy: PolicyInForce, runner: CheckRunner,
        destinations: [String], arrivals: RecheckArrivals, time: any TimeSource, log: Logger
    ) {
        self.inbox = inbox
        ledger = LedgerKeeper(desk)
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

    /// Answers until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await work in inbox.works {
                switch work {
                case .adopt(let objects): await adopt(objects)
                case .spoolBegan: await spoolBegan()
                case .demanded: for demand in inbox.take() { await answer(demand, &group) }
                case .minuteEnded: summarize()
                }
            }
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
            if ledger.isComplete {
                try await ledger.note(change.kept, forgetting: change.forgotten)
            } else {
                try await ledger.noteAll(RecheckLedger.entries(of: judge.gate.state))
            }
        } catch {
            // What is left there is forgotten again at the next reload; it allows nothing.
            log.warning("rechecks not forgotten", metadata: ["reason": "\(error)"])
        }
    }

    /// Reads what an earlier process honoured, once, and has the new delivery watch.
    private func spoolBegan() async {
        if !hasRead {
            do throws(LedgerFault) {
                let read = RecheckLedger.state(try await ledger.read(), at: time.wall)
                judge.restore(read.state)
                hasRead = true
                if read.unreadable > 0 {
                    log.warning(
                        "rechecks not read", metadata: ["entries": "\(read.unreadable)"])
                }
            } catch {
                log.warning("rechecks not read", metadata: ["reason": "\(error)"])
            }
        } else if !ledger.isComplete {
            // lost on purpose: it is tried again before anything is honoured
            try? await ledger.noteAll(RecheckLedger.entries(of: judge.gate.state))
        }
        watch()
    }

    private func watch() {
        guard let driver = desk.session?.driver else { return }
        for destination in destinations {
            driver.tell(.watch(destination: destination, judge.watched(by: destination)))
        }
    }

    // MARK: Answers

    private func answer(
        _ demand: RecheckInbox.Demand, _ group: inout DiscardingTaskGroup
    ) async {
        let request = demand.request
        // Without what was honoured before, nothing is.
        guard hasRead, !judge.isAnswered(request) else { return }
        let standing = await runner.status(of: request.object)
        switch judge.judge(request, standing, lead: demand.lead, at: time.wall) {
        case .known: break
        case .answered(let outcome): tell(outcome, demand, &group)
        case .honour(let reasons, let change): await honour(demand, reasons, change, &group)
        }
    }

    private func honour(
        _ demand: RecheckInbox.Demand, _ reasons: [PolicyReason], _ change: RecheckChange,
        _ group: inout DiscardingTaskGroup
    ) async {
        let request = demand.request
        do throws(LedgerFault) {
            if ledger.isComplete {
                try await ledger.note(
                    RecheckLedger.entries(of: change, for: request),
                    forgetting: RecheckLedger.keys(of: change.forgottenKeys))
            } else {
                try await ledger.noteAll(judge.entriesWithPending)
            }
        } catch {
            if case .answered(let outcome) = judge.notStored(request, "\(error)") {
                tell(outcome, demand, &group)
            }
            return
        }
        judge.honoured(request, by: reasons)
        arrivals.await(request.object, since: time.monotonic)
        _ = await runner.requestNow(request.object)
        tell(.honoured(by: reasons), demand, &group)
    }

    // MARK: The audit

    private func tell(
        _ outcome: RecheckOutcome, _ demand: RecheckInbox.Demand,
        _ group: inout DiscardingTaskGroup
    ) {
        let request = demand.request
        let wasTold = audit.summaryDueAt == nil
        guard audit.note(outcome.kind, of: request.destination, at: time.monotonic) else {
            if wasTold { awaitEndOfMinute(&group) }
            return
        }
        log.notice(
            "recheck request",
            metadata: [
                "master": "\(request.destination)", "node": "\(demand.node)",
                "object": "\(request.object)", "next_check": "\(request.value)",
                "decision": outcome.isAllowed ? "allowed" : "denied",
                "outcome": "\(outcome.kind.rawValue)", "reason": "\(outcome.reason)",
            ])
    }

    private func awaitEndOfMinute(_ group: inout DiscardingTaskGroup) {
        let wait = (audit.summaryDueAt ?? .zero) - time.monotonic
        group.addTask { [inbox] in
            // A cancelled wait is the end of the run.
            guard (try? await ContinuousClock().sleep(for: max(.zero, wait))) != nil else { return }
            inbox.tell(.minuteEnded)
        }
    }

    private func summarize() {
        guard let rest = audit.summary(at: time.monotonic) else { return }
        var metadata: Logger.Metadata = [:]
        for (kind, count) in rest { metadata[kind.rawValue] = "\(count)" }
        log.notice("more recheck requests", metadata: metadata)
    }
}
