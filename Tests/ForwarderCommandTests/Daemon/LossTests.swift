import Delivery
import Foundation
import Logging
import Monitoring
import TestSupport
import Testing

@testable import Collector
@testable import ForwarderCommand

/// What is said of results that memory could not hold.
@Suite struct LossWatchTests {
    private let start = ContinuousClock.now

    /// What stands on the board, each up to its first reason.
    private func words(_ alarms: AlarmBoard) -> [String] {
        alarms.texts.map { $0.components(separatedBy: " since the start:")[0] }
    }

    @Test func `the first loss is news, further ones change the alarm, and an hour ends it`() {
        let alarms = AlarmBoard()
        let watch = LossWatch(alarms: alarms)
        #expect(!watch.look(0, at: start) && alarms.texts == [])
        #expect(watch.look(1, at: start))
        #expect(words(alarms) == ["1 result had to be given up"])
        #expect(!watch.look(1, at: start))
        #expect(!watch.look(5, at: start + .seconds(1800)))
        #expect(words(alarms) == ["5 results had to be given up"])
        #expect(!watch.look(5, at: start + .seconds(1800 + 3600)))
        #expect(words(alarms).count == 1, "an hour since the last loss, not the first")
        #expect(!watch.look(5, at: start + .seconds(1800 + 3601)))
        #expect(alarms.texts == [])
        #expect(!watch.look(5, at: start + .seconds(90_000)) && alarms.texts == [])
        #expect(watch.look(6, at: start + .seconds(90_000)), "the next loss is news again")
    }

    @Test(.timeLimit(.minutes(10)))
    func `while there is no spool the intake tells what memory lost`() async {
        let records = RecordOutbox(byteLimit: 1)
        let object = ObjectName(host: "web1", service: "disk")
        for number in 1...4 {
            let result = CheckResult(
                object: object, state: .ok, exitStatus: 0, output: "\(number)",
                executionStart: .init(microseconds: 1), executionEnd: .init(microseconds: 2))
            records.put(
                CheckRecord(
                    result: result, significance: .unchanged,
                    snapshot: ObjectSnapshot(name: object.fullName)))
        }
        let alarms = AlarmBoard()
        let intake = Intake(
            records: records, healthObject: ObjectName(host: "web1", service: "forwarder"),
            desk: SpoolDesk(), board: RuntimeBoard(time: FakeTime()),
            alarms: alarms, losses: LossWatch(alarms: alarms), arrivals: RecheckArrivals(),
            time: FakeTime(), log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await intake.run() }
            while !alarms.isStanding(.memory) { await Task.yield() }
            records.close()
            group.cancelAll()
        }
        #expect(words(alarms) == ["3 results had to be given up"])
    }
}

/// What the forwarder says of itself.
@Suite struct HealthFactsTests {
    @Test func `whether results get through is told by destination, and only of configured ones`() {
        let health = HealthFacts(alarms: AlarmBoard(), destinations: ["one", "two"])
        #expect(health.report.links == ["one": .untried, "two": .untried])
        let since = Timestamp(microseconds: 5)
        health.note(LinkStanding(destination: "one", state: .connected))
        health.note(LinkStanding(destination: "two", state: .broken(since: since)))
        #expect(health.report.links == ["one": .connected, "two": .broken(since: since)])
        #expect(health.report.state == .ok, "the way is no fault of the forwarder's own")
        #expect(HealthFacts(alarms: AlarmBoard()).report.links == nil, "nothing delivers")
    }

    @Test
    func `a spool that was moved aside is told until that is stored, alarms as long as they stand`()
    {
        let alarms = AlarmBoard()
        let health = HealthFacts(alarms: alarms)
        health.setObjectCount(7)
        #expect(health.report.state == .ok && health.report.text.hasSuffix("checks 7 objects"))
        alarms.announce(.damagedSpool)
        alarms.announce(.damagedSpool)
        alarms.announce(.foreignSpool)
        let told = health.report
        #expect(told.state == .warning)
        let news = "moved a damaged spool aside, moved a foreign file out of the spool's place"
        #expect(told.text == "forwarder \(Version.text) \(news), see forwarder status")
        #expect(health.report == told, "a report that was not stored told nobody")
        alarms.told(in: told.text)
        #expect(health.report.state == .ok, "only once")
        _ = alarms.raise(.definitions, "broken")
        alarms.announce(.damagedSpool)
        #expect(health.report.text.contains("moved a damaged spool aside, has 1 alarm, see"))
        alarms.told(in: health.report.text)
        for _ in 0..<2 { #expect(health.report.text.contains(" has 1 alarm, see")) }
        alarms.clear(.definitions)
        #expect(health.report.state == .ok)
    }
}

/// What is said of delivered results that the spool gave up before their proof.
@Suite struct ProofLossTests {
    @Test func `only what went since the start is an alarm, and an hour without more ends it`() {
        let alarms = AlarmBoard()
        func look(_ counts: [String: Int], _ seconds: Int) -> Bool {
            alarms.note(lostProofs: counts, at: .seconds(seconds))
        }
        #expect(!look(["north": 40, "south": 0], 0) && alarms.texts == [])
        #expect(look(["north": 43, "south": 0], 30))
        #expect(alarms.texts.count == 1)
        #expect(alarms.texts[0].hasPrefix("north: 3 delivered results had to be forgotten"))
        #expect(!look(["north": 44, "south": 0], 1000), "it goes on")
        #expect(alarms.texts[0].hasPrefix("north: 4 delivered results"))
        #expect(!look(["north": 44, "south": 0], 4600) && alarms.texts.count == 1)
        #expect(!look(["north": 44, "south": 0], 4601) && alarms.texts == [])
        #expect(!look(["north": 44, "south": 0], 90_000) && alarms.texts == [])
        #expect(look(["north": 45, "south": 1], 90_001), "the next loss is news again")
        #expect(alarms.texts[0].contains("north: 1 delivered result "))
        #expect(alarms.texts[0].contains("south: 1 delivered result "))
    }

    @Test func `a new spool, and a destination that went, count anew`() {
        let alarms = AlarmBoard()
        #expect(!alarms.note(lostProofs: ["north": 7], at: .zero))
        #expect(!alarms.note(lostProofs: ["north": 0], at: .seconds(1)))
        #expect(!alarms.note(lostProofs: [:], at: .seconds(2)))
        #expect(!alarms.note(lostProofs: ["north": 5], at: .seconds(3)))
        #expect(alarms.texts == [])
        #expect(alarms.note(lostProofs: ["north": 6], at: .seconds(4)))
    }
}
