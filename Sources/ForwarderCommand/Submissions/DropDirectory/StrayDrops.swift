import Foundation
import Logging
import Monitoring

/// Tells of batches that lie in the usual drop directory while this daemon empties another one.
///
/// A caller that cannot make out forwarder.conf drops there. The daemon does not take them: the
/// directory may be another daemon's, or of one that ran before.
struct StrayDrops: Sendable {
    /// How often is looked.
    static let interval = Duration.seconds(60)

    private let usual: DropDirectory
    private let own: DropDirectory
    private let alarms: AlarmBoard
    private let log: Logger

    init(
        ownPath: String, usualPath: String = ForwarderConfiguration.defaultDropPath,
        alarms: AlarmBoard, log: Logger
    ) {
        own = DropDirectory(path: ownPath)
        usual = DropDirectory(path: usualPath)
        self.alarms = alarms
        self.log = log
    }

    /// Looks until the task is cancelled.
    func run() async {
        repeat {
            await look()
            // A cancelled wait ends the loop.
            try? await Task.sleep(for: Self.interval)
        } while !Task.isCancelled
    }

    /// Looks once, and alarms of what lies there, or no longer.
    func look() async {
        let (usual, own) = (usual, own)
        let count = await OwnThread.run { usual.strayCount(besides: own) }
        guard count > 0 else {
            alarms.clear(.strayDrops)
            return
        }
        let text = """
            \(Words.counted(count, "file")) with results in \(usual.path), which no daemon takes: \
            this one takes from \(own.path). Whoever dropped them could not make out \
            forwarder.conf. They are kept. Run `forwarder validate` and mend forwarder.conf. To \
            have them taken, stop the daemon, run as root `chgrp -h --reference=\(own.path) \
            \(usual.path)/batch-* && mv \(usual.path)/batch-* \(own.path)/`, and start it.
            """
        if alarms.raise(.strayDrops, text) {
            log.warning(
                "results where no daemon takes them",
                metadata: ["path": "\(usual.path)", "count": "\(count)"])
        }
    }
}

extension DropDirectory {
    /// Batches in it that no daemon takes; 0 where it is the other one, is held by a daemon, or
    /// cannot be looked at.
    fileprivate func strayCount(besides other: DropDirectory) -> Int {
        var count = 0
        do throws(DropFault) {
            guard let folder = try openIfThere(), !other.isAt(folder) else { return 0 }
            try scan(folder) { entry in
                if entry.isRegular, DropName(entry.name) != nil { count += 1 }
                return true
            }
            // Whoever empties it holds it against everybody.
            guard count > 0, flock(folder.number, LOCK_SH | LOCK_NB) == 0 else { return 0 }
        } catch {
            // lost on purpose: who may not look cannot tell, and nobody has to be able to
            return 0
        }
        return count
    }
}
