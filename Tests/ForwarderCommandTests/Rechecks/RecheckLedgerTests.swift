import Monitoring
import Policy
import Spool
import Testing

@testable import ForwarderCommand

private let now = Timestamp(microseconds: 1_700_000_000_500_000)

/// What is stored of honoured rechecks says what they were.
@Suite struct RecheckLedgerTests {
    private let key = RecheckState.HonouredKey(
        destination: "north/é", object: ObjectName(host: "web 1", service: "disk /"))

    private var state: RecheckState {
        var state = RecheckState()
        state.windows[RecheckState.WindowKey(role: "a\u{1F}b", destination: "north/é")] =
            RecheckWindow(times: (0..<1000).map { now - .seconds($0) })
        state.honoured[key] = HonouredRequests(recent: [7, 9], floor: 3, last: now)
        state.honoured[
            RecheckState.HonouredKey(destination: "south", object: ObjectName(host: "web 1"))] =
            HonouredRequests(recent: [.max], last: now)
        state.forgotten["north/é"] = 5
        return state
    }

    @Test func `a state is what its entries are, in any order`() {
        let entries = RecheckLedger.entries(of: state).shuffled()
        #expect(entries.allSatisfy { $0.body.count <= LedgerEntry.bodyByteLimit })
        #expect(entries.allSatisfy { $0.key.utf8.count <= LedgerEntry.keyByteLimit })
        let others = [LedgerEntry(key: "pause\u{1F}web1", body: [1])]
        let read = RecheckLedger.state(entries + others, at: now)
        #expect(read.state == state)
        #expect(read.unreadable == 0)
    }

    @Test func `longest names fit`() {
        let name = String(repeating: "n", count: ObjectName.maximumByteCount)
        var state = RecheckState()
        let object = ObjectName(host: String(name.dropLast(2)), service: "s")
        state.honoured[RecheckState.HonouredKey(destination: name, object: object)] =
            HonouredRequests(
                recent: Array(repeating: .min, count: HonouredRequests.recentLimit), floor: .min,
                last: now)
        let entries = RecheckLedger.entries(of: state)
        #expect(entries.allSatisfy { $0.key.utf8.count <= LedgerEntry.keyByteLimit })
        #expect(RecheckLedger.state(entries, at: now).state == state)
    }

    @Test func `what an honoured request changes leads to the new state`() throws {
        var gate = RecheckGate(state)
        let rules = try PolicyReader.read(
            Array("[a]\nmasters = north/é\npermissions = icingadb/*\n".utf8), file: "p",
            destinations: nil)
        let object = try PolicyObject(ObjectSnapshot(name: key.object.fullName))
        let request = RecheckRequest(destination: "north/é", object: key.object, value: 11)
        let allowed = rules.recheck(of: object, by: "north/é")
        let answer = gate.judge(request, by: allowed, at: now + .seconds(60))
        guard case .honoured(_, let change) = answer else {
            Issue.record("\(answer)")
            return
        }
        var stored: [String: LedgerEntry] = [:]
        let before = RecheckLedger.entries(of: state)
        for entry in before + RecheckLedger.entries(of: change, for: request) {
            stored[entry.key] = entry
        }
        #expect(RecheckLedger.state(Array(stored.values), at: now).state == gate.state)
    }

    @Test func `the difference leads from one state to the other`() {
        var newer = state
        newer.keep(objects: [key.object])
        newer.keep(roles: [])
        let difference = RecheckLedger.difference(from: state, to: newer)
        var stored: [String: LedgerEntry] = [:]
        for entry in RecheckLedger.entries(of: state) { stored[entry.key] = entry }
        for key in difference.forgotten { stored[key] = nil }
        for entry in difference.kept { stored[entry.key] = entry }
        #expect(RecheckLedger.state(Array(stored.values), at: now).state == newer)
        let none = RecheckLedger.difference(from: state, to: state)
        #expect(none.kept.isEmpty && none.forgotten.isEmpty)
    }

    @Test func `an entry that cannot be read honours nothing that was asked before now`() {
        let broken = RecheckLedger.entries(of: state).map { entry in
            LedgerEntry(key: entry.key, body: [0xFF])
        }
        let read = RecheckLedger.state(broken, at: now)
        #expect(read.unreadable == 4)
        let full = RecheckWindow(
            times: Array(repeating: now, count: RecheckLimit.largestCount))
        #expect(read.state.windows.values.first == full)
        #expect(read.state.honoured[key]?.floor == 1_700_000_000)
        #expect(read.state.honoured[key]?.last == now)
        #expect(read.state.forgotten["north/é"] == 1_700_000_000)
    }
}
