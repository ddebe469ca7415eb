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

    @Test func `owners take turns, files of one owner go in order`() {
        let entries =
            (1...5).reversed().map { Self.batch($0, 1000) } + [Self.batch(9, 1001)]
            + [Self.batch(8, 0), Self.batch(7, 0)]
        let plan = DropPlan(entries, at: Self.now)
        #expect(plan.useless.isEmpty)
        #expect(
            plan.batches.map { "\($0.entry.owner):\($0.name.time.microseconds)" } == [
                "0:7", "1000:1", "1001:9", "0:8", "1000:2", "1000:3", "1000:4", "1000:5",
            ])
    }

    @Test func `what has no name of a batch is no use, what is being written is left alone`() {
        let id = BatchID(high: 1, low: 2)
        let name = DropName(time: Self.now, id: id)
        let young = Self.entry(name.unfinishedText, 1, age: 3600)
        let useless = [
            Self.entry(name.unfinishedText, 1, age: 3601), Self.entry("core", 1),
            Self.entry(name.text + "x", 1), Self.entry(name.text.uppercased(), 1),
            Self.entry(name.text, 1, isRegular: false),
            Self.entry(name.unfinishedText, 1, isRegular: false), Self.entry("unfinished-", 1),
        ]
        let plan = DropPlan([young] + useless, at: Self.now)
        #expect(plan.batches.isEmpty)
        #expect(Set(plan.useless.map(\.entry)) == Set(useless))
    }

    @Test func `what is far beyond an owner's quota goes unread, and nobody else's does`() {
        let limit = DropPlan.fileQuota * 2
        let many = (0..<(limit + 5)).map { Self.batch(Int64($0), 1, bytes: 1) }
        let large = (0..<3).map { Self.batch(Int64($0), 2, bytes: DropPlan.byteQuota) }
        let plan = DropPlan(many + large + [Self.batch(1, 3)], at: Self.now)
        let kept = Dictionary(grouping: plan.batches, by: \.entry.owner).mapValues(\.count)
        #expect(kept == [1: limit, 2: 2, 3: 1])
        #expect(plan.useless.count == 6)
        #expect(plan.useless.allSatisfy { $0.reason.contains("quota") })
    }

    @Test func `a client counts its own files and bytes alone`() {
        let others = (0..<20).map { Self.batch(Int64($0), 7, bytes: DropPlan.byteQuota) }
        #expect(DropPlan.complaint(about: 1, adding: DropPlan.byteQuota, to: others) == nil)
        let own = others + [Self.batch(1, 1, bytes: 1)]
        #expect(
            DropPlan.complaint(about: 1, adding: DropPlan.byteQuota, to: own)?.contains("bytes")
                == true)
        let many = (0..<DropPlan.fileQuota).map { Self.batch(Int64($0), 1, bytes: 0) }
        #expect(DropPlan.complaint(about: 1, adding: 1, to: many)?.contains("files") == true)
        #expect(DropPlan.complaint(about: 1, adding: 1, to: Array(many.dropLast())) == nil)
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
