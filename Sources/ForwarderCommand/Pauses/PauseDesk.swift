import Collector
import Logging
import Monitoring
import Spool

/// Keeps which objects an operator paused: durable first, then the runner hears of it.
///
/// A pause outlives restarts, and an object that is taken out of the definitions and put back. It
/// ends by itself, or by ``resume(_:by:)``.
actor PauseDesk {
    /// Most pauses at a time.
    ///
    /// 10,000: every object of a large host.
    static let limit = 10_000
    /// How long an end may be overdue when this host's clock was set forward.
    private static let longestWait = Duration.seconds(10)

    private let ledger: LedgerKeeper
    private let runner: CheckRunner
    private let healthObject: ObjectName
    private let time: any TimeSource
    private let log: Logger
    private var pauses: [ObjectName: ObjectPause] = [:]
    private var hasRead = false
    /// The earliest end that is waited for.
    private var awaited: Timestamp?

    private nonisolated let works: AsyncStream<Void>
    private nonisolated let inbox: AsyncStream<Void>.Continuation

    init(
        desk: SpoolDesk, runner: CheckRunner, healthObject: ObjectName, time: any TimeSource,
        log: Logger
    ) {
        ledger = LedgerKeeper(desk, prefix: PauseLedger.prefix)
        self.runner = runner
        self.healthObject = healthObject
        self.time = time
        self.log = log
        (works, inbox) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// What is paused now, ordered by object.
    var standing: [(object: ObjectName, pause: ObjectPause)] {
        pauses.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Ends pauses that are over until the task is cancelled.
    func run() async {
        inbox.yield()
        await withDiscardingTaskGroup { group in
            for await _ in works {
                await endThoseOver()
                guard let next = pauses.values.map(\.until).min() else { continue }
                if let awaited, awaited <= next { continue }
                awaited = next
                let wait = min(max(next - time.wall, .milliseconds(1)), Self.longestWait)
                group.addTask { [self] in
                    // A cancelled wait is the end of the run.
                    guard (try? await ContinuousClock().sleep(for: wait)) != nil else { return }
                    await waited()
                }
            }
            group.cancelAll()
        }
    }

    /// A spool was opened: the first one tells what is paused, any later one is told.
    func spoolBegan() async {
        do throws(LedgerFault) {
            try await readOnce()
            try await ledger.complete(all: everything)
        } catch {
            // It is tried again with whatever is asked next.
            log.warning("pauses not kept", metadata: ["reason": "\(error)"])
        }
    }

    /// For those who change something: what was paused before has to be known.
    private func beReady() async throws {
        do throws(LedgerFault) {
            try await readOnce()
        } catch {
            throw Self.notKept(error)
        }
    }

    private func readOnce() async throws(LedgerFault) {
        guard !hasRead else { return }
        let read = PauseLedger.pauses(try await ledger.read())
        hasRead = true
        pauses.merge(read) { known, _ in known }
        runner.pause(pauses)
        inbox.yield()
    }

    private var everything: @Sendable () -> [LedgerEntry] {
        { [pauses] in PauseLedger.entries(of: pauses) }
    }

    /// Pauses an object, or changes its pause.
    ///
    /// - Throws: when there is no such object, or the pause cannot be kept over a restart; then
    ///   nothing changed.
    func pause(_ object: ObjectName, _ pause: ObjectPause) async throws {
        guard object != healthObject else {
            throw ControlFault(
                description: """
                    The forwarder's own health cannot be paused: it shows the master that this \
                    host is alive. Stop the daemon instead.
                    """)
        }
        guard let standing = await runner.status(of: object) else {
            throw ControlFault.unknownObject(object)
        }
        guard standing.isActive || standing.expectsResults else {
            throw ControlFault(
                description: """
                    '\(object.fullName.printable)' has no schedule (enable_active_checks = false), \
                    and nothing is told of it when no results come, so there is nothing to pause. \
                    Nothing was changed.
                    """)
        }
        try await beReady()
        guard pauses[object] != nil || pauses.count < Self.limit else {
            throw ControlFault(
                description: """
                    \(Self.limit) objects are paused, which is the most there can be. Resume some, \
                    or take what is not to be checked out of the definitions.
                    """)
        }
        try await keep(
            [PauseLedger.entry(object, pause)], all: pauses.merging([object: pause]) { $1 })
        pauses[object] = pause
        runner.pause(pauses)
        inbox.yield()
        log.notice(
            "object paused",
            metadata: [
                "object": "\(object)", "by": "\(pause.author)", "reason": "\(pause.reason)",
                "until": "\(Output.time(pause.until.seconds))",
            ])
    }

    /// Ends an object's pause, and has it checked now; false when it was not paused.
    func resume(_ object: ObjectName, by author: String) async throws -> Bool {
        try await beReady()
        guard pauses[object] != nil else {
            guard await runner.status(of: object) != nil else {
                throw ControlFault.unknownObject(object)
            }
            return false
        }
        try await keep(
            [], forgetting: [PauseLedger.key(of: object)], all: pauses.filter { $0.key != object })
        pauses[object] = nil
        runner.pause(pauses)
        tellEnd(of: object, by: author)
        return true
    }

    /// Makes a change durable.
    private func keep(
        _ entries: [LedgerEntry], forgetting keys: [String] = [],
        all: [ObjectName: ObjectPause]
    ) async throws {
        do throws(LedgerFault) {
            try await ledger.note(entries, forgetting: keys) { PauseLedger.entries(of: all) }
        } catch {
            throw Self.notKept(error)
        }
    }

    private static func notKept(_ fault: LedgerFault) -> ControlFault {
        ControlFault(
            description: """
                Nothing was changed, since it could not be kept over a restart: \(fault)
                """)
    }

    private func tellEnd(of object: ObjectName, by author: String) {
        log.notice("object resumed", metadata: ["object": "\(object)", "by": "\(author)"])
    }

    private func waited() {
        awaited = nil
        inbox.yield()
    }

    private func endThoseOver() async {
        let over = pauses.filter { $0.value.until <= time.wall }.keys.sorted()
        guard !over.isEmpty else { return }
        for object in over { pauses[object] = nil }
        runner.pause(pauses)
        for object in over.prefix(Self.lineLimit) { tellEnd(of: object, by: "its end") }
        if over.count > Self.lineLimit {
            log.notice(
                "more objects resumed", metadata: ["count": "\(over.count - Self.lineLimit)"])
        }
        // lost on purpose: what is over is over after a restart as well
        try? await ledger.note(forgetting: over.map(PauseLedger.key(of:)), all: everything)
    }

    /// Lines about pauses that end at the same time.
    private static let lineLimit = 20
}
