import Collector
import Monitoring
import Policy
import Testing

@testable import ForwarderCommand

private let disk = ObjectName(host: "web1", service: "disk")
private let load = ObjectName(host: "web1", service: "load")
private let now = Timestamp(microseconds: 1_700_000_000_000_000)
private let asked: Int64 = 1_699_999_990

/// What becomes of a recheck that a master asks for.
@Suite struct RecheckJudgeTests {
    private static let role = """
        [operations]
        masters = production
        permissions = icingadb/command/process-check-result, icingadb/command/schedule-check
        icingadb/filter/services = service.name=disk
        forwarder/recheck/minimum-interval = 30s
        forwarder/recheck/limit = 2/1h
        [results]
        masters = production, backup
        permissions = icingadb/command/process-check-result
        """

    private func judge(_ text: String = role) throws -> RecheckJudge {
        var judge = RecheckJudge()
        judge.adopt(try rules(text), try [disk, load, own, health].map { try object($0) })
        return judge
    }

    private let own = ObjectName(host: "web1")
    private let health = ObjectName(host: "web1", service: "forwarder")

    private func rules(_ text: String) throws -> PolicyRules {
        try PolicyReader.read(
            Array(text.utf8), file: "policy.ini", destinations: ["production", "backup"],
            nodeName: "web1")
    }

    private func object(_ name: ObjectName) throws -> PolicyObject {
        try PolicyObject(ObjectSnapshot(name: name.fullName))
    }

    private func request(
        _ value: Int64 = asked, _ object: ObjectName = disk, by destination: String = "production"
    ) -> RecheckRequest {
        RecheckRequest(destination: destination, object: object, value: value)
    }

    /// An object that was last checked a minute ago and is checked again in four.
    private func standing(
        lastStart: Timestamp? = now - .seconds(60), next: Duration = .seconds(240),
        isRunning: Bool = false, isActive: Bool = true, pause: ObjectPause? = nil,
        closedPeriod: String? = nil
    ) -> CheckStatus {
        CheckStatus(
            schedule: ScheduleState(
                object: disk, lastStart: lastStart, lastEnd: lastStart, nextCheck: now + next),
            isRunning: isRunning, isActive: isActive, pause: pause, closedPeriod: closedPeriod)
    }

    /// Judges, and takes what is to be run as stored and run.
    private func outcome(
        _ judge: inout RecheckJudge, _ request: RecheckRequest, _ standing: CheckStatus?,
        lead: Duration = .zero, at time: Timestamp = now
    ) -> RecheckOutcome? {
        switch judge.judge(request, standing, lead: lead, at: time) {
        case .known: return nil
        case .answered(let outcome): return outcome
        case .honour(let reasons, _):
            judge.honoured(request, by: reasons)
            return .honoured(by: reasons)
        }
    }

    @Test func `a request is honoured once while it stands, by the role that allows it`() throws {
        var judge = try judge()
        let first = outcome(&judge, request(), standing())
        #expect(first?.kind == .honoured)
        #expect(judge.allowance(of: request())?.contains("'operations'") == true)
        #expect(judge.allowance(of: request(asked, load)) == nil)
        #expect(outcome(&judge, request(), standing()) == nil)
        #expect(outcome(&judge, request(), nil, at: now + .seconds(10_000)) == nil)
        var restarted = try self.judge()
        restarted.restore(judge.gate.state)
        #expect(outcome(&restarted, request(), standing())?.kind == .repeated)
        #expect(outcome(&restarted, request(), standing()) == nil, "told once")
    }

    @Test func `a check that runs, began since, or is about to begin is the answer`() throws {
        var judge = try judge()
        #expect(outcome(&judge, request(), standing(isRunning: true)) == .running)
        #expect(outcome(&judge, request(), standing()) == nil)
        let began = Timestamp(microseconds: (asked + 1) * 1_000_000)
        let before = began - .microseconds(1)
        #expect(outcome(&judge, request(asked), standing(lastStart: began)) == nil)
        var other = try self.judge()
        #expect(outcome(&other, request(), standing(lastStart: began)) == .checkedSince)
        var third = try self.judge()
        #expect(outcome(&third, request(), standing(lastStart: before))?.kind == .honoured)
        var fourth = try self.judge()
        #expect(outcome(&fourth, request(), standing(next: .seconds(1))) == .imminent)
        var fifth = try self.judge()
        #expect(outcome(&fifth, request(), standing(next: .seconds(1.1)))?.kind == .honoured)
        var sixth = try self.judge()
        let unplanned = standing(next: .zero, isActive: false)
        #expect(outcome(&sixth, request(), unplanned)?.kind == .honoured)
    }

    @Test func `the request's second is one of the master's clock, the check's of this host's`()
        throws
    {
        // The master is an hour ahead: it asked for what is an hour from now here.
        let value = asked + 3600
        let began = Timestamp(microseconds: (asked + 1) * 1_000_000)
        var judge = try judge()
        let behind = standing(lastStart: began - .microseconds(1))
        #expect(outcome(&judge, request(value), behind, lead: .seconds(3600))?.kind == .honoured)
        var other = try self.judge()
        let since = standing(lastStart: began)
        #expect(outcome(&other, request(value), since, lead: .seconds(3600)) == .checkedSince)
    }

    @Test func `what no role allows is denied with the line, whatever its check does`() throws {
        var judge = try judge()
        let denied = outcome(&judge, request(asked, load), standing(isRunning: true))
        #expect(denied?.kind == .denied)
        #expect(denied?.reason.contains("icingadb/filter/services") == true)
        #expect(outcome(&judge, request(asked, load), standing()) == nil)
        #expect(outcome(&judge, request(asked, disk, by: "backup"), standing())?.kind == .denied)
        #expect(outcome(&judge, request(asked, own), standing())?.kind == .denied)
        #expect(outcome(&judge, request(asked, health), standing())?.kind == .denied)
    }

    @Test func `what is not there is unknown, and is judged when it comes`() throws {
        var judge = try judge()
        let other = ObjectName(host: "web1", service: "../../bin/sh")
        #expect(outcome(&judge, request(asked, other), nil) == .unknownObject)
        #expect(outcome(&judge, request(asked, other), nil) == nil, "told once")
        #expect(outcome(&judge, request(), nil) == .unknownObject)
        #expect(outcome(&judge, request(), standing())?.kind == .honoured)
    }

    @Test func `rest and limit delay, told once, until they are over`() throws {
        var judge = try judge()
        #expect(outcome(&judge, request(), standing())?.kind == .honoured)
        let second = request(asked + 5)
        #expect(outcome(&judge, second, standing())?.kind == .delayed)
        #expect(outcome(&judge, second, standing(), at: now + .seconds(29)) == nil)
        let after = outcome(&judge, second, standing(), at: now + .seconds(30))
        #expect(after?.kind == .honoured)
        let third = request(asked + 60)
        let refused = outcome(&judge, third, standing(), at: now + .seconds(70))
        #expect(refused?.reason.contains("limit") == true)
        let planned = standing(next: .seconds(4000))
        let hour = outcome(&judge, third, planned, at: now + .seconds(3600))
        #expect(hour?.kind == .honoured)
    }

    @Test func `a clock of this host that is set back counts as one that stood still`() throws {
        let ahead = now + .seconds(86_400)
        var judge = try judge()
        #expect(outcome(&judge, request(), standing(next: .seconds(200_000)), at: ahead) != nil)
        let second = request(asked + 5)
        let since = standing(lastStart: ahead)
        #expect(outcome(&judge, second, since)?.kind == .delayed)
        let after = outcome(&judge, second, since, at: now + .seconds(30))
        #expect(after?.kind == .honoured, "a check in the future answers nothing")
    }

    @Test
    func `what stands when a destination is looked at first is not honoured, what follows is`()
        throws
    {
        var judge = try judge()
        let isFirst = judge.begin("production", lead: .seconds(3600), at: now)
        #expect(isFirst)
        let second = asked + 10 + 3600
        let standing = standing(lastStart: nil, next: .seconds(9000))
        let stood = outcome(
            &judge, request(second), standing, lead: .seconds(3600), at: now + .seconds(1))
        #expect(stood?.kind == .repeated)
        let newer = outcome(
            &judge, request(second + 1), standing, lead: .seconds(3600), at: now + .seconds(2))
        #expect(newer?.kind == .honoured)
        let again = judge.begin("production", lead: .zero, at: now + .seconds(9000))
        #expect(!again)
    }

    @Test func `a paused object is not run, and is once the pause is over`() throws {
        var judge = try judge()
        let pause = ObjectPause(
            reason: "disk is replaced", author: "root", since: now, until: now + .seconds(60))
        let told = outcome(&judge, request(), standing(isRunning: true, pause: pause))
        #expect(told?.kind == .paused)
        #expect(told?.reason.contains("disk is replaced") == true)
        #expect(outcome(&judge, request(), standing(pause: pause)) == nil)
        #expect(outcome(&judge, request(), standing())?.kind == .honoured)
    }

    @Test func `an object outside its check_period is not run, and is once that began`() throws {
        var judge = try judge()
        let told = outcome(&judge, request(), standing(closedPeriod: "office"))
        #expect(told?.kind == .outsidePeriod)
        #expect(told?.reason.contains("check_period 'office'") == true)
        #expect(outcome(&judge, request(), standing(closedPeriod: "office")) == nil)
        #expect(outcome(&judge, request(), standing())?.kind == .honoured)
    }

    @Test func `what could not be stored is not honoured, and is judged again`() throws {
        var judge = try judge()
        for _ in 0..<2 {
            guard case .honour = judge.judge(request(), standing(), lead: .zero, at: now) else {
                Issue.record("not honoured")
                return
            }
            #expect(judge.gate.state == RecheckState())
            _ = judge.notStored(request(), "full")
        }
        #expect(outcome(&judge, request(), standing())?.kind == .honoured)
    }

    @Test func `new rules judge what was denied anew, and honour nothing twice`() throws {
        var judge = try judge()
        #expect(outcome(&judge, request(), standing())?.kind == .honoured)
        #expect(outcome(&judge, request(asked, load), standing())?.kind == .denied)
        let wider = Self.role.replacing("service.name=disk", with: "service.name=*")
        judge.adopt(try rules(wider), nil)
        #expect(outcome(&judge, request(), standing()) == nil)
        let allowed = outcome(&judge, request(asked, load), standing())
        #expect(allowed?.kind == .honoured)
        judge.adopt(try rules(Self.role), [])
        #expect(outcome(&judge, request(), standing()) == .unknownObject)
        judge.adopt(try rules(Self.role), [try object(disk)])
        #expect(
            outcome(&judge, request(), standing())?.kind == .repeated,
            "what was forgotten with its object is held against it")
    }

    @Test func `all is watched that a destination gets and may ask anything of, never this host`()
        throws
    {
        let judge = try judge()
        #expect(judge.watched(by: "production") == [disk, load])
        #expect(judge.watched(by: "backup").isEmpty)
        #expect(judge.watched(by: "elsewhere").isEmpty)
    }
}
