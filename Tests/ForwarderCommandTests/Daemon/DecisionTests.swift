import Monitoring
import TestSupport
import Testing
import UplinkMessages

@testable import ForwarderCommand

/// When the spool counts as full.
@Suite struct SpoolFullnessTests {
    private typealias Losses = SpoolFullness.Losses

    @Test func `the first loss begins an alarm, further ones are added up`() {
        var fullness = SpoolFullness()
        #expect(fullness.note(refused: 0, evicted: 0, at: .zero) == nil)
        let first = Losses(refused: 1, evicted: 2)
        #expect(fullness.note(refused: 1, evicted: 2, at: .seconds(1)) == .began(first))
        let second = Losses(refused: 1, evicted: 7)
        #expect(fullness.note(refused: 0, evicted: 5, at: .seconds(2)) == .wentOn(second))
        #expect(second.text.contains("1 results were refused and 7 given up"))
    }

    @Test func `it ends once nothing was lost for the whole calm, and then starts from nothing`() {
        var fullness = SpoolFullness()
        _ = fullness.note(refused: 0, evicted: 3, at: .zero)
        _ = fullness.note(refused: 2, evicted: 0, at: .seconds(200))
        let all = Losses(refused: 2, evicted: 3)
        let end = Duration.seconds(200) + SpoolFullness.calm
        let before = end - .seconds(1)
        #expect(fullness.note(refused: 0, evicted: 0, at: before) == .wentOn(all))
        #expect(fullness.note(refused: 0, evicted: 0, at: end) == .ended(all))
        #expect(fullness.note(refused: 0, evicted: 0, at: end) == nil)
        let next = Losses(refused: 0, evicted: 1)
        #expect(fullness.note(refused: 0, evicted: 1, at: end) == .began(next))
    }

    @Test func `a batch that costs nothing does not end the alarm on the board`() {
        let board = AlarmBoard()
        _ = board.note(refused: 0, evicted: 3, at: .zero)
        _ = board.note(refused: 0, evicted: 0, at: .seconds(1))
        #expect(board.texts.count == 1 && board.texts[0].contains("3 given up"))
        _ = board.note(refused: 0, evicted: 0, at: SpoolFullness.calm)
        #expect(board.texts == [])
    }
}

/// When an uplink is started anew.
@Suite struct UplinkRestartTests {
    @Test func `waits double up to a minute, and an end is news only when it is another one`() {
        var restarts = UplinkRestarts()
        var random = SeededGenerator(seed: 1)
        var longest = UplinkRestarts.firstWait
        for round in 0..<12 {
            let next = restarts.ended(
                text: "gone", startedAt: .zero, at: .seconds(1), using: &random)
            #expect((longest / 2)...longest ~= next.wait)
            #expect(next.isNews == (round == 0))
            longest = min(longest * 2, UplinkRestarts.longestWait)
        }
        let other = restarts.ended(
            text: "killed", startedAt: .zero, at: .seconds(1), using: &random)
        #expect(other.isNews && other.wait >= UplinkRestarts.longestWait / 2)
    }

    @Test(arguments: [(60, false), (61, true)])
    func `an uplink that ran for more than a minute starts the waits over`(
        seconds: Int, isReset: Bool
    ) {
        var restarts = UplinkRestarts()
        var random = SeededGenerator(seed: 2)
        for _ in 0..<9 {
            _ = restarts.ended(text: "a", startedAt: .zero, at: .zero, using: &random)
        }
        let next = restarts.ended(
            text: "a", startedAt: .seconds(5), at: .seconds(5 + seconds), using: &random)
        #expect((next.wait <= UplinkRestarts.firstWait) == isReset)
    }
}

/// When an uplink hangs.
@Suite struct UplinkSilenceTests {
    @Test func `one that owes nothing may be silent, one that owes something only for so long`() {
        var silence = UplinkSilence(masters: [], startedAt: .zero)
        #expect(silence.verdict(at: .seconds(30)) == nil)
        #expect(silence.verdict(at: .seconds(31)) != nil, "it never said that it is ready")
        silence.heard(owed: 0, at: .seconds(1))
        #expect(silence.verdict(at: .seconds(9_999)) == nil)
        silence.asked(at: .seconds(100))
        silence.asked(at: .seconds(120))
        #expect(silence.verdict(at: .seconds(130)) == nil)
        #expect(silence.verdict(at: .seconds(131)) != nil)
        silence.heard(owed: 1, at: .seconds(131))
        #expect(silence.verdict(at: .seconds(161)) == nil)
    }
}

/// When a name is looked up for the uplink.
@Suite struct LookupPaceTests {
    @Test func `addresses that are known outlast a name server that is away`() {
        let lookups = Lookups()
        #expect(lookups.addresses(of: "icinga", found: []) == [])
        #expect(lookups.addresses(of: "icinga", found: ["192.0.2.1"]) == ["192.0.2.1"])
        #expect(lookups.addresses(of: "icinga", found: []) == ["192.0.2.1"])
        #expect(lookups.addresses(of: "other", found: []) == [])
        #expect(lookups.addresses(of: "icinga", found: ["192.0.2.9"]) == ["192.0.2.9"])
    }

    @Test func `one lookup of a node at a time, and none within a pause of the last start`() {
        var pace = LookupPace()
        let (node, other) = (NodeID(index: 0), NodeID(index: 1))
        func begins(_ node: NodeID, at milliseconds: Int) -> Bool {
            pace.begins(node, at: .milliseconds(milliseconds))
        }
        #expect(begins(node, at: 0) && begins(other, at: 0))
        #expect(!begins(node, at: 5000), "the first one still runs")
        pace.ended(node)
        #expect(begins(node, at: 5000))
        pace.ended(node)
        #expect(!begins(node, at: 5999))
        #expect(begins(node, at: 6000) && !begins(other, at: 6000))
    }
}

/// What the daemon does with signals.
@Suite struct SignalsTests {
    @Test func `reloads are merged, and a stop passes them and stays the last`() async {
        let signals = Signals()
        var waiting = signals.stream.makeAsyncIterator()
        for _ in 0..<3 { signals.take(.reload) }
        #expect(await waiting.next() == .reload && !signals.stopIsWanted)
        signals.take(.stop)
        #expect(await waiting.next() == .stop, "no further reload waited")
        let ended = Signals()
        for signal in [DaemonSignal.reload, .stop, .reload] { ended.take(signal) }
        var rest = ended.stream.makeAsyncIterator()
        #expect(ended.stopIsWanted)
        #expect(await rest.next() == .stop)
    }
}

/// What a flush says when the daemon ends before it.
@Suite struct FlushAtStopTests {
    @Test func `it tells how much is left and what to do`() {
        let text = FlushProgress.textAtStop(FlushProgress(total: 5, done: 2, obstacle: nil))
        #expect(text.hasPrefix("The daemon is stopping; 3 results left.") && text.contains("again"))
        #expect(FlushProgress.textAtStop(nil).hasPrefix("The daemon is stopping. "))
    }
}
