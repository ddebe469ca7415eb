import Foundation
import Monitoring
import Testing

@testable import ForwarderCommand

/// What is to be done with what lies in the drop directory.
@Suite struct DropPlanTests {
    private static let now = Timestamp(microseconds: 1_700_000_000_000_000)

    private static func entry(
        _ name: String, _ owner: uid_t, bytes: Int = 100, isRegular: Bool = true, age: Int = 0
    ) -> DropEntry {
        DropEntry(
            rawName: name.utf8.map { CChar(bitPattern: $0) } + [0], owner: owner, byteCount: bytes,
            isRegular: isRegular, changedAt: now - .seconds(age))
    }

    private static func batch(_ time: Int64, _ owner: uid_t, bytes: Int = 100) -> DropEntry {
        let name = DropName(
            time: Timestamp(microseconds: time), id: BatchID(high: UInt64(owner), low: 1))
        return entry(name.text, owner, bytes: bytes)
    }

    private static func brief(_ files: [DropPlan.File]) -> [String] {
        files.map { "\($0.owner):\($0.name.time.microseconds)" }
    }

    @Test func `owners take turns, files of one owner go in order`() {
        let entries =
            (1...5).reversed().map { Self.batch($0, 1000) } + [Self.batch(9, 1001)]
            + [Self.batch(8, 0), Self.batch(7, 0)]
        let plan = DropPlan(entries, at: Self.now)
        #expect(!plan.isCut)
        #expect(
            Self.brief(plan.batches) == [
                "0:7", "1000:1", "1001:9", "0:8", "1000:2", "1000:3", "1000:4", "1000:5",
            ])
        #expect(plan.counts == [0: 2, 1000: 5, 1001: 1])
    }

    @Test func `what has no name of a batch is no use, what is being written is left alone`() {
        let id = BatchID(high: 1, low: 2)
        let name = DropName(time: Self.now, id: id)
        var plan = DropPlan(at: Self.now)
        #expect(plan.show(Self.entry(name.unfinishedText, 1, age: 3600)) == nil)
        #expect(plan.show(Self.entry(name.unfinishedText, 1, age: 3601)) == .unfinished)
        for text in ["core", name.text + "x", name.text.uppercased(), "unfinished-"] {
            #expect(plan.show(Self.entry(text, 1)) == .misnamed, "\(text)")
        }
        for text in [name.text, name.unfinishedText] {
            #expect(plan.show(Self.entry(text, 1, isRegular: false)) == .irregular)
        }
        plan.close()
        #expect(plan.batches.isEmpty)
    }

    @Test func `a file that came during the look is listed with all before it, by the next look`() {
        let now = Self.now.microseconds
        var first = DropPlan(at: Self.now)
        // The one at `now` was put before the one behind it, and not seen.
        for entry in [Self.batch(now - 1, 1), Self.batch(now + 1, 1), Self.batch(now + 9, 2)] {
            #expect(first.show(entry) == nil)
        }
        let ahead = first.ahead
        first.close()
        #expect(Self.brief(first.batches) == ["1:\(now - 1)"])
        var second = DropPlan(at: Self.now, through: ahead)
        for time in [now + 7, now + 1, now, now - 1] {
            #expect(second.show(Self.batch(time, 1)) == nil)
        }
        #expect(second.show(Self.batch(now + 9, 2)) == nil)
        second.close()
        #expect(
            Self.brief(second.batches)
                == ["1:\(now - 1)", "2:\(now + 9)", "1:\(now)", "1:\(now + 1)"])
    }

    @Test func `a plan of one owner has nobody else's`() {
        var plan = DropPlan(at: Self.now, of: 7)
        for entry in [Self.batch(1, 6), Self.batch(2, 7), Self.entry("core", 6)] {
            #expect(plan.show(entry) == nil)
        }
        plan.close()
        #expect(Self.brief(plan.batches) == ["7:2"])
    }

    @Test func `what is far beyond an owner's quota waits, and keeps nobody else waiting`() {
        let limit = DropPlan.shareLimit
        let many = (0..<(2 * limit + 5)).map { Self.batch(Int64($0), 1, bytes: 1) }
        let large = (0..<170).map { Self.batch(Int64($0), 2, bytes: 1 << 20) }
        var plan = DropPlan(at: Self.now)
        for entry in many.reversed() + large.reversed() + [Self.batch(1, 3)] {
            #expect(plan.show(entry) == nil)
        }
        plan.close()
        let kept = Dictionary(grouping: plan.batches, by: \.owner).mapValues { files in
            files.map(\.name.time.microseconds)
        }
        #expect(kept == [1: (0..<Int64(limit)).map { $0 }, 2: (0..<170).map { $0 }, 3: [1]])
        #expect(plan.isCut, "the others come with a later plan")
        #expect(plan.counts == [1: 2 * limit + 5, 2: 170, 3: 1])
    }

    @Test func `what is longer than a batch can be is no use, and counts for nothing else`() {
        var plan = DropPlan(at: Self.now)
        var own = DropHoldings(of: 1)
        let limit = SubmissionBatch.byteLimit
        for (time, bytes) in [(1, 1 << 40), (2, limit), (3, limit + 1)] {
            let entry = Self.batch(Int64(time), 1, bytes: bytes)
            #expect(plan.show(entry) == (bytes > limit ? .tooLong : nil))
            own.count(entry)
        }
        plan.close()
        #expect(Self.brief(plan.batches) == ["1:2"] && plan.counts == [1: 1])
        #expect(own.complaint(adding: DropHoldings.byteQuota - limit) == nil)
        #expect(own.complaint(adding: DropHoldings.byteQuota - limit + 1) != nil)
    }

    @Test func `where too much lies each owner's first files are listed, and that it is cut`() {
        let entries = (0..<1000).reversed().flatMap { time in
            (1...(time < 4 ? 3 : 1)).map { Self.batch(Int64(time), $0) }
        }
        let plan = DropPlan(entries, at: Self.now, limit: 100)
        #expect(plan.isCut)
        #expect(plan.batches.count <= 100)
        for owner in [1, 2, 3] as [uid_t] {
            let times = plan.batches.filter { $0.owner == owner }.map(\.name.time.microseconds)
            #expect(times == (0..<Int64(times.count)).map { $0 } && times.count >= 4, "\(owner)")
        }
        #expect(plan.counts == [1: 1000, 2: 4, 3: 4])
        let crowd = DropPlan((0..<500).map { Self.batch(1, $0) }, at: Self.now, limit: 100)
        #expect(crowd.isCut && crowd.batches.count == 100)
    }

    @Test func `a client counts its own files and bytes alone`() {
        func complaint(_ entries: [DropEntry], adding bytes: Int) -> String? {
            var own = DropHoldings(of: 1)
            for entry in entries { own.count(entry) }
            return own.complaint(adding: bytes)
        }
        let others = (0..<20).map { Self.batch(Int64($0), 7, bytes: DropHoldings.byteQuota) }
        #expect(complaint(others, adding: DropHoldings.byteQuota) == nil)
        let own = others + [Self.batch(1, 1, bytes: 1)]
        #expect(complaint(own, adding: DropHoldings.byteQuota)?.contains("bytes") == true)
        let many = (0..<DropHoldings.fileQuota).map { Self.batch(Int64($0), 1, bytes: 0) }
        #expect(complaint(many, adding: 1)?.contains("files") == true)
        #expect(complaint(Array(many.dropLast()), adding: 1) == nil)
    }

    @Test func `the next name is behind all own ones, however the clock was set`() {
        var own = DropHoldings(of: 1)
        let far = Self.now + .seconds(86_400)
        own.count(Self.batch(far.microseconds, 2))
        #expect(own.nextTime(at: Self.now) == Self.now, "nobody else's name counts")
        own.count(Self.batch(Self.now.microseconds, 1))
        own.count(Self.batch(1, 1))
        let behind = Timestamp(microseconds: Self.now.microseconds + 1)
        #expect(own.nextTime(at: Self.now - .seconds(3600)) == behind)
        #expect(own.nextTime(at: Self.now) == behind)
        #expect(own.nextTime(at: far) == far)
        own.count(Self.batch(.max, 1))
        #expect(own.nextTime(at: Self.now).microseconds == .max, "and nobody is stuck there")
    }

    @Test func `names are read as they are written`() {
        let name = DropName(time: Self.now, id: BatchID(high: .max, low: 0))
        #expect(DropName(name.text) == name)
        #expect(DropName.isUnfinished(name.unfinishedText))
        #expect(!DropName.isUnfinished(name.text))
        for text in ["", "batch", "batch--", "batch-\(name.id)-\(name.id)", name.unfinishedText] {
            #expect(DropName(text) == nil, "\(text)")
        }
    }
}
