import Monitoring
import Spool

/// Plays actions on a real spool and checks what no model has to know: contents and places in line.
struct ActionPlayer {
    let settings: SpoolSettings
    private(set) var spool: SpoolQueue
    /// How many actions were played.
    private(set) var tick = 0
    /// The number of the next result.
    private(set) var nextNumber = 1
    /// What is wrong with contents or places in line.
    private(set) var violations: [String] = []
    private var ids: [Int: DestinationID] = [:]
    private var drafts: [Int: SpoolAction.Draft] = [:]
    private var sequences: [Int: Sequence] = [:]
    /// The leased results by place and object; nil when they have to be read again.
    private var leased: [Int: [ObjectName: Sequence]] = [:]

    init(_ settings: SpoolSettings) throws(SpoolFault) {
        self.settings = settings
        spool = try SpoolQueue.open(settings, time: FixedTime())
    }

    /// Plays one action.
    ///
    /// - Returns: what the spool answered, or its fault; the result numbers are used up either way.
    mutating func play(_ action: SpoolAction) async -> Result<SpoolAnswer, SpoolFault> {
        tick += 1
        let first = nextNumber
        if case .append(let list) = action {
            for draft in list {
                drafts[nextNumber] = draft
                nextNumber += 1
            }
        }
        do {
            return .success(try await perform(action, first))
        } catch {
            leased = [:]
            return .failure(error)
        }
    }

    private mutating func perform(
        _ action: SpoolAction,
        _ first: Int
    ) async throws(SpoolFault) -> SpoolAnswer {
        switch action {
        case .append(let list):
            let records = list.enumerated().map { SpoolAction.record($1, first + $0) }
            let receipt = try await spool.append(records)
            return .receipt(
                ReceiptAnswer(
                    taken: receipt.taken,
                    accepted: receipt.accepted,
                    grown: receipt.grown,
                    refused: receipt.refused,
                    evicted: receipt.evicted
                )
            )
        case .exchange(let exchange): return .exchange(try await self.exchange(exchange))
        case .confirm(let place, let object, let number, let lowered, let patience):
            guard let id = ids[place] else { return .count(0) }
            let proof = StampProof(
                object: SpoolAction.object(object),
                stamp: SpoolAction.time(number) - .microseconds(lowered)
            )
            let limit = SpoolAction.time(tick - patience)
            return .count(try await spool.confirm([proof], of: id, acknowledgedBefore: limit))
        case .resend(let place, let object, let number):
            guard let id = ids[place] else { return .count(0) }
            let held = number < 0 ? nil : SpoolAction.time(number)
            let forgotten = ForgottenObject(name: SpoolAction.object(object), held: held)
            let step = try await spool.resend([forgotten], of: id)
            return .count(step.queued.values.reduce(0, +))
        case .register(let places):
            let found = try await spool.register(
                destinations: places.map(SpoolAction.destination)
            )
            for (place, id) in zip(places, found) { ids[place] = id }
        case .drop(let place): try await drop(place)
        case .tidy:
            _ = try await spool.tidy()
            let known = Set(try await spool.status().destinations.map(\.id))
            ids = ids.filter { known.contains($0.value) }
        case .forgetSchedules(let object):
            let kept = Set((0..<object).map(SpoolAction.object))
            return .count(try await spool.forgetSchedules(except: kept))
        case .reopen: try reopen()
        case .crash: preconditionFailure("who owns the files plays the crash")
        }
        return .done
    }

    private mutating func drop(_ place: Int) async throws(SpoolFault) {
        let name = SpoolAction.destination(place)
        let status = try await spool.status().destinations.first { $0.name == name }
        guard status?.isRetired == true else { return }
        try await spool.dropAll(of: name)
        while try await spool.tidy() {}
        ids[place] = nil
        leased[place] = nil
    }

    /// Closes the spool, whatever that says, and opens it again.
    mutating func reopen() throws(SpoolFault) {
        leased = [:]
        try spool.close()
        try open()
    }

    /// Opens the spool, whose last owner is gone.
    mutating func open() throws(SpoolFault) {
        leased = [:]
        spool = try SpoolQueue.open(settings, time: FixedTime())
    }

    /// Learns the places' ids again after a registration whose answer was lost.
    mutating func learnDestinations() async throws(SpoolFault) {
        for status in try await spool.status().destinations {
            let place = (0..<3).first { SpoolAction.destination($0) == status.name }
            if let place { ids[place] = status.id }
        }
    }
}

extension ActionPlayer {
    private mutating func exchange(
        _ exchange: SpoolAction.Exchange
    ) async throws(SpoolFault) -> ExchangeAnswer {
        guard let id = ids[exchange.place] else {
            return ExchangeAnswer(unmatched: exchange.endings.count)
        }
        let known = try await leasedSequences(exchange.place, id)
        let tick = tick
        var answer = ExchangeAnswer()
        var settlements: [Settlement] = []
        for ended in exchange.endings {
            let object = SpoolAction.object(ended.object)
            guard let sequence = known[object] else {
                answer.unmatched += 1
                continue
            }
            let kind = ended.ending.kind(at: tick)
            settlements.append(Settlement(object: object, sequence: sequence, kind: kind))
        }
        let (place, holds) = (exchange.place, exchange.holds)
        let said = try await spool.exchange(
            DeliveryBatch(
                destination: id,
                settlements: settlements,
                parkings: exchange.parks.map { index in
                    Parking(
                        object: SpoolAction.object(index),
                        until: SpoolAction.time(tick + 300),
                        reason: "parked"
                    )
                },
                leases: exchange.leases.map { index in
                    LeaseRequest(
                        object: SpoolAction.object(index),
                        node: SpoolAction.node(place)
                    )
                },
                stamp: { holds ? .leaveQueued : stampAboveLast($0) }
            )
        )
        answer.unmatched += said.unmatched.count
        answer.leased = said.leased.map { check($0) }
        for lane in said.lanes {
            leased[place]?[lane.object] = lane.leased?.sequence
            guard let index = Self.index(of: lane.object) else { continue }
            answer.lanes[index] = SpoolView.LaneView(lane)
        }
        return answer
    }

    private mutating func leasedSequences(
        _ place: Int,
        _ id: DestinationID
    ) async throws(SpoolFault) -> [ObjectName: Sequence] {
        if let known = leased[place] { return known }
        var found: [ObjectName: Sequence] = [:]
        for row in try await spool.leasedRows(of: id) { found[row.object] = row.sequence }
        leased[place] = found
        return found
    }

    private static func index(of object: ObjectName) -> Int? {
        (0..<64).first { SpoolAction.object($0) == object }
    }

    /// Compares a leased result with what was appended under its number.
    private mutating func check(_ row: LeasedResult) -> LeasedAnswer {
        let number = SpoolAction.number(row.result.executionStart)
        let draft = drafts[number]
        if draft.map({ SpoolAction.record($0, number).result }) != row.result {
            violations.append("result \(number) is not what was appended")
        }
        if let known = sequences[number], known != row.sequence {
            violations.append("result \(number) has another place in line")
        }
        sequences[number] = row.sequence
        return LeasedAnswer(
            object: draft?.object ?? -1,
            number: number,
            worth: row.significance,
            baseStamp: row.baseStamp,
            attempt: row.attempt
        )
    }

    /// What is wrong so far; places in line must grow with the numbers.
    func allViolations() -> [String] {
        let places = sequences.sorted { $0.key < $1.key }.map(\.value)
        let grow = zip(places, places.dropFirst()).allSatisfy { $0 < $1 }
        return violations + (grow ? [] : ["places in line do not grow"])
    }
}
