import Monitoring
import Policy
import Testing

/// Random masters, restarts and steps of the clock against the two promises of the gate.
@Suite struct RecheckPropertyTests {
    private let roles = """
        [a]
        masters = m1, m2
        permissions = *
        forwarder/recheck/minimum-interval = 20s
        forwarder/recheck/limit = 4/2m
        [b]
        masters = m1
        permissions = *
        forwarder/recheck/minimum-interval = 0s
        forwarder/recheck/limit = 6/10m
        """

    private struct Honour: Hashable {
        var destination: String
        var object: ObjectName
        var value: Int64
    }

    /// `elapsed` is the time that really passed; the clock may only be set back.
    @Test(arguments: 0..<10)
    func `each request is honoured once and limits hold in real time`(seed: Int) throws {
        var random = SplitMix(seed: UInt64(400 + seed))
        let rules = try policy(roles, destinations: ["m1", "m2"])
        let objects = try (0..<4).map { try object("h\($0)") }
        var gate = RecheckGate()
        var (elapsed, offset) = (Duration.zero, Duration.zero)
        var honours: [(Honour, Duration)] = []
        for _ in 0..<600 {
            elapsed += .milliseconds(random.below(15_000))
            if random.below(40) == 0 { offset -= .seconds(random.below(100_000)) }
            if random.below(30) == 0 { gate = RecheckGate(gate.state) }
            if random.below(100) == 0 {
                gate.keep(roles: rules.roles, objects: [objects[0].name, objects[1].name])
            }
            let object = random.pick(objects)
            let destination = random.pick(["m1", "m2"])
            let newest = Int64(elapsed.components.seconds)
            let value = random.below(3) == 0 ? newest - Int64(random.below(300)) : newest
            let now = Timestamp(microseconds: 1_000_000_000_000_000) + elapsed + offset
            let answer = gate.judge(
                RecheckRequest(destination: destination, object: object.name, value: value),
                by: rules.recheck(of: object, by: destination), at: now)
            guard case .honoured = answer else { continue }
            honours.append(
                (Honour(destination: destination, object: object.name, value: value), elapsed))
        }
        #expect(honours.count > 30, "the property was hardly asked: \(honours.count)")
        #expect(Set(honours.map(\.0)).count == honours.count, "one was honoured twice")
        for (destination, count, period) in [
            ("m1", 4, Duration.seconds(120)), ("m2", 4, .seconds(120)), ("m1", 6, .seconds(600)),
        ] {
            let times = honours.filter { $0.0.destination == destination }.map(\.1)
            for (first, last) in zip(times, times.dropFirst(count)) {
                #expect(last - first >= period, "more than \(count) in \(period)")
            }
        }
    }
}
