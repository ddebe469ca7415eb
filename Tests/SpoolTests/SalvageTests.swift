import Foundation
import GRDB
import Monitoring
import Spool
import TestSupport
import Testing

/// A spool's file read without SQLite, damaged in every way a medium can think of.
@Suite struct SalvageTests {
    @Test func `a sound file gives what its spool holds, in log and database alike`() async throws {
        let scene = try await filled(results: 150)
        let whole = try await listed(scene)
        let live = try Salvage(path: scene.settings.path)
        #expect(live.isWhole)
        #expect(live.entries.map(\.summary) == whole)
        try scene.spool.close()
        let closed = try Salvage(path: scene.settings.path)
        #expect(closed.isWhole)
        #expect(closed.entries.map(\.summary) == whole)
    }

    @Test func `a bit that flips inside a result takes exactly that result away`() async throws {
        let scene = try await filled(results: 150)
        try scene.spool.close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: scene.settings.path))
        for victim in [1, 17, 100, 149] {
            let mark = Data("number \(victim)!".utf8)
            let place = try #require(bytes.range(of: mark)).lowerBound
            for offset in [0, 3, mark.count - 1] {
                var broken = bytes
                broken[place + offset] ^= 1 << (victim % 7)
                let salvage = try read(broken, scene)
                #expect(!salvage.isWhole)
                #expect(salvage.lostCount == 1)
                #expect(numbers(salvage) == Set(1...150).subtracting([victim]))
            }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `whatever bit flips, no other result changes or comes back`(seed: UInt64) async throws {
        let scene = try await filled(results: 150)
        let before = Set(try await listed(scene))
        try scene.spool.close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: scene.settings.path))
        var random = SeededGenerator(seed: seed)
        for _ in 0..<30 {
            var broken = bytes
            let place = Int.random(in: 0..<bytes.count, using: &random)
            broken[place] ^= 1 << Int.random(in: 0..<8, using: &random)
            let salvage = try read(broken, scene)
            let contents = Set(salvage.entries.map(\.summary).map(\.content))
            #expect(contents.isSubset(of: Set(before.map(\.content))), "bit at \(place)")
            #expect(numbers(salvage).count >= 149, "bit at \(place)")
            if numbers(salvage).count < 150 { #expect(!salvage.isWhole, "bit at \(place)") }
        }
    }

    @Test func `zeroed pages take the results that stood on them and no others`() async throws {
        let scene = try await filled(results: 150)
        try scene.spool.close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: scene.settings.path))
        for page in 0..<(bytes.count / 4096) {
            var broken = bytes
            let range = (page * 4096)..<((page + 1) * 4096)
            broken.replaceSubrange(range, with: Data(count: 4096))
            let salvage = try read(broken, scene)
            let onPage = (1...150).filter { number in
                bytes[range].range(of: Data("number \(number)!".utf8)) != nil
            }
            let missing = Set(1...150).subtracting(numbers(salvage))
            #expect(missing.isSubset(of: onPage), "page \(page + 1): \(missing.sorted())")
            #expect(missing.isEmpty || !salvage.isWhole)
        }
    }

    @Test func `a file cut anywhere gives what stands before the cut`() async throws {
        let scene = try await filled(results: 150)
        try scene.spool.close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: scene.settings.path))
        for share in 1...9 {
            let cut = bytes.count * share / 10
            let salvage = try read(bytes.prefix(cut), scene)
            let whole = (1...150).filter { number in
                let mark = Data("number \(number)!".utf8)
                let place = bytes.range(of: mark, options: .backwards)?.upperBound ?? .max
                return place / 4096 * 4096 + 4096 <= cut
            }
            #expect(numbers(salvage).isSuperset(of: whole), "cut at \(cut)")
        }
    }

    @Test func `a broken frame of the log takes nothing with it that stands behind it`()
        async throws
    {
        let scene = try await filled(results: 60, perCommit: 1)
        let path = scene.settings.path
        let log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
        let database = try Data(contentsOf: URL(fileURLWithPath: path))
        var changed = log
        let frame = 32 + 20 * (24 + 4096)
        changed[frame + 24 + 2000] ^= 4
        let salvage = try read(database, log: changed, scene)
        #expect(!salvage.isWhole)
        #expect(numbers(salvage).count >= 59)
    }

    @Test func `a torn last transaction was never durable, and is no damage`() async throws {
        let scene = try await filled(results: 20, perCommit: 1)
        let path = scene.settings.path
        #expect(try Salvage(path: path).entries.contains { $0.state == .ambiguous })
        var log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
        let database = try Data(contentsOf: URL(fileURLWithPath: path))
        log.removeLast(3000)
        let salvage = try read(database, log: log, scene)
        #expect(salvage.isWhole)
        #expect(numbers(salvage) == Set(1...20))
        #expect(!salvage.entries.contains { $0.state == .ambiguous })
    }

    // MARK: The file

    private func filled(results: Int, perCommit: Int = 25) async throws -> Scene {
        let scene = try await Scene(destinations: ["north", "south"])
        for first in stride(from: 1, through: results, by: perCommit) {
            let batch = (first..<(first + perCommit)).map { number in
                var one = record(ObjectName(host: "web", service: "s\(number % 7)"), number)
                let copies = number % 50 == 0 ? 900 : number % 7 + 1
                one.result.output = String(repeating: "number \(number)! ", count: copies)
                return one
            }
            _ = try await scene.spool.append(batch)
        }
        let leased = try await scene.lease(ObjectName(host: "web", service: "s1"), at: 1)
        #expect(leased.count == 1)
        return scene
    }

    private func listed(_ scene: Scene) async throws -> [Summary] {
        var all: [Summary] = []
        var cursor: QueueCursor?
        repeat {
            let page = try await scene.spool.entries(QueueFilter(), after: cursor)
            all += page.entries.map { entry in
                Summary(
                    content: entry.result,
                    place:
                        "\(entry.destination) \(entry.state == .sent ? .ambiguous : entry.state)",
                    sequence: entry.sequence.rawValue)
            }
            cursor = page.next
        } while cursor != nil
        return all.sorted { ($0.sequence, $0.place) < ($1.sequence, $1.place) }
    }

    private func read(_ database: Data, log: Data? = nil, _ scene: Scene) throws -> Salvage {
        let path = "\(scene.directory)/broken.db"
        try database.write(to: URL(fileURLWithPath: path))
        if let log { try log.write(to: URL(fileURLWithPath: path + "-wal")) }
        return try Salvage(path: path)
    }

    private func numbers(_ salvage: Salvage) -> Set<Int> {
        Set(
            salvage.entries.compactMap { entry in
                entry.result.output.dropFirst("number ".count).prefix { $0 != "!" }
            }.compactMap { Int($0) })
    }
}

private struct Summary: Hashable {
    var content: CheckResult
    var place: String
    var sequence: Int64
}

extension SalvagedEntry {
    fileprivate var summary: Summary {
        Summary(
            content: result,
            place: "\(destination ?? "?") \(state.map { "\($0)" } ?? "?")",
            sequence: sequence.rawValue)
    }
}

/// A write-ahead log that was hit: SQLite alone would silently shorten it.
@Suite struct BrokenLogTests {
    @Test(arguments: [0, 3, 20, 32 + 30, 32 + 24 + 100, 32 + 5 * 4120 + 24 + 2000])
    func `a spool whose log was hit is damaged, not shorter`(place: Int) async throws {
        let (scene, path) = try await copied()
        var log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
        log[place] ^= 0x10
        try log.write(to: URL(fileURLWithPath: path + "-wal"))
        let settings = SpoolSettings(path: path)
        #expect(throws: SpoolFault.self) { try SpoolQueue.open(settings, time: FixedTime()) }
        let spool = try SpoolQueue.open(settings, time: FixedTime(), damaged: .moveAside)
        let moved = try #require(spool.movedAside)
        #expect(try Salvage(path: moved.path).entries.count >= 19, "but for what was hit")
        try spool.close()
        _ = scene
    }

    @Test func `a log whose new header was cut off once all of it was in the database is sound`()
        async throws
    {
        let (scene, path) = try await copied()
        let torn = "\(scene.directory)/torn.db"
        let database = try DatabaseQueue(path: path)
        try await database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA wal_checkpoint(PASSIVE)")
            for end in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: path + end, toPath: torn + end)
            }
        }
        try database.close()
        var log = try Data(contentsOf: URL(fileURLWithPath: torn + "-wal"))
        // The first half of the next round's header counts one more.
        log[15] += 1
        try log.write(to: URL(fileURLWithPath: torn + "-wal"))
        let whole = try Salvage(path: torn)
        #expect(whole.isWhole && whole.entries.count == 20)
        let spool = try SpoolQueue.open(SpoolSettings(path: torn), time: FixedTime())
        #expect(try await spool.status().destinations.map(\.queued) == [20])
        try spool.close()
        // What the database lacks is lost with the header.
        let (other, lacking) = try await copied()
        var lost = try Data(contentsOf: URL(fileURLWithPath: lacking + "-wal"))
        lost[15] += 1
        try lost.write(to: URL(fileURLWithPath: lacking + "-wal"))
        #expect(throws: SpoolFault.self) {
            try SpoolQueue.open(SpoolSettings(path: lacking), time: FixedTime())
        }
        _ = other
    }

    @Test func `a log that was begun anew hides the frames of its round before`() async throws {
        let scene = try await Scene(sizeLimit: SpoolSettings.minimumSizeLimit)
        for number in 1...400 {
            _ = try await scene.spool.append([record(disk, number, outputBytes: 900)])
            if number % 2 == 0 { _ = try await scene.deliver(disk) }
        }
        let path = scene.settings.path
        #expect(try Salvage(path: path).isWhole)
        let copy = "\(scene.directory)/copy/queue.db"
        try FileManager.default.createDirectory(
            atPath: "\(scene.directory)/copy", withIntermediateDirectories: false)
        for end in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path + end, toPath: copy + end)
        }
        let spool = try SpoolQueue.open(SpoolSettings(path: copy), time: FixedTime())
        #expect(try await spool.contradictions() == [])
        try spool.close()
    }

    /// Twenty results in as many commits, all of them in the log.
    private func copied() async throws -> (Scene, String) {
        let scene = try await Scene()
        for number in 1...20 { _ = try await scene.spool.append([record(disk, number)]) }
        let path = "\(scene.directory)/copy/queue.db"
        try FileManager.default.createDirectory(
            atPath: "\(scene.directory)/copy", withIntermediateDirectories: false)
        for end in ["", "-wal"] {
            try FileManager.default.copyItem(
                atPath: scene.settings.path + end, toPath: path + end)
        }
        return (scene, path)
    }
}
