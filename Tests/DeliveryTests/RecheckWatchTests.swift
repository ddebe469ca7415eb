import Monitoring
import Testing
import UplinkMessages

@testable import Delivery

private let object = ObjectName(host: "h", service: "s")
private let now = Timestamp(microseconds: 1_700_000_000_000_000)

/// Which of the times that a master shows are somebody's requests.
@Suite struct RecheckRuleTests {
    private func reading(
        _ next: Timestamp, isForced: Bool = false, lastCheck: Timestamp? = now - .seconds(50.25)
    ) -> ScheduleReading {
        ScheduleReading(object: object, nextCheck: next, isForced: isForced, lastCheck: lastCheck)
    }

    @Test func `a whole second that the master's clock has reached is a request, forced or not`() {
        var watched = WatchedObject()
        #expect(watched.request(reading(now - .seconds(3)), passed: now) == 1_699_999_997)
        #expect(
            watched.request(reading(now - .seconds(3), isForced: true), passed: now)
                == 1_699_999_997)
    }

    @Test func `a request for later stands from then on`() {
        var watched = WatchedObject()
        let asked = reading(now + .seconds(60))
        #expect(watched.request(asked, passed: now) == nil)
        #expect(watched.request(asked, passed: now + .seconds(59.999)) == nil)
        #expect(watched.request(asked, passed: now + .seconds(60)) == 1_700_000_060)
    }

    @Test func `a fraction, as a reload makes of what is overdue, is none`() {
        var watched = WatchedObject()
        #expect(watched.request(reading(now - .seconds(3.5)), passed: now) == nil)
        #expect(watched.request(reading(now - .seconds(2.25)), passed: now) == nil)
    }

    @Test func `a fraction is a request where the force was seen to come with it`() {
        var watched = WatchedObject()
        let asked = reading(now - .seconds(1.5), isForced: true)
        #expect(watched.request(asked, passed: now) == nil, "nobody saw it come")
        var other = WatchedObject()
        #expect(other.request(reading(now + .seconds(30.125)), passed: now) == nil)
        #expect(other.request(asked, passed: now) == 1_699_999_998)
        #expect(other.request(asked, passed: now) == 1_699_999_998, "it stands")
        // A reload shuffles the time, the force stays: that is no new request.
        let shuffled = reading(now - .seconds(0.5), isForced: true)
        #expect(other.request(shuffled, passed: now) == nil)
    }

    @Test func `what another node shows says nothing about what this one was`() {
        var watched = WatchedObject()
        #expect(watched.request(reading(now + .seconds(30.125)), passed: now) == nil)
        watched.changedNode()
        let forced = reading(now - .seconds(1.5), isForced: true)
        #expect(watched.request(forced, passed: now) == nil)
    }

    @Test func `the end of our own result's life is none, whichever of the last two it was`() {
        var watched = WatchedObject()
        watched.sent(ttlSeconds: 300)
        watched.sent(ttlSeconds: 420)
        watched.sent(ttlSeconds: 420)
        let taken = now - .seconds(1000)
        for lifetime in [300, 420] {
            let planned = taken + .seconds(lifetime)
            for offset in [-1, 0, 1] {
                let shown = reading(planned + .seconds(offset), lastCheck: taken)
                #expect(watched.request(shown, passed: now) == nil)
            }
            let asked = reading(planned + .seconds(2), lastCheck: taken)
            #expect(watched.request(asked, passed: now) != nil)
        }
    }

    @Test func `an object without a result can be asked for`() {
        var watched = WatchedObject()
        watched.sent(ttlSeconds: 300)
        #expect(watched.request(reading(now, lastCheck: nil), passed: now) == 1_700_000_000)
        #expect(
            watched.request(
                reading(Timestamp(microseconds: 0), lastCheck: nil), passed: now) == nil)
    }
}

/// When a master is asked, and about what.
@Suite struct RecheckWatchTests {
    private func watching(_ names: [ObjectName]) -> Rehearsal {
        var stage = Rehearsal()
        stage.open()
        stage.tell(.watch(Set(names)))
        return stage
    }

    private func names(_ count: Int) -> [ObjectName] {
        (0..<count).map { ObjectName(host: "h", service: "s\($0)") }
    }

    @Test func `a round asks about all objects, a bounded number at once, and then rests`() {
        let all = names(Wire.scheduleLimit * 2 + 10)
        var stage = watching(all)
        #expect(stage.schedules.count == 2, "two questions are out")
        stage.serve()
        #expect(stage.askedSchedules == Set(all))
        #expect(stage.largestSchedule == Wire.scheduleLimit)
        stage.forgetSchedules()
        stage.pass(.seconds(7))
        stage.serve()
        #expect(stage.askedSchedules.isEmpty)
        stage.pass(.seconds(1))
        stage.serve()
        #expect(stage.askedSchedules == Set(all))
    }

    @Test func `long names make short questions`() {
        let long = String(repeating: "x", count: 1_000)
        let all = (0..<250).map { ObjectName(host: "h\($0)", service: long) }
        var stage = watching(all)
        stage.serve()
        #expect(stage.askedSchedules == Set(all))
        #expect(stage.largestSchedule == 101)
    }

    @Test func `nothing is asked while nothing is watched, or the interval is zero`() {
        var stage = watching([])
        stage.pass(.seconds(60))
        #expect(stage.schedules.isEmpty)
        var never = Rehearsal(watchInterval: .zero)
        never.open()
        never.tell(.watch([object]))
        never.pass(.seconds(60))
        #expect(never.schedules.isEmpty)
    }

    @Test func `an object that the master does not know hides no other one`() {
        let all = names(100)
        var stage = watching(all)
        stage.unknown = [all[37]]
        stage.requested[all[36]] = stage.wholeSecond
        stage.requested[all[38]] = stage.wholeSecond
        stage.serve()
        for _ in 0..<9 { stage.second() }
        #expect(Set(stage.demands.map(\.object)) == [all[36], all[38]])
        stage.forgetSchedules()
        for _ in 0..<9 { stage.second() }
        #expect(stage.askedSchedules == Set(all).subtracting([all[37]]), "it is left out")
        // A result of it that is taken says that the master knows it after all.
        stage.unknown = []
        stage.accept([all[37]])
        stage.settle()
        for _ in 0..<9 { stage.second() }
        #expect(stage.askedSchedules == Set(all))
    }

    @Test func `a request is told in each round while it stands, and a result ends it`() {
        var stage = watching([object])
        stage.serve()
        stage.requested[object] = stage.wholeSecond
        for _ in 0..<17 { stage.second() }
        #expect(stage.demands.count == 2)
        #expect(Set(stage.demands).count == 1)
        stage.accept([object])
        stage.tell(.urgent(object))
        stage.settle()
        stage.forgetDemands()
        for _ in 0..<17 { stage.second() }
        #expect(stage.demands.isEmpty)
    }

    @Test func `answers that nobody asked for, and names that nobody asked about, are nothing`() {
        var stage = watching([object])
        let id = stage.scheduleIDs[0]
        let foreign = ScheduleReading(
            object: ObjectName(host: "other"), nextCheck: Rehearsal.start, isForced: true,
            lastCheck: nil)
        stage.tell(.uplink(.scheduleAnswer(id: id, .readings([foreign, foreign]))))
        stage.tell(.uplink(.scheduleAnswer(id: id &+ 77, .readings([foreign]))))
        #expect(stage.demands.isEmpty)
    }

    @Test func `a master that forbids the question is not asked again on this connection`() {
        var stage = watching([object])
        for id in stage.scheduleIDs {
            stage.tell(.uplink(.scheduleAnswer(id: id, .permissionMissing)))
        }
        _ = stage.take()
        stage.pass(.seconds(60))
        stage.serve()
        #expect(stage.schedules.isEmpty)
        #expect(stage.machine.link.phase == .open)
    }

    @Test func `a connection that idles away is made again for the next round`() {
        var stage = watching([object])
        stage.serve()
        stage.tell(.uplink(.link(node: NodeID(index: 0), isUp: false)))
        #expect(stage.machine.link.phase == .resting)
        stage.forgetSchedules()
        for _ in 0..<9 { stage.second() }
        #expect(stage.askedSchedules == [object])
    }

    @Test func `an urgent object's results go first, in their order`() {
        var stage = Rehearsal(window: 1)
        stage.open()
        let others = names(5)
        stage.accept(others)
        stage.accept([object, object])
        stage.tell(.urgent(object))
        var order: [ObjectName] = []
        for _ in 0..<7 {
            guard let next = stage.takeSubmissions().first else { break }
            order.append(next.object)
            stage.end(next, .processed)
            stage.pass(.milliseconds(50))
        }
        #expect(order.count == 7)
        #expect(order[1...2] == [object, object], "one was on its way: \(order)")
    }
}

extension Rehearsal {
    fileprivate var wholeSecond: Timestamp {
        Timestamp(microseconds: now.wall.microseconds / 1_000_000 * 1_000_000)
    }

    fileprivate mutating func second() {
        pass(.seconds(1))
        serve()
    }
}
