import Monitoring
import Policy
import Testing

/// When a master's request for a recheck is honoured.
@Suite struct RecheckGateTests {
    private let web = ObjectName(host: "web1")
    private let db = ObjectName(host: "db1")
    private let start = Timestamp(microseconds: 1_700_000_000_000_000)

    private func allowance(
        _ lines: String = "forwarder/recheck/minimum-interval = 30s\nforwarder/recheck/limit = 3/1h"
    ) throws -> RecheckDecision {
        try policy(role(lines)).recheck(of: object("web1"), by: "production")
    }

    private func request(
        _ value: Int64, _ object: ObjectName? = nil, by destination: String = "production"
    ) -> RecheckRequest {
        RecheckRequest(destination: destination, object: object ?? web, value: value)
    }

    private func isHonoured(_ answer: RecheckAnswer) -> Bool {
        if case .honoured = answer { return true }
        return false
    }

    private func refusal(_ answer: RecheckAnswer) -> RecheckRefusal? {
        if case .refused(let refusal) = answer { return refusal }
        return nil
    }

    @Test func `a request is honoured once and never again, also after a restart`() throws {
        let policy = try allowance()
        var gate = RecheckGate()
        let answer = gate.judge(request(7), by: policy, at: start)
        guard case .honoured(let reasons, let change) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(reasons == [.directive(role: "role", line: 5, .permissions)])
        #expect(change.honoured.recent == [7])
        #expect(change.windows.values.first?.times == [start])
        for later in [Duration.zero, .seconds(31), .seconds(100_000)] {
            var restarted = RecheckGate(gate.state)
            let again = restarted.judge(request(7), by: policy, at: start + later)
            #expect(refusal(again) == .alreadyHonoured)
        }
    }

    @Test func `the change is all that a store needs`() throws {
        let policy = try allowance()
        var gate = RecheckGate()
        var stored = RecheckState()
        for (place, value) in [Int64(7), 8, 9].enumerated() {
            let now = start + .seconds(60 * place)
            let answer = gate.judge(request(value, place == 1 ? db : web), by: policy, at: now)
            guard case .honoured(_, let change) = answer else { continue }
            stored.windows.merge(change.windows) { $1 }
            let object = place == 1 ? db : web
            stored.honoured[.init(destination: "production", object: object)] = change.honoured
            stored.forgotten = change.forgotten
        }
        #expect(stored == gate.state)
        #expect(stored.honoured.count == 2)
    }

    @Test func `what the policy denies is refused with its reasons`() throws {
        let denied = try policy(role("refusals = *")).recheck(of: object("web1"), by: "production")
        var gate = RecheckGate()
        let answer = gate.judge(request(7), by: denied, at: start)
        #expect(refusal(answer) == .policy([.directive(role: "role", line: 3, .refusals)]))
        #expect(refusal(answer)?.wait == nil)
        #expect(gate.state == RecheckState())
    }

    @Test func `an object has its rest, for each destination by itself`() throws {
        let policy = try allowance()
        var gate = RecheckGate()
        #expect(isHonoured(gate.judge(request(1), by: policy, at: start)))
        let early = gate.judge(request(2), by: policy, at: start + .seconds(10))
        #expect(refusal(early)?.wait == .seconds(20))
        #expect(
            refusal(early)?.description == """
                the object's last recheck was too short ago, wait 20 s \
                (role 'role', line 3: forwarder/recheck/minimum-interval)
                """)
        let other = request(2, by: "backup")
        #expect(isHonoured(gate.judge(other, by: policy, at: start + .seconds(10))))
        #expect(isHonoured(gate.judge(request(2), by: policy, at: start + .seconds(30))))
    }

    @Test func `a role's limit counts all objects in any span of its period`() throws {
        let policy = try allowance()
        var gate = RecheckGate()
        for (value, object) in [(1, web), (2, db), (3, ObjectName(host: "x"))] {
            let now = start + .seconds(value)
            #expect(isHonoured(gate.judge(request(Int64(value), object), by: policy, at: now)))
        }
        let fourth = request(4, ObjectName(host: "y"))
        let full = gate.judge(fourth, by: policy, at: start + .seconds(1800))
        #expect(refusal(full)?.wait == .seconds(1801))
        #expect(refusal(full)?.description.contains("forwarder/recheck/limit") == true)
        #expect(!isHonoured(gate.judge(fourth, by: policy, at: start + .seconds(3600))))
        #expect(isHonoured(gate.judge(fourth, by: policy, at: start + .seconds(3601))))
    }

    @Test func `a recheck needs room with every role that allows it`() throws {
        let policy = try policy(
            """
            [a]
            masters = production
            permissions = *
            forwarder/recheck/minimum-interval = 0s
            forwarder/recheck/limit = 100/1h
            [b]
            masters = production
            permissions = *
            forwarder/recheck/minimum-interval = 10s
            forwarder/recheck/limit = 1/1m
            """
        ).recheck(of: object("web1"), by: "production")
        var gate = RecheckGate()
        #expect(isHonoured(gate.judge(request(1), by: policy, at: start)))
        #expect(gate.state.windows.count == 2)
        let soon = gate.judge(request(2), by: policy, at: start + .seconds(5))
        #expect(refusal(soon)?.wait == .seconds(55), "the longest wait is told")
        #expect(isHonoured(gate.judge(request(2), by: policy, at: start + .seconds(60))))
    }

    @Test func `a clock that is set back neither frees a request nor blocks for long`() throws {
        let policy = try allowance()
        var gate = RecheckGate()
        #expect(isHonoured(gate.judge(request(1), by: policy, at: start)))
        let back = start - .seconds(1_000_000)
        let first = gate.judge(request(2), by: policy, at: back)
        #expect(refusal(first)?.wait == .seconds(30), "no time has passed")
        #expect(isHonoured(gate.judge(request(2), by: policy, at: back + .seconds(30))))
        #expect(isHonoured(gate.judge(request(3), by: policy, at: back + .seconds(60))))
        #expect(!isHonoured(gate.judge(request(4), by: policy, at: back + .seconds(90))))
        #expect(isHonoured(gate.judge(request(4), by: policy, at: back + .seconds(3600))))
    }

    @Test func `a master whose clock was set back can ask again, but not for what it had`() throws {
        let policy = try allowance(
            "forwarder/recheck/minimum-interval = 0s\nforwarder/recheck/limit = 1000/1s")
        var gate = RecheckGate()
        for value in Int64(1000)..<1030 {
            #expect(isHonoured(gate.judge(request(value), by: policy, at: start)))
        }
        #expect(isHonoured(gate.judge(request(2000), by: policy, at: start)))
        #expect(isHonoured(gate.judge(request(1500), by: policy, at: start)))
        #expect(refusal(gate.judge(request(1005), by: policy, at: start)) == .alreadyHonoured)
        #expect(refusal(gate.judge(request(2), by: policy, at: start)) == .alreadyHonoured)
        #expect(gate.state.honoured.values.first?.recent.count == 16)
    }

    @Test func `what is forgotten is not honoured again`() throws {
        let policy = try allowance()
        var gate = RecheckGate()
        #expect(isHonoured(gate.judge(request(50), by: policy, at: start)))
        gate.keep(roles: [], objects: [])
        #expect(gate.state.honoured.isEmpty)
        #expect(gate.state.windows.isEmpty)
        #expect(refusal(gate.judge(request(50), by: policy, at: start)) == .alreadyHonoured)
        #expect(refusal(gate.judge(request(49, db), by: policy, at: start)) == .alreadyHonoured)
        #expect(isHonoured(gate.judge(request(49, by: "backup"), by: policy, at: start)))
        #expect(isHonoured(gate.judge(request(51), by: policy, at: start + .seconds(1))))
        #expect(refusal(gate.judge(request(50), by: policy, at: start)) == .alreadyHonoured)
    }

    @Test func `state that no gate wrote is bounded and does no harm`() throws {
        let times = (0..<5000).map { Timestamp(microseconds: Int64($0)) }
        #expect(RecheckWindow(times: times).times.count == RecheckLimit.largestCount)
        let requests = HonouredRequests(
            recent: Array((0..<100).reversed()), last: Timestamp(microseconds: .max))
        #expect(requests.recent == Array(84..<100))
        #expect(requests.floor == 83)
        var state = RecheckState()
        state.windows[.init(role: "role", destination: "production")] = RecheckWindow(
            times: [Timestamp(microseconds: .min), Timestamp(microseconds: .max)])
        state.honoured[.init(destination: "production", object: web)] = requests
        var gate = RecheckGate(state)
        let policy = try allowance()
        for extreme in [Int64.min, -1, 0, .max] {
            let now = Timestamp(microseconds: extreme)
            _ = gate.judge(request(extreme), by: policy, at: now)
        }
    }
}
