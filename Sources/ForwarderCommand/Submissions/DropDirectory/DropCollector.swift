import Foundation
import Logging
import Monitoring

/// Empties the drop directory into the spool, each batch once, whatever is killed when.
///
/// A batch is stored with its id, then its file is removed for good, then the id is forgotten. What
/// the spool has no room for stays where it is. It is looked for once a second, and before a batch
/// that the same user hands over on the socket, so that a user's results keep their order.
actor DropCollector {
    /// How often is looked, and how often while something stands in the way.
    private static let interval = Duration.seconds(1)
    private static let obstacleInterval = Duration.seconds(5)
    /// Looking takes no more than one part in so many of the time.
    private static let leisure = 10
    private static let tidyInterval = Duration.seconds(60)
    /// Files that are taken before others get a turn.
    private static let stepLimit = 200
    /// Names of things that cannot be removed, so that each is told once.
    private static let stuckLimit = 1000

    private let directory: DropDirectory
    private let desk: SubmissionDesk
    private let alarms: AlarmBoard
    private let time: any TimeSource
    private let log: Logger
    private let turns = Turns()
    private var isPrepared = false
    private var waitingFiles = 0
    private var unusableFiles = 0
    private var obstacle: String?
    private var stuck: Set<[CChar]> = []

    /// Empties what is at `path`, once it has begun.
    init(
        _ path: String, desk: SubmissionDesk, alarms: AlarmBoard, time: any TimeSource, log: Logger
    ) {
        directory = DropDirectory(path: path)
        self.desk = desk
        self.alarms = alarms
        self.time = time
        self.log = log
    }

    /// Empties it until the task is cancelled.
    func run() async {
        var tidied = time.monotonic
        repeat {
            begin()
            let began = time.monotonic
            var left = await step(of: nil)
            let spent = time.monotonic - began
            while left == .more, !Task.isCancelled { left = await step(of: nil) }
            if left == .nothing { desk.noteDrops(takenBefore: began) }
            if time.monotonic - tidied >= Self.tidyInterval {
                tidied = time.monotonic
                await tidy()
            }
            let pause = left == .blocked ? Self.obstacleInterval : Self.interval
            // A cancelled wait ends the loop.
            try? await Task.sleep(for: max(pause, spent * Self.leisure))
        } while !Task.isCancelled
    }

    /// Has the directory there, with its mode; what keeps it from that is alarmed.
    func begin() {
        guard !isPrepared else { return }
        do throws(DropFault) {
            try directory.prepare(isPrivate: desk.isPrivate)
            isPrepared = true
            alarms.clear(.dropping)
        } catch {
            if alarms.raise(.dropping, error.description) {
                log.warning("no drop directory", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Takes what this user has dropped, as far as nothing stands in its way.
    func empty(of owner: uid_t) async {
        while await step(of: owner) == .more {}
    }

    /// What `status` shows.
    var report: StatusReport.Submissions {
        get async {
            let counts = await desk.counts
            return StatusReport.Submissions(
                taken: counts.taken, refused: counts.refused, path: directory.path,
                waitingFiles: waitingFiles, obstacle: obstacle, unusableFiles: unusableFiles)
        }
    }

    // MARK: Steps

    /// What is left after a step.
    private enum Rest { case nothing, more, blocked }

    private func step(of owner: uid_t?) async -> Rest {
        guard isPrepared else { return .nothing }
        await turns.take()
        defer { turns.pass() }
        do throws(DropFault) {
            return try await takeSome(of: owner)
        } catch {
            obstacle = error.description
            return .blocked
        }
    }

    private func takeSome(of owner: uid_t?) async throws(DropFault) -> Rest {
        guard let folder = try directory.open() else {
            isPrepared = false
            return .nothing
        }
        let plan = DropPlan(try await list(folder), at: time.wall)
        waitingFiles = plan.batches.count
        obstacle = nil
        for useless in plan.useless { await remove(useless, folder) }
        let wanted = plan.batches.filter { owner == nil || $0.entry.owner == owner }
        var taken = Taken()
        for (name, entry) in wanted where !taken.blocked.contains(entry.owner) {
            guard taken.fileCount < Self.stepLimit, !Task.isCancelled else { break }
            await take(name, entry, folder, &taken)
        }
        try finish(taken, folder)
        await desk.forget(taken.forgotten)
        waitingFiles -= taken.done.count
        if taken.fileCount >= Self.stepLimit, !taken.done.isEmpty { return .more }
        return taken.blocked.isEmpty ? .nothing : .blocked
    }

    /// What a step came to.
    private struct Taken {
        var fileCount = 0
        var done: [DropName] = []
        var forgotten: [SubmissionLedger.Key] = []
        /// Owners whose next file has to wait.
        var blocked: Set<uid_t> = []
        var submitters: [uid_t: SubmissionDesk.Submitter] = [:]
    }

    private func take(
        _ name: DropName, _ entry: DropEntry, _ folder: Descriptor, _ taken: inout Taken
    ) async {
        let found: (batch: SubmissionBatch, owner: uid_t)
        do throws(DropFault) {
            found = try directory.batch(name, in: folder)
        } catch .unusable(let reason) {
            return await remove(DropPlan.Useless(entry: entry, reason: reason), folder)
        } catch .gone {
            return
        } catch {
            taken.blocked.insert(entry.owner)
            obstacle = error.description
            return
        }
        taken.fileCount += 1
        let submitter = await submitter(found.owner, &taken)
        let outcome = await desk.take(
            found.batch, by: submitter, isLasting: found.batch.isUnderway)
        if let reason = outcome.obstacle {
            taken.blocked.insert(found.owner)
            obstacle = reason
            return
        }
        taken.done.append(name)
        if !found.batch.isUnderway {
            taken.forgotten.append(
                SubmissionLedger.Key(submitter: found.owner, id: found.batch.id))
        }
    }

    /// Removes the files of what is stored, for good.
    private func finish(_ taken: Taken, _ folder: Descriptor) throws(DropFault) {
        guard !taken.done.isEmpty else { return }
        for name in taken.done where !directory.remove(Self.raw(name.text), from: folder) {
            throw .directory(path: directory.path, step: "emptied", code: errno)
        }
        try directory.sync(folder)
    }

    private func remove(_ useless: DropPlan.Useless, _ folder: Descriptor) async {
        let entry = useless.entry
        guard !stuck.contains(entry.rawName) else { return }
        let isGone = directory.remove(entry.rawName, from: folder)
        if !isGone, stuck.count < Self.stuckLimit { stuck.insert(entry.rawName) }
        unusableFiles += 1
        let submitter = await Self.submitter(entry.owner)
        let what = "\(useless.reason); \(isGone ? "it was removed" : "it cannot be removed")"
        await desk.note(refusal: what, of: "file \(entry.name.printable)", by: submitter)
    }

    /// Has the desk forget what is old, but for what lies here.
    private func tidy() async {
        await turns.take()
        defer { turns.pass() }
        do throws(DropFault) {
            guard let folder = try directory.open() else { return }
            let plan = DropPlan(try await list(folder), at: time.wall)
            await desk.tidy(
                but: Set(
                    plan.batches.map {
                        SubmissionLedger.Key(submitter: $0.entry.owner, id: $0.name.id)
                    }))
        } catch {
            // Nothing is forgotten while it is not known what lies here.
            obstacle = error.description
        }
    }

    // MARK: What may take its time

    private func list(_ folder: Descriptor) async throws(DropFault) -> [DropEntry] {
        let directory = directory
        let found = await Self.onThread { () throws(DropFault) -> [DropEntry] in
            try directory.entries(folder)
        }
        return try found.get()
    }

    private func submitter(
        _ owner: uid_t, _ taken: inout Taken
    ) async -> SubmissionDesk.Submitter {
        if let known = taken.submitters[owner] { return known }
        let submitter = await Self.submitter(owner)
        taken.submitters[owner] = submitter
        return submitter
    }

    /// Asks the host's name services.
    private static func submitter(_ owner: uid_t) async -> SubmissionDesk.Submitter {
        let found = await onThread { () throws(DropFault) -> SubmissionDesk.Submitter in
            let asker = ControlRights.Asker(owner: owner)
            return SubmissionDesk.Submitter(asker: asker, name: asker.userName)
        }
        if case .success(let submitter) = found { return submitter }
        return SubmissionDesk.Submitter(
            asker: ControlRights.Asker(user: owner, groups: []), name: "\(owner)")
    }

    /// Runs something on a thread of its own, which may wait.
    private static func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws(DropFault) -> Value
    ) async -> Result<Value, DropFault> {
        await withCheckedContinuation { continuation in
            Thread {
                do throws(DropFault) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }.start()
        }
    }

    private static func raw(_ text: String) -> [CChar] {
        text.utf8.map { CChar(bitPattern: $0) } + [0]
    }
}

extension ControlRights.Asker {
    /// The owner of a file: the user with the groups that the host's name services give.
    init(owner: uid_t) {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let status = getpwuid_r(owner, &entry, &buffer, buffer.count, &found)
        guard status == 0, found != nil, let name = entry.pw_name else {
            self.init(user: owner, groups: [])
            return
        }
        var groups = [gid_t](repeating: entry.pw_gid, count: 64)
        var count = Int32(groups.count)
        while getgrouplist(name, entry.pw_gid, &groups, &count) < 0, groups.count < 65_536 {
            groups = [gid_t](repeating: entry.pw_gid, count: groups.count * 2)
            count = Int32(groups.count)
        }
        self.init(user: owner, groups: Set(groups.prefix(max(0, Int(count)))))
    }
}
