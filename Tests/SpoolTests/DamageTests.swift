import Foundation
import Spool
import TestSupport
import Testing

/// Files that came back from the disk other than they were written.
@Suite struct DamageTests {
    private static let rounds =
        ProcessInfo.processInfo.environment["FORWARDER_SEEDS"].flatMap(Int.init).map { $0 * 40 }
        ?? 60

    @Test(arguments: ["", "-wal"], Damage.allCases)
    func `a damaged file is read without contradiction or reported as damaged`(
        _ suffix: String,
        _ damage: Damage
    ) async throws {
        let disk = try await Self.usedSpool()
        var random = SeededGenerator(seed: 1)
        let sound = try Data(contentsOf: URL(fileURLWithPath: "\(disk.folder)/queue.db\(suffix)"))
        try #require(sound.count > 4096)
        var (opened, reported) = (0, 0)
        for round in 0..<Self.rounds {
            let copy = try TemporaryDirectory("damage")
            for file in ["", "-wal"] {
                try FileManager.default.copyItem(
                    atPath: "\(disk.folder)/queue.db\(file)",
                    toPath: copy.path("queue.db\(file)")
                )
            }
            let bytes = damage.applied(to: sound, &random)
            try bytes.write(to: URL(fileURLWithPath: copy.path("queue.db\(suffix)")))
            do {
                let found = try await Self.use(SpoolSettings(path: copy.path("queue.db")))
                if found.isEmpty { opened += 1 } else { reported += 1 }
            } catch {
                // exporting what can still be read of such a file is to be tried here
                reported += 1
                switch error {
                case .damaged: break
                case .foreign, .newerVersion:
                    #expect(suffix.isEmpty, "round \(round): \(error)")
                default: Issue.record("round \(round): \(error)")
                }
            }
        }
        #expect(opened + reported == Self.rounds)
        if suffix.isEmpty { #expect(reported > 0) } else { #expect(opened > 0) }
    }

    /// What happens to a file.
    enum Damage: CaseIterable, Sendable {
        case flippedBit, zeroedSector, truncation

        func applied(to bytes: Data, _ random: inout SeededGenerator) -> Data {
            var bytes = bytes
            let position = Int.random(in: 0..<bytes.count, using: &random)
            switch self {
            case .flippedBit: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case .zeroedSector:
                let sector = position / 512 * 512
                for index in sector..<min(sector + 512, bytes.count) { bytes[index] = 0 }
            case .truncation: bytes.removeSubrange(position...)
            }
            return bytes
        }
    }

    /// Opens, checks and empties a spool; what contradicts itself.
    private static func use(_ settings: SpoolSettings) async throws(SpoolFault) -> [String] {
        let spool = try SpoolQueue.open(settings, time: FixedTime())
        defer {
            // lost on purpose: a damaged file may not close
            try? spool.close()
        }
        let found = try await spool.contradictions()
        guard found.isEmpty else { return found }
        _ = try await spool.view()
        for destination in try await spool.status().destinations {
            for lane in try await spool.lanes(of: destination.id) {
                _ = try await spool.exchange(
                    DeliveryBatch(
                        destination: destination.id,
                        leases: [LeaseRequest(object: lane.object, node: "n")],
                        stamp: stampAboveLast
                    )
                )
            }
        }
        return found
    }

    /// A spool as a process leaves it that dies: rows in the file and in the log.
    private static func usedSpool() async throws -> FaultyDisk {
        let disk = try FaultyDisk()
        var player = try ActionPlayer(SpoolSettings(path: "\(disk.folder)/queue.db"))
        for action in FaultScenario.life.steps { _ = try await player.play(action).get() }
        disk.cut(.keep)
        // lost on purpose: a dead process closes nothing
        try? player.spool.close()
        try disk.restore()
        return disk
    }
}
