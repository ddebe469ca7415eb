import Monitoring
import Policy
import Spool

/// What a ``RecheckState`` is as entries of the spool's ledger.
///
/// Keys are a kind, a destination and a third name, set apart by a character that no name has.
/// What cannot be read counts as if everything up to this moment had been honoured.
enum RecheckLedger {
    /// What the keys of all entries begin with.
    static let prefix = "recheck."

    private enum Kind: String {
        /// When a role allowed rechecks to a destination.
        case window = "recheck.window"
        /// Which requests of a destination for an object were honoured.
        case honoured = "recheck.honoured"
        /// What is held against a destination's requests for objects without an entry.
        case floor = "recheck.floor"
    }

    private struct HonouredBody: Codable {
        var recent: [Int64]
        var floor: Int64?
        var last: Int64

        enum CodingKeys: String, CodingKey {
            case recent, floor
            case last = "last_us"
        }
    }

    private static let separator = "\u{1F}"

    /// The entries of a whole state.
    static func entries(of state: RecheckState) -> [LedgerEntry] {
        state.forgotten.map(entry(floor:)) + state.windows.map { entry($0.key, $0.value) }
            + state.honoured.map { entry($0.key, $0.value) }
    }

    /// What is held against requests for objects without an entry.
    static func floors(of state: RecheckState) -> [LedgerEntry] {
        state.forgotten.map(entry(floor:))
    }

    /// What an honoured request changes: the counts first, so that none is missing after a crash.
    static func entries(of change: RecheckChange, for request: RecheckRequest) -> [LedgerEntry] {
        let key = RecheckState.HonouredKey(
            destination: request.destination, object: request.object)
        return change.forgotten.map(entry(floor:))
            + change.windows.map { entry($0.key, $0.value) } + [entry(key, change.honoured)]
    }

    /// The keys of entries about these objects.
    static func keys(of forgotten: [RecheckState.HonouredKey]) -> [String] {
        forgotten.map { key(.honoured, $0.destination, $0.object.fullName) }
    }

    /// What leads from what is stored of one state to another one.
    static func difference(
        from old: RecheckState, to new: RecheckState
    ) -> (kept: [LedgerEntry], forgotten: [String]) {
        let kept =
            new.forgotten.filter { old.forgotten[$0.key] != $0.value }.map(entry(floor:))
            + new.windows.filter { old.windows[$0.key] != $0.value }.map { entry($0.key, $0.value) }
            + new.honoured.filter { old.honoured[$0.key] != $0.value }
            .map { entry($0.key, $0.value) }
        let forgotten =
            old.windows.keys.filter { new.windows[$0] == nil }
            .map { key(.window, $0.destination, $0.role) }
            + keys(of: old.honoured.keys.filter { new.honoured[$0] == nil })
        return (kept, forgotten)
    }

    /// The state that these entries are, and how many of them could not be read.
    static func state(
        _ entries: [LedgerEntry], at now: Timestamp
    ) -> (state: RecheckState, unreadable: Int) {
        var state = RecheckState()
        var unreadable = 0
        for entry in entries {
            let parts = entry.key.split(
                separator: separator, maxSplits: 2, omittingEmptySubsequences: false
            ).map(String.init)
            guard let kind = parts.first.flatMap(Kind.init), parts.count == 3 else { continue }
            let isRead =
                switch kind {
                case .window: read(entry, role: parts[2], of: parts[1], into: &state, at: now)
                case .honoured:
                    read(entry, object: parts[2], of: parts[1], into: &state, at: now)
                case .floor: read(entry, floorOf: parts[1], into: &state, at: now)
                }
            if !isRead { unreadable += 1 }
        }
        return (state, unreadable)
    }

    // MARK: Parts

    private static func read(
        _ entry: LedgerEntry, role: String, of destination: String,
        into state: inout RecheckState, at now: Timestamp
    ) -> Bool {
        let times = entry.said(as: [Int64].self)
        let full = Array(repeating: now, count: RecheckLimit.largestCount)
        state.windows[RecheckState.WindowKey(role: role, destination: destination)] =
            RecheckWindow(times: times?.map(Timestamp.init(microseconds:)) ?? full)
        return times != nil
    }

    private static func read(
        _ entry: LedgerEntry, object: String, of destination: String,
        into state: inout RecheckState, at now: Timestamp
    ) -> Bool {
        guard let name = ObjectName(fullName: object) else { return false }
        let key = RecheckState.HonouredKey(destination: destination, object: name)
        guard let read = entry.said(as: HonouredBody.self) else {
            state.honoured[key] = HonouredRequests(
                floor: now.microseconds / 1_000_000, last: now)
            return false
        }
        state.honoured[key] = HonouredRequests(
            recent: read.recent, floor: read.floor, last: Timestamp(microseconds: read.last))
        return true
    }

    private static func read(
        _ entry: LedgerEntry, floorOf destination: String, into state: inout RecheckState,
        at now: Timestamp
    ) -> Bool {
        let floor = entry.said(as: Int64.self)
        state.forgotten[destination] = floor ?? now.microseconds / 1_000_000
        return floor != nil
    }

    private static func entry(
        _ key: RecheckState.WindowKey, _ window: RecheckWindow
    ) -> LedgerEntry {
        let times = window.times.map(\.microseconds)
        return LedgerEntry(
            key: self.key(.window, key.destination, key.role), saying: times)
    }

    private static func entry(
        _ key: RecheckState.HonouredKey, _ honoured: HonouredRequests
    ) -> LedgerEntry {
        let body = HonouredBody(
            recent: honoured.recent, floor: honoured.floor, last: honoured.last.microseconds)
        return LedgerEntry(
            key: self.key(.honoured, key.destination, key.object.fullName), saying: body)
    }

    private static func entry(floor: (key: String, value: Int64)) -> LedgerEntry {
        LedgerEntry(key: key(.floor, floor.key, ""), saying: floor.value)
    }

    private static func key(_ kind: Kind, _ destination: String, _ name: String) -> String {
        [kind.rawValue, destination, name].joined(separator: separator)
    }
}
