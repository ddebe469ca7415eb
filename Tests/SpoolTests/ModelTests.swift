import Monitoring
import Spool
import Testing

/// Random actions on a spool and on a model of it; both must agree after each of them.
@Suite struct ModelTests {
    /// Seeds that are run each time; one that ever failed is added here for good.
    @Test(arguments: [1, 7, 42, 1_000_003, 0xF00D] as [UInt64])
    func `the spool does what its model does, across restarts`(_ seed: UInt64) async throws {
        let scene = try await Scene(destinations: ["north", "south"])
        var random = SplitMix(state: seed)
        var model = SpoolModel(laneCount: Self.objects.count * scene.destinations.count)
        for action in 1...4_000 {
            try await step(scene, &model, &random)
            if action % 200 == 0 { try await compare(scene, model, action) }
            if action % 500 == 0 {
                try scene.reopen()
                #expect(try await scene.spool.contradictions() == [])
            }
        }
        #expect(model.deliveredCount > 100)
        #expect(model.resentCount > 20)
    }

    private static let objects = (0..<5).map { ObjectName(host: "web01", service: "s\($0)") }

    private func step(
        _ scene: Scene,
        _ model: inout SpoolModel,
        _ random: inout SplitMix
    ) async throws {
        let object = random.below(Self.objects.count)
        let place = random.below(2)
        let lane = object * 2 + place
        let name = Self.objects[object]
        switch random.below(10) {
        case 0...1:
            let number = model.append(object: object)
            _ = try await scene.spool.append([record(name, number, variables: "v\(number % 3)")])
        case 2...5:
            let leased = try await scene.lease(name, at: place).first
            let expected = model.lease(lane)
            #expect(leased?.result.executionStart == expected.map { start + .seconds($0.number) })
            #expect(leased?.attempt == expected?.attempts)
        case 6...7:
            guard let row = model.leased(lane) else { return }
            try await settle(scene, row, name, place, lane, &model, &random)
        case 8:
            let proof = model.newestKept(lane) - random.below(30)
            let count = try await scene.spool.confirm(
                [StampProof(object: name, stamp: start + .seconds(proof))],
                of: scene.destinations[place],
                acknowledgedBefore: start + .seconds(1)
            )
            #expect(count == model.confirm(lane, upTo: proof))
        default:
            let held = model.newestKept(lane) - random.below(4)
            let count = try await scene.spool.resend(
                name,
                of: scene.destinations[place],
                after: start + .seconds(held)
            )
            #expect(count == model.resend(lane, after: held))
        }
    }

    private func settle(
        _ scene: Scene,
        _ row: SpoolModel.Row,
        _ name: ObjectName,
        _ place: Int,
        _ lane: Int,
        _ model: inout SpoolModel,
        _ random: inout SplitMix
    ) async throws {
        let kinds: [Settlement.Kind] = [
            .delivered(at: start), .delivered(at: start), .delivered(at: start),
            .deliveredUnconfirmed, .superseded, .ignored(reason: "r"),
            .rejected(code: 400, text: "t", at: start), .notProcessed, .ambiguous, .sendAgain,
        ]
        let kind = kinds[random.below(kinds.count)]
        let sequence = try #require(try await scene.lane(name, at: place)?.leased?.sequence)
        let answer = try await scene.spool.exchange(
            DeliveryBatch(
                destination: scene.destinations[place],
                settlements: [Settlement(object: name, sequence: sequence, kind: kind)]
            )
        )
        #expect(answer.unmatched.isEmpty)
        model.settle(lane, row, kind)
    }

    private func compare(_ scene: Scene, _ model: SpoolModel, _ action: Int) async throws {
        for place in 0..<2 {
            let kept = try await scene.spool.keptLanes(of: scene.destinations[place])
            let found = Dictionary(uniqueKeysWithValues: kept.map { ($0.object, $0.count) })
            for (object, name) in Self.objects.enumerated() {
                let expected = model.lanes[object * 2 + place].count { $0.state == .kept }
                #expect(found[name] ?? 0 == expected, "kept rows after action \(action)")
            }
        }
        for (object, name) in Self.objects.enumerated() {
            for place in 0..<2 {
                let expected = model.lanes[object * 2 + place]
                guard let found = try await scene.lane(name, at: place) else {
                    #expect(expected.isEmpty)
                    continue
                }
                let counts = [
                    found.queued, found.leased == nil ? 0 : 1, found.kept, found.rejected,
                ]
                let states: [SpoolModel.State] = [.queued, .leased, .kept, .rejected]
                #expect(
                    counts == states.map { state in expected.count { $0.state == state } },
                    "after action \(action)"
                )
            }
        }
    }
}

/// What the spool should hold, in the plainest form.
private struct SpoolModel {
    enum State { case queued, leased, kept, rejected }

    struct Row: Equatable {
        let number: Int
        var state: State = .queued
        var attempts = 0
    }

    /// Rows in the order of acceptance; one lane for each object and destination.
    var lanes: [[Row]]
    var nextNumber = 1
    var deliveredCount = 0
    var resentCount = 0

    init(laneCount: Int) { lanes = Array(repeating: [], count: laneCount) }

    mutating func append(object: Int) -> Int {
        defer { nextNumber += 1 }
        for place in 0..<2 { lanes[object * 2 + place].append(Row(number: nextNumber)) }
        return nextNumber
    }

    func newestKept(_ lane: Int) -> Int {
        lanes[lane].last { $0.state == .kept }?.number ?? nextNumber
    }

    func leased(_ lane: Int) -> Row? { lanes[lane].first { $0.state == .leased } }

    mutating func lease(_ lane: Int) -> Row? {
        guard leased(lane) == nil else { return nil }
        guard let index = lanes[lane].firstIndex(where: { $0.state == .queued }) else { return nil }
        lanes[lane][index].state = .leased
        lanes[lane][index].attempts += 1
        return lanes[lane][index]
    }

    mutating func settle(_ lane: Int, _ row: Row, _ kind: Settlement.Kind) {
        guard let index = lanes[lane].firstIndex(of: row) else { return }
        switch kind {
        case .delivered:
            lanes[lane][index].state = .kept
            deliveredCount += 1
        case .deliveredUnconfirmed, .superseded, .ignored: lanes[lane].remove(at: index)
        case .rejected: lanes[lane][index].state = .rejected
        case .notProcessed:
            lanes[lane][index].state = .queued
            lanes[lane][index].attempts -= 1
        case .sendAgain: lanes[lane][index].state = .queued
        case .ambiguous: break
        }
    }

    /// Stamps are a second apart, attempts microseconds: only the first attempt reaches a second.
    mutating func confirm(_ lane: Int, upTo number: Int) -> Int {
        let before = lanes[lane].count
        lanes[lane].removeAll { $0.state == .kept && $0.number <= number }
        return before - lanes[lane].count
    }

    mutating func resend(_ lane: Int, after number: Int) -> Int {
        var count = 0
        for index in lanes[lane].indices
        where lanes[lane][index].state == .kept && lanes[lane][index].number > number {
            lanes[lane][index].state = .queued
            count += 1
        }
        resentCount += count
        return count
    }
}

/// A small generator whose seed decides everything.
///
/// - Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", figure 17.
private struct SplitMix {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Int(mixed % UInt64(bound))
    }
}
