import Monitoring
import Testing
import UplinkMessages

@testable import Delivery

private let object = ObjectName(host: "h", service: "s")
private let health = Rehearsal.health

/// The ends of what a time can be, and of what a message can tell.
private let extremes = [
    Int64.min, -Int64(Wire.timeLimitMicroseconds), Int64(Wire.timeLimitMicroseconds), .max,
].map { Timestamp(microseconds: $0) }

/// Times that cannot be, of masters, of the uplink and of this host.
@Suite struct ExtremeTimeTests {
    @Test(arguments: extremes)
    func `whatever stamp a master says it holds, all that is sent can be read and arrives`(
        held: Timestamp
    ) throws {
        var stage = Rehearsal()
        stage.held[health] = held
        stage.held[object] = held
        stage.open()
        stage.accept([object])
        let submission = try #require(stage.submissions.first)
        #expect(submission.executionStart == stage.now.wall - .seconds(1))
        #expect(stage.unreadable == [])
    }

    @Test(arguments: extremes)
    func `whenever the uplink says that it sent, results go on and can be read`(time: Timestamp) {
        for isSending in [true, false] {
            var stage = Rehearsal()
            let now = stage.now.wall
            stage.reportedTimes = isSending ? (time, now) : (now, time)
            stage.open()
            for _ in 0..<3 {
                stage.accept([object])
                stage.settle()
            }
            #expect(stage.submitted[object] == 3)
            #expect(stage.unreadable == [])
        }
    }

    /// Linux keeps its clock between 1970 and 2232.
    @Test(arguments: [0, 8_277_292_036])
    func `a host whose clock is centuries off delivers in the master's time`(
        seconds: Int64
    ) throws {
        let own = Timestamp(microseconds: seconds * 1_000_000)
        var stage = Rehearsal(start: own)
        stage.lead = Rehearsal.start - own
        stage.open()
        stage.accept([object])
        let submission = try #require(stage.submissions.first)
        let age = stage.now.wall + stage.lead - submission.executionStart
        #expect(abs((age - .seconds(1)).wholeMicroseconds) <= 2000, "\(age)")
        #expect(stage.unreadable == [])
        #expect(stage.machine.report(at: stage.now).warnings == [])
    }

    /// How a master can take results of own health and show nothing of its clock.
    enum Telling: CaseIterable {
        case otherStamp
        case noTime
        case impossibleTime

        func of(_ reading: ObjectReading) -> ObjectReading {
            var reading = reading
            switch self {
            case .otherStamp:
                reading.executionStart = reading.executionStart.map { $0 + .seconds(1) }
            case .noTime: reading.lastCheck = nil
            case .impossibleTime:
                reading.lastCheck = Timestamp(microseconds: Int64(Wire.timeLimitMicroseconds))
            }
            return reading
        }
    }

    @Test(arguments: Telling.allCases)
    func `a clock that five results of own health do not show counts as ours, with a warning`(
        telling: Telling
    ) {
        var stage = Rehearsal()
        stage.retelling = telling.of
        stage.accept([object])
        stage.open()
        for _ in 0..<8 {
            let isGivenUp = stage.submitted[health] == 5
            let report = stage.machine.report(at: stage.now)
            #expect(report.warnings.contains { $0.contains("skew is taken as 0") } == isGivenUp)
            #expect(stage.submitted[object] == (isGivenUp ? 1 : nil))
            stage.pass(.seconds(10))
            stage.settle()
        }
        #expect(stage.submitted[health] == 5)
        #expect(stage.machine.report(at: stage.now).skew == .zero)
        #expect(stage.submitted[object] == 1, "and everything else goes")
    }
}
