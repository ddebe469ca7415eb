import Foundation
import Logging
import Monitoring

/// Empties the drop directory into the spool, each batch once, whatever is killed when.
///
/// A batch is stored with its id, then its file is removed for good, then the id is forgotten. What
/// the spool has no room for stays where it is. It is looked for once a second, and before a batch
/// that the same user hands over on the socket, so that a user's results keep their order.
///
/// Who looks does so on a thread of its own; only taking goes one step after the other.
actor DropCollector {
    /// How often is looked, and how often while something stands in the way.
    private static let interval = Duration.seconds(1)
    private static let obstacleInterval = Duration.seconds(5)
    /// Looking takes no more than one part in so many of the time.
    private static let leisure = 10
    private static let tidyInterval = Duration.seconds(60)
    /// Files that are taken before others get a turn.
    private static let stepLimit = 200
    /// Files that are taken before is looked again, so that nobody waits for somebody's thousands.
    private static let passLimit = 2000
    /// Owners of useless things that are looked up for one look's log lines; others are numbers.
    private static let nameLimit = 20

    private let directory: DropDirectory
    private let desk: SubmissionDesk
    private let alarms: AlarmBoard
    private let time: any TimeSource
    private let lookUp: FileOwners.LookUp
    private let log: Logger
    private let turns = Turns()
    /// The directory while it is held against other daemons.
    private var held: Descriptor?
    /// Why it is not.
    private var fault: String?
    /// What each owner had there when it was looked last, and why it waits.
    private var waiting: [uid_t: Int] = [:]
    private var obstacles: [uid_t: String] = [:]
    private var unusableFiles = 0
    private var stuck: Set<[CChar]> = []
    private var isLittered = false
    private var unlisted = UnlistedGroups()
    /// How long the last look took.
    private var lookTime = Duration.zero

    /// Empties what is at `path`, once it has begun.
    ///
    /// - Parameter lookUp: asks who a user is; by default the host's user database.
    init(
        _ path: String, desk: SubmissionDesk, alarms: AlarmBoard, time: any TimeSource,
        log: Logger, lookUp: FileOwners.LookUp? = nil
    ) {
        directory = DropDirectory(path: path)
        self.desk = desk
        self.alarms = alarms
        self.time = time
        self.log = log
        self.lookUp = lookUp ?? FileOwners.inDatabase(granting: desk.rightsBoard)
    }

    /// Empties it until the task is cancelled.
    func run() async {
        var tidied = time.monotonic
        repeat {
            await begin()
            let began = time.monotonic
            let isFree = await emptyAll()
            if isFree { desk.noteDrops(takenBefore: began) }
            if time.monotonic - tidied >= Self.tidyInterval {
                tidied = time.monotonic
                await tidy()
            }
            let pause = isFree ? Self.interval : Self.obstacleInterval
            // A cancelled wait ends the loop.
            try? await Task.sleep(for: max(pause, lookTime * Self.leisure))
        } while !Task.isCancelled
    }

    /// Has the directory there, with its mode, for this daemon alone; what keeps it from that is
    /// alarmed.
    func begin() async {
        guard folder == nil else { return }
        let (directory, isPrivate) = (directory, desk.isPrivate)
        do throws(DropFault) {
            held = try await OwnThread.run { () throws(DropFault) -> Descriptor in
                try directory.claim(isPrivate: isPrivate)
            }
            fault = nil
            alarms.clear(.dropping)
        } catch {
            fault = error.description
            if alarms.raise(.dropping, error.description) {
                log.warning("no drop directory", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Takes what everybody has dropped, and removes what is no use; false when something waits.
    func emptyAll() async -> Bool {
        var left = Left.more
        while left == .more { left = await pass(of: nil) }
        return left == .nothing
    }

    /// Takes what this user has dropped; returns why some of it waits, nil when none does.
    func empty(of owner: uid_t) async -> String? {
        while true {
            switch await pass(of: owner) {
            case .nothing: return nil
            case .more: continue
            case .blocked(let reason): return reason
            }
        }
    }

    /// Takes note of results that a process submitted and the daemon took: where the same would be
    /// refused from a file, that is told.
    func note(_ submitter: SubmissionDesk.Submitter, submitted objects: [ObjectName]) {
        unlisted.note(submitter, of: objects, desk.rights)
    }

    /// What `status` shows.
    var report: StatusReport.Submissions {
        get async {
            let counts = await desk.counts
            let first = obstacles.min { $0.key < $1.key }
            return StatusReport.Submissions(
                taken: counts.taken, refused: counts.refused, path: directory.path,
                waitingFiles: waiting.values.reduce(0, +), obstacle: first?.value,
                unusableFiles: unusableFiles)
        }
    }

    /// Has the desk forget what is old and no longer lies here, and tells whose files would be
    /// refused.
    func tidy() async {
        await tellUnlisted()
        let old = await desk.expired
        let directory = directory
        do throws(DropFault) {
            var found = folder
            if found == nil { found = try directory.openIfThere() }
            guard let opened = found else { return await desk.tidy(forgetting: old) }
            typealias Keys = Set<SubmissionLedger.Key>
            let gone = try await OwnThread.run { () throws(DropFault) -> Keys in
                var gone = old
                try directory.scan(opened) { entry in
                    if let name = DropName(entry.name) {
                        gone.remove(SubmissionLedger.Key(submitter: entry.owner, id: name.id))
                    }
                    return !gone.isEmpty
                }
                return gone
            }
            await desk.tidy(forgetting: gone)
        } catch {
            // Nothing is forgotten while it is not known what lies here.
            log.info("batches not forgotten", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: Passes

    /// What is left after a pass.
    private enum Left: Hashable { case nothing, more, blocked(String) }

    /// What a pass came to so far.
    private struct Course {
        var doneCount: [uid_t: Int] = [:]
        var blocked: [uid_t: String] = [:]
    }

    /// The directory, while it is held and at its place.
    private var folder: Descriptor? {
        if let held, !directory.isAt(held) { self.held = nil }
        return held
    }

    /// Looks once, and takes of one owner or of all.
    private func pass(of owner: uid_t?) async -> Left {
        do throws(DropFault) {
            guard let folder else { return try await lookOutside(owner) }
            var owners = FileOwners(lookUp)
            let plan: DropPlan
            if let owner {
                plan = try await look(folder, at: owner)
            } else {
                plan = try await survey(folder, &owners)
            }
            return try await take(plan, folder, &owners, of: owner)
        } catch {
            obstacles[owner ?? 0] = error.description
            return .blocked(error.description)
        }
    }

    /// Where the directory is not ours: whether something of this owner waits in it all the same.
    private func lookOutside(_ owner: uid_t?) async throws(DropFault) -> Left {
        guard let owner, directory.mayHold(filesOf: owner),
            let folder = try directory.openIfThere()
        else { return .nothing }
        if try await look(folder, at: owner).batches.isEmpty { return .nothing }
        return .blocked(fault ?? "The drop directory was not looked at yet.")
    }

    private func look(
        _ folder: Descriptor, at owner: uid_t
    ) async throws(DropFault) -> DropPlan {
        let (directory, now) = (directory, time.wall)
        return try await OwnThread.run { () throws(DropFault) -> DropPlan in
            try directory.plan(folder, at: now, of: owner)
        }
    }

    private func survey(
        _ folder: Descriptor, _ owners: inout FileOwners
    ) async throws(DropFault) -> DropPlan {
        let (directory, now, known) = (directory, time.wall, stuck)
        let began = time.monotonic
        let survey = try await OwnThread.run { () throws(DropFault) -> DropSurvey in
            try DropSurvey(of: directory, folder, at: now, stuck: known)
        }
        lookTime = time.monotonic - began
        stuck = survey.stuck
        unusableFiles += survey.finds.count
        if survey.isLittered, !isLittered {
            log.warning(
                "too much in the drop directory cannot be removed",
                metadata: ["path": "\(directory.path)", "count": "> \(DropSurvey.stuckLimit)"])
        }
        isLittered = survey.isLittered
        await owners.know(Set(survey.finds.map(\.entry.owner)).sorted().prefix(Self.nameLimit))
        for find in survey.finds {
            await tell(find.reason.rawValue, find.entry, isGone: find.isGone, owners)
        }
        return survey.plan
    }

    private func take(
        _ plan: DropPlan, _ folder: Descriptor, _ owners: inout FileOwners, of owner: uid_t?
    ) async throws(DropFault) -> Left {
        var course = Course()
        var rest = plan.batches[...]
        var readCount = 0
        count(plan, course, of: owner)
        while !rest.isEmpty, readCount < Self.passLimit {
            guard !Task.isCancelled else { return .blocked("The daemon is stopping.") }
            var some: [DropPlan.File] = []
            while some.count < Self.stepLimit, let file = rest.popFirst() {
                if course.blocked[file.owner] == nil { some.append(file) }
            }
            readCount += some.count
            await owners.know(some.map(\.owner))
            try await step(some, folder, owners, &course)
            count(plan, course, of: owner)
        }
        if let owner {
            obstacles[owner] = course.blocked[owner]
        } else {
            obstacles = course.blocked
        }
        let isAll = rest.isEmpty && !plan.isCut
        if !isAll, !course.doneCount.isEmpty { return .more }
        if let reason = course.blocked.min(by: { $0.key < $1.key }) {
            return .blocked(reason.value)
        }
        return isAll ? .nothing : .blocked("More files lie there than can be looked at.")
    }

    /// Counts what waits, while a pass is at work and when it is over.
    private func count(_ plan: DropPlan, _ course: Course, of owner: uid_t?) {
        let left = plan.counts.map { ($0.key, $0.value - (course.doneCount[$0.key] ?? 0)) }
        let counts = Dictionary(uniqueKeysWithValues: left)
        if let owner {
            waiting[owner] = counts[owner]
        } else {
            waiting = counts
        }
    }

    // MARK: Steps

    /// Takes some files, and removes for good those of which everything is decided.
    private func step(
        _ files: [DropPlan.File], _ folder: Descriptor, _ owners: FileOwners,
        _ course: inout Course
    ) async throws(DropFault) {
        await turns.take()
        defer { turns.pass() }
        var done: [DropPlan.File] = []
        var forgotten: [SubmissionLedger.Key] = []
        for file in files where course.blocked[file.owner] == nil {
            guard let batch = await read(file, folder, owners, &course) else { continue }
            let submitter: SubmissionDesk.Submitter
            do throws(UserFault) {
                guard let found = try owners.submitter(file.owner) else { continue }
                submitter = found
            } catch {
                course.blocked[file.owner] = error.description
                continue
            }
            let outcome = await desk.take(batch, by: submitter, patience: .zero)
            if let reason = outcome.obstacle {
                course.blocked[file.owner] = reason
                continue
            }
            done.append(file)
            course.doneCount[file.owner, default: 0] += 1
            if !batch.daemonWasAsked {
                forgotten.append(SubmissionLedger.Key(submitter: file.owner, id: batch.id))
            }
        }
        guard !done.isEmpty else { return }
        for file in done where !directory.remove(file.name.rawText, from: folder) {
            throw .directory(path: directory.path, step: "emptied", code: errno)
        }
        try directory.sync(folder)
        await desk.forget(forgotten)
    }

    /// Reads a file; nil for one that is gone, no use, another's by now, or not to be read now.
    private func read(
        _ file: DropPlan.File, _ folder: Descriptor, _ owners: FileOwners, _ course: inout Course
    ) async -> SubmissionBatch? {
        do throws(DropFault) {
            let found = try directory.batch(file.name, in: folder)
            return found.owner == file.owner ? found.batch : nil
        } catch .unusable(let reason) {
            let place = DropSurvey.Place(rawName: file.name.rawText, owner: file.owner)
            let isGone = directory.remove(place.rawName, from: folder)
            unusableFiles += 1
            await tell(reason, place, isGone: isGone, owners)
        } catch .gone {
            return nil
        } catch {
            course.blocked[file.owner] = error.description
        }
        return nil
    }

    // MARK: What is told

    private func tell(
        _ reason: String, _ entry: DropSurvey.Place, isGone: Bool, _ owners: FileOwners
    ) async {
        let name = String(
            decoding: entry.rawName.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self)
        await desk.note(
            refusal: "\(reason); \(isGone ? "it was removed" : "it cannot be removed")",
            of: "file \(name.printable)",
            by: SubmissionDesk.Submitter(
                asker: ControlRights.Asker(user: entry.owner, groups: []),
                name: owners.name(of: entry.owner)))
    }

    private func tellUnlisted() async {
        var owners = FileOwners(lookUp)
        await owners.know(unlisted.users)
        for one in unlisted.judge(by: owners, desk.rights) {
            log.notice(
                """
                results are taken by a group that the user database does not list for their user; \
                what that user drops while no daemon answers will be refused; name the user in a \
                Submitter object
                """,
                metadata: [
                    "user": "\(one.submitter.name)", "uid": "\(one.submitter.asker.user)",
                    "object": "\(one.object.fullName.printable)",
                ])
        }
    }
}
