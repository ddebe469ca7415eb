import Monitoring
import Spool

/// What a spool should hold, in the plainest form; a value, so that it can be kept and compared.
struct SpoolModel: Hashable, Sendable {
    enum State: Hashable, Sendable { case queued, leased, kept, rejected }

    /// One result at one destination.
    struct Row: Hashable, Sendable {
        let number: Int
        let worth: Significance
        var state: State = .queued
        var baseStamp: Timestamp?
        var attempts = 0
        var acknowledged = 0
        var text = ""

        /// The lowest stamp under which the master can hold it.
        var lowestStamp: Timestamp {
            (baseStamp ?? start) - .microseconds(max(attempts, 1) - 1)
        }
    }

    /// One object at one destination; its rows in the order of acceptance.
    struct ModelLane: Hashable, Sendable {
        var rows: [Row] = []
        var isAmbiguous = false
        var node = ""
        var lastStamp: Timestamp?
        var parked: String?
        var ignoredReason: String?
        var losses = LossCounts()

        var leased: Int? { rows.firstIndex { $0.state == .leased } }
        func count(_ state: State) -> Int { rows.count { $0.state == state } }
    }

    struct Destination: Hashable, Sendable {
        var isRetired = false
        /// By object; a lane is there from the first result or parking on.
        var lanes: [Int: ModelLane] = [:]
    }

    /// By place.
    var destinations: [Int: Destination] = [:]
    /// Objects with the number of the result that stored their schedule.
    var schedules: [Int: Int] = [:]

    /// What the spool answers to an action that is the `tick`-th of a run.
    ///
    /// - Parameter observed: what it did answer; how much was evicted and refused is its choice,
    ///   which ones is not, but for where the search for kept results and changes starts.
    mutating func apply(
        _ action: SpoolAction,
        tick: Int,
        numbers first: Int,
        observed: SpoolAnswer? = nil,
        marks: EvictionMarks = EvictionMarks()
    ) -> SpoolAnswer {
        switch action {
        case .append(let drafts):
            return append(drafts, first, observed: observed, marks: marks)
        case .exchange(let exchange): return self.exchange(exchange, tick)
        case .confirm(let place, let object, let number, let lowered, let patience):
            let proof = SpoolAction.time(number) - .microseconds(lowered)
            return .count(
                change(place, object) { lane in
                    let before = lane.rows.count
                    lane.rows.removeAll {
                        $0.state == .kept && $0.lowestStamp <= proof
                            && $0.acknowledged < tick - patience
                    }
                    return before - lane.rows.count
                }
            )
        case .resend(let place, let object, let number):
            return .count(change(place, object) { $0.resend(after: number) })
        case .register(let places):
            for place in destinations.keys {
                destinations[place]?.isRetired = !places.contains(place)
            }
            for place in places where destinations[place] == nil {
                destinations[place] = Destination()
            }
        case .drop(let place):
            guard destinations[place]?.isRetired == true else { return .done }
            destinations[place] = nil
            return apply(.tidy, tick: tick, numbers: first)
        case .forgetSchedules(let object):
            let before = schedules.count
            schedules = schedules.filter { $0.key < object }
            return .count(before - schedules.count)
        case .tidy:
            destinations = destinations.filter { _, destination in
                !destination.isRetired || !destination.lanes.values.allSatisfy(\.rows.isEmpty)
            }
        case .reopen, .crash: reopen()
        }
        return .done
    }

    /// After opening, whoever was leased is out of sight.
    mutating func reopen() {
        for place in destinations.keys {
            for object in destinations[place]?.lanes.keys.map({ $0 }) ?? [] {
                _ = change(place, object) { lane in
                    if lane.leased != nil { lane.isAmbiguous = true }
                    return 0
                }
            }
        }
    }

    /// Changes a lane that is there; 0 when it is not.
    mutating func change(_ place: Int, _ object: Int, _ work: (inout ModelLane) -> Int) -> Int {
        guard var lane = destinations[place]?.lanes[object] else { return 0 }
        let count = work(&lane)
        destinations[place]?.lanes[object] = lane
        return count
    }

    private mutating func exchange(_ exchange: SpoolAction.Exchange, _ tick: Int) -> SpoolAnswer {
        var answer = ExchangeAnswer()
        var touched: [Int] = []
        let place = exchange.place
        for ended in exchange.endings {
            let done = change(place, ended.object) { $0.settle(ended.ending, tick) }
            if done == 1 { touched.append(ended.object) } else { answer.unmatched += 1 }
        }
        for object in exchange.parks where destinations[place] != nil {
            destinations[place]?.lanes[object, default: ModelLane()].parked =
                "parked until \(tick + 300)"
            touched.append(object)
        }
        for object in exchange.leases {
            _ = change(place, object) { lane in
                guard let row = lane.lease(holds: exchange.holds) else { return 0 }
                lane.node = SpoolAction.node(place)
                answer.leased.append(
                    LeasedAnswer(
                        object: object,
                        number: row.number,
                        worth: row.worth,
                        baseStamp: row.baseStamp ?? start,
                        attempt: row.attempts
                    )
                )
                return 0
            }
            touched.append(object)
        }
        for object in touched {
            answer.lanes[object] = destinations[place]?.lanes[object].map(SpoolView.LaneView.init)
        }
        return .exchange(answer)
    }
}

extension SpoolModel.ModelLane {
    /// The head under its stamp, when it may go out.
    mutating func lease(holds: Bool) -> SpoolModel.Row? {
        guard leased == nil, let index = rows.firstIndex(where: { $0.state == .queued }) else {
            return nil
        }
        var row = rows[index]
        if row.baseStamp == nil {
            guard !holds else { return nil }
            let time = SpoolAction.time(row.number)
            let stamp = lastStamp.map { max(time, $0 + .milliseconds(1)) } ?? time
            row.baseStamp = stamp
            lastStamp = stamp
        }
        row.attempts += 1
        row.state = .leased
        rows[index] = row
        isAmbiguous = false
        parked = nil
        return row
    }

    /// 1 when something was leased.
    mutating func settle(_ ending: SpoolAction.Ending, _ tick: Int) -> Int {
        guard let index = leased else { return 0 }
        if ending != .ambiguous { isAmbiguous = false }
        switch ending {
        case .delivered:
            rows[index].state = .kept
            rows[index].acknowledged = tick
        case .deliveredUnconfirmed: rows.remove(at: index)
        case .superseded:
            rows.remove(at: index)
            losses.superseded += 1
        case .ignored:
            rows.remove(at: index)
            losses.ignored += 1
            ignoredReason = "dependency \(tick)"
        case .rejected:
            rows[index].state = .rejected
            rows[index].text = "text \(tick)"
        case .notProcessed:
            rows[index].state = .queued
            rows[index].attempts -= 1
        case .sendAgain: rows[index].state = .queued
        case .ambiguous: isAmbiguous = true
        }
        return 1
    }

    mutating func resend(after number: Int) -> Int {
        let held = number < 0 ? nil : SpoolAction.time(number)
        var count = 0
        for index in rows.indices where rows[index].state == .kept {
            if let held, rows[index].lowestStamp <= held { continue }
            rows[index].state = .queued
            count += 1
        }
        return count
    }
}
