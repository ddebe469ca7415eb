import Collector
import Delivery
import Foundation
import Logging
import Monitoring
import Spool

/// Keeps a spool open for the daemon and has it delivered.
///
/// Opens it again when it could not be opened; moves it aside and begins a new one when it is
/// damaged. Each spool has a delivery and an uplink of its own: what an old uplink still says about
/// the old spool can never be taken for an answer about the new one.
struct SpoolKeeper: Sendable {
    /// How often free pages are given back to the file system.
    static let tidyInterval = Duration.seconds(30)
    /// The first wait before the spool is opened again, and the longest.
    ///
    /// 15 s: room that was made is used soon; a disk that damages every file is not filled fast.
    private static let firstWait = Duration.milliseconds(500)
    private static let longestWait = Duration.seconds(15)

    let configuration: ForwarderConfiguration
    let policy: PolicyInForce
    let time: SystemTime
    let desk: SpoolDesk
    let forgetting: ScheduleForgetting
    let alarms: AlarmBoard
    let uplink: UplinkBoard
    let log: Logger
    let wantHealth: @Sendable () -> Void
    /// Hears whether results get through, by destination.
    let linked: @Sendable (LinkStanding) -> Void
    /// What masters ask for.
    let rechecks: RecheckInbox
    /// Hears of each spool that is worked with from now on.
    let began: @Sendable () async -> Void
    /// Hears of each step at which crash tests may kill.
    private let passing = Self.killPointObserver

    private static var killPointObserver: KillPoint.Observer {
        #if DEBUG
            KillSwitch.observer()
        #else
            { _ in }
        #endif
    }

    /// How long the start waits for another owner of the spool.
    ///
    /// 5 minutes: a `flush` that is under way ends sooner or later, another daemon does not.
    private static let ownerPatience = Duration.seconds(300)

    /// The first opening; true when there is a spool, false when it is tried again by ``run(_:)``.
    ///
    /// - Throws: what an operator has to mend before the daemon can start.
    func begin(_ signals: Signals) async throws -> Bool {
        do {
            try await take(await openWhenFree(signals))
            return true
        } catch let fault as SpoolFault {
            guard fault.disposition != .stop else { throw fault }
            fail(fault)
            return false
        }
    }

    /// Delivers, and opens again what fails, until the task is cancelled; leaves the spool open.
    ///
    /// - Parameter standings: where each schedule stands, for a spool that does not know.
    func run(_ standings: @Sendable () async -> [ScheduleState]) async {
        var random = SystemRandomNumberGenerator()
        var backoff = Backoff(first: Self.firstWait, longest: Self.longestWait)
        var isDamaged = false
        while !Task.isCancelled {
            if let session = desk.session {
                guard let fault = await deliver(session), !Task.isCancelled else { return }
                fail(fault)
                if case .displaced = fault {
                    await rescue(session.spool)
                } else {
                    isDamaged = true
                    // lost on purpose: a damaged file may not even close; it is moved as it is
                    try? session.spool.close()
                }
            }
            // A cancelled wait ends the loop.
            try? await Task.sleep(for: backoff.next(using: &random))
            guard !Task.isCancelled else { return }
            do throws(SpoolFault) {
                try await open(isDamaged: &isDamaged, standings)
                backoff.reset()
            } catch {
                fail(error)
            }
        }
    }

    private func open(
        isDamaged: inout Bool,
        _ standings: @Sendable () async -> [ScheduleState]
    ) async throws(SpoolFault) {
        if isDamaged {
            try moveAside()
            isDamaged = false
        }
        let spool = try SpoolQueue.open(
            configuration.spool, time: time, damaged: .moveAside, passing: passing)
        do throws(SpoolFault) {
            try await spool.saveSchedule(await standings())
        } catch {
            if case .damaged = error { isDamaged = true }
            // lost on purpose: the fault that matters is the one before it
            try? spool.close()
            throw error
        }
        try await take(spool)
        alarms.clear(.opening)
        log.notice("spool opened")
    }

    /// Makes an opened spool the one that is worked with.
    private func take(_ spool: SpoolQueue) async throws(SpoolFault) {
        if let moved = spool.movedAside { announce(moved) }
        let driver = DeliveryDriver(
            spool: spool, settings: configuration.deliverySettings, policy: policy,
            time: time,
            passing: passing, linked: linked, demanded: { [rechecks] in rechecks.demanded($0) },
            wantHealth: wantHealth)
        do throws(SpoolFault) {
            try await driver.prepare()
        } catch {
            // lost on purpose: the fault that matters is the one before it
            try? spool.close()
            guard case .damaged = error else { throw error }
            try moveAside()
            throw error
        }
        desk.begin(SpoolSession(spool: spool, driver: driver))
        await began()
    }

    /// Stores where the schedules stand and closes the spool, at the end of the daemon.
    ///
    /// After the last results, which carry older standings, and bring back those of objects that
    /// are gone if they waited in memory.
    func finish(_ standings: [ScheduleState]) async throws {
        guard let session = desk.session else { return }
        do throws(SpoolFault) {
            try await session.spool.saveSchedule(standings)
            if !standings.isEmpty {
                let objects = Set(standings.map(\.object))
                _ = try await session.spool.forgetSchedules(except: objects)
            }
            try session.spool.close()
        } catch {
            guard case .displaced = error else { throw error }
            announce(try await session.spool.rescue())
        }
    }

    /// Delivers until the spool turns out damaged, or to the end of the daemon (nil).
    private func deliver(_ session: SpoolSession) async -> SpoolFault? {
        await withTaskGroup(of: SpoolFault?.self) { group in
            let supervisor = UplinkSupervisor(
                configuration: configuration, driver: session.driver, board: uplink, log: log)
            group.addTask {
                await session.driver.run()
                return nil
            }
            group.addTask {
                await supervisor.run()
                return nil
            }
            group.addTask {
                await tidy(session.spool)
                return nil
            }
            group.addTask {
                for await damage in session.spool.damage { return damage }
                return nil
            }
            // None of them ends before the daemon does, but for damage.
            let damage = await group.next() ?? nil
            session.driver.stop()
            group.cancelAll()
            await group.waitForAll()
            return damage
        }
    }

    private func tidy(_ spool: SpoolQueue) async {
        repeat {
            await forgetting.tryAgain()
            do throws(SpoolFault) {
                while try await spool.tidy() {}
                let destinations = try await spool.status().destinations
                note(retired: destinations)
                note(lostProofs: destinations)
                alarms.clear(.tidying)
            } catch {
                if alarms.raise(.tidying, error.description) {
                    log.warning("spool not tidied", metadata: ["reason": "\(error)"])
                }
            }
        } while (try? await Task.sleep(for: Self.tidyInterval)) != nil
    }

    /// Says of delivered results that they went before it was sure that the master remembers them.
    private func note(lostProofs destinations: [DestinationStatus]) {
        let lost = Dictionary(destinations.map { ($0.name, $0.losses.evictedKept) }) { $1 }
        if alarms.note(lostProofs: lost, at: time.monotonic) {
            log.warning("delivered results forgotten before proof")
        }
    }

    /// Says of destinations that are no longer configured that something waits for them.
    private func note(retired destinations: [DestinationStatus]) {
        let texts = destinations.compactMap(\.retirementAlarm)
        guard !texts.isEmpty else {
            alarms.clear(.retired)
            return
        }
        let text = texts.joined(separator: " ")
        if alarms.raise(.retired, text) {
            log.warning("destination not configured", metadata: ["reason": "\(text)"])
        }
    }

    /// Opens the spool, or waits for the one that has it.
    private func openWhenFree(_ signals: Signals) async throws -> SpoolQueue {
        let deadline = ContinuousClock.now + Self.ownerPatience
        let path = configuration.spool.path
        var told: Int32?
        return try await SpoolQueue.openWhenFree(
            configuration.spool, time: time, damaged: .moveAside, passing: passing
        ) { owner in
            if signals.stopIsWanted { throw CancellationError() }
            guard ContinuousClock.now < deadline else {
                throw SpoolFault.owned(path: path, byPID: owner)
            }
            if told == nil || told != owner {
                let pid = owner.map(String.init) ?? "unknown"
                log.notice("waiting for the spool", metadata: ["owner.pid": "\(pid)"])
            }
            told = owner ?? 0
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func fail(_ fault: SpoolFault) {
        desk.end(because: fault)
        let text = """
            There is no spool: results are kept in memory and nothing is delivered. \(fault)
            """
        if alarms.raise(.opening, text) {
            log.error("no spool", metadata: ["reason": "\(fault)"])
        }
    }

    /// Gives what a displaced spool holds a name again, however long there is no room for it.
    private func rescue(_ spool: SpoolQueue) async {
        var random = SystemRandomNumberGenerator()
        var backoff = Backoff(first: Self.firstWait, longest: Self.longestWait)
        repeat {
            do throws(SpoolFault) {
                announce(try await spool.rescue())
                return
            } catch {
                fail(error)
                // Nothing more can be read from it than the next spool would hold.
                if case .damaged = error { break }
            }
        } while (try? await Task.sleep(for: backoff.next(using: &random))) != nil
        log.error(
            "removed spool lost", metadata: ["path": "\(configuration.spool.path)"])
        // lost on purpose: the file goes with this process, whether it closes or not
        try? spool.close()
    }

    private func moveAside() throws(SpoolFault) {
        let settings = configuration.spool
        if let moved = try SpoolQueue.moveAside(settings, time: time, passing: passing) {
            announce(moved)
        } else {
            log.warning("damaged spool is gone", metadata: ["path": "\(settings.path)"])
        }
    }

    private func announce(_ rescue: SpoolQueue.Rescue) {
        switch rescue {
        case .putBack:
            alarms.announce(.displacedSpool)
            log.error(
                "spool was removed, written again",
                metadata: ["path": "\(configuration.spool.path)"])
        case .setAside(let moved): announce(moved)
        }
    }

    private func announce(_ moved: MovedSpool) {
        switch moved.kind {
        case .damaged: alarms.announce(.damagedSpool)
        case .foreign: alarms.announce(.foreignSpool)
        case .displaced: alarms.announce(.displacedSpool)
        }
        log.error("spool moved aside", metadata: ["path": "\(moved.path)", "reason": "\(moved)"])
    }
}
