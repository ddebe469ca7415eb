import ArgumentParser
import Delivery
import Foundation
import Logging
import Monitoring
import Spool
import Synchronization

/// `forwarder flush`: deliver everything now.
struct FlushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush",
        abstract: "Deliver everything that is spooled now.",
        discussion: """
            Works with and without a running daemon. Shows a progress bar on a terminal. Objects \
            that were set aside are tried once more. Exit status 0: nothing is left; 1: something \
            is, and standard output says what and why.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    func run() async throws {
        let configuration = try common.load()
        var bar = ProgressBar()
        let outcome: FlushOutcome
        do {
            switch try await SpoolWay.find(configuration, open: { try OwnFlush(configuration) }) {
            case .daemon(let client): outcome = try Self.ask(client, &bar)
            case .own(let flush):
                PlainLogHandler.bootstrap(configuration.logging)
                outcome = try await flush.run { progress in bar.show(progress) }
            }
        } catch {
            bar.finish()
            Output.complain("forwarder flush: \(error)")
            throw ExitCode(1)
        }
        bar.finish()
        try report(outcome)
        if !outcome.isComplete { throw ExitCode(1) }
    }

    private static func ask(
        _ client: ControlClient, _ bar: inout ProgressBar
    ) throws -> FlushOutcome {
        try client.answer(to: .flush) { reply in
            if case .progress(let progress) = reply { bar.show(progress) }
            return if case .flushed(let end) = reply { end } else { nil }
        }
    }

    private func report(_ outcome: FlushOutcome) throws {
        if json {
            try Output.writeJSON(outcome)
            return
        }
        try Output.write(Self.text(outcome))
    }

    /// The outcome as people read it.
    static func text(_ outcome: FlushOutcome) -> String {
        var text = "\(outcome.delivered) results delivered, "
        if outcome.evicted > 0 {
            text += "\(outcome.evicted) given up because the spool is full, "
        }
        if outcome.withheld > 0 { text += "\(outcome.withheld) withheld by the policy, " }
        guard !outcome.isComplete else {
            return text + "nothing left.\n"
        }
        text += "\(outcome.left.map(\.count).reduce(0, +)) left:\n"
        for remainder in outcome.left {
            let line = "\(remainder.destination): \(remainder.count) results. \(remainder.reason)"
            text += "  \(line.printable)\n"
        }
        return text
    }
}

extension ProgressBar {
    mutating func show(_ progress: FlushProgress) {
        show(done: progress.done, total: progress.total, note: progress.obstacle)
    }
}

/// A flush without a daemon: this process owns the spool and starts the uplink for as long.
struct OwnFlush: Sendable {
    private let configuration: ForwarderConfiguration
    private let policy: PolicySource.Reading
    private let spool: SpoolQueue
    private let time = SystemTime()

    /// Owns the spool from now on; nothing is delivered yet.
    init(_ configuration: ForwarderConfiguration) throws {
        guard configuration.uplink.socketPath == nil || geteuid() == 0 else {
            throw ControlFault(
                description: """
                    No daemon runs, and the keys are for another user (the Uplink object has a \
                    socket). Nothing was delivered. Start the daemon, or run this as root.
                    """)
        }
        self.configuration = configuration
        policy = try PolicySource(configuration).read()
        spool = try SpoolQueue.open(configuration.spool, time: time)
    }

    /// Delivers what can be delivered, and lets the next owner in.
    func run(_ show: (FlushProgress) -> Void) async throws -> FlushOutcome {
        if !policy.isPresent { Output.complain(PolicySource(configuration).absence) }
        let log = Logger(label: "forwarder.flush")
        let health = HealthFacts(alarms: AlarmBoard())
        let wanted = AsyncStream.makeStream(of: Void.self)
        let driver = DeliveryDriver(
            spool: spool, settings: configuration.deliverySettings,
            policy: PolicyInForce(policy.rules), time: time,
            wantHealth: { wanted.continuation.yield() })
        try await driver.prepare()
        let supervisor = UplinkSupervisor(
            configuration: configuration, driver: driver, board: UplinkBoard(), log: log)
        let obstacle = FlushObstacle()
        async let delivering: Void = driver.run()
        async let _: Void = supervisor.run()
        async let making: Int = {
            var evicted = 0
            for await _ in wanted.stream {
                let record = health.record(of: configuration.healthObject, at: time.wall)
                do throws(SpoolFault) {
                    let receipt = try await spool.appendHealth(record)
                    evicted += receipt.evicted.values.reduce(0, +)
                    driver.tell(.accepted(receipt.grown))
                } catch {
                    obstacle.note(error)
                }
            }
            return evicted
        }()
        let flush = FlushRun(
            spool: spool, driver: driver, inflow: .none, patience: configuration.flushPatience,
            obstacle: { obstacle.fault })
        var outcome: FlushOutcome
        do {
            outcome = try await flush.run(show)
            wanted.continuation.finish()
            outcome.evicted = await making
            // Own health that was made in the last moment goes too.
            if outcome.isComplete { outcome.add(try await flush.run(show)) }
        } catch {
            driver.stop()
            wanted.continuation.finish()
            if case .displaced = error as? SpoolFault { _ = try await spool.rescue() }
            throw error
        }
        driver.stop()
        await delivering
        try spool.close()
        return outcome
    }
}

/// Why own health could not be stored, without which nothing leaves the spool.
private final class FlushObstacle: Sendable {
    private let noted = Mutex<SpoolFault?>(nil)

    var fault: SpoolFault? { noted.withLock { $0 } }

    /// A database that another program holds comes back; the delivery asks again.
    func note(_ fault: SpoolFault) {
        guard fault.disposition != .retry else { return }
        noted.withLock { $0 = fault }
    }
}
