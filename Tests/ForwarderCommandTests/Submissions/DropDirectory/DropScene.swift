import Foundation
import Logging
import Monitoring
import TestSupport
import Testing

@testable import ForwarderCommand

/// A drop directory beside a desk that takes what lies in it.
struct DropScene {
    let submissions: SubmissionScene
    let drops: DropDirectory
    let alarms = AlarmBoard()
    /// What the desk and collectors log.
    let lines = LogLines(from: .notice)
    /// The desk's time.
    let time = FakeTime()

    /// - Parameter folder: where it is; a new one if nil.
    init(in folder: TemporaryDirectory? = nil) throws {
        submissions = try SubmissionScene(in: folder, time: time, log: lines.logger)
        drops = DropDirectory(path: submissions.folder.path("drop"))
    }

    func collector(_ lookUp: FileOwners.LookUp? = nil) -> DropCollector {
        DropCollector(
            drops.path, desk: submissions.desk, alarms: alarms, time: SystemTime(),
            log: lines.logger, lookUp: lookUp)
    }

    /// Drops a batch as if at this time, in microseconds since 1970, and as this user; for
    /// another one it must be the newest that lies there.
    func put(_ batch: SubmissionBatch, at time: Int64, of owner: uid_t = geteuid()) throws {
        let time = Timestamp(microseconds: time)
        try drops.put(batch, at: time)
        guard owner != geteuid() else { return }
        let name = DropName(time: time, id: batch.id).text
        try #require(chown("\(drops.path)/\(name)", owner, getegid()) == 0)
    }

    /// What lies there; nothing where there is no directory.
    func names() throws -> [String] {
        guard let folder = try drops.open() else { return [] }
        return try drops.entries(folder).map(\.name)
    }
}
