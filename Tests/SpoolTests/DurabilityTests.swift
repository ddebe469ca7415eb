import GRDB
import Monitoring
import Spool
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct DurabilityTests {
    @Test func `what was accepted survives a crash at any time after the receipt`() async throws {
        let scene = try await Scene()
        for number in 1...20 { _ = try await scene.spool.append([record(disk, number)]) }
        let leased = try #require(try await scene.lease(disk).first)

        let image = try crashImage(of: scene)
        let spool = try SpoolQueue.open(image, time: FixedTime())
        let lanes = try await spool.lanes(of: scene.destination)
        #expect(lanes.map(\.queued) == [19])
        #expect(lanes.map(\.leased?.sequence) == [leased.sequence])
        #expect(lanes.map(\.leased?.isAmbiguous) == [true])
        #expect(try await spool.scheduleStates().map(\.nextCheck) == [start + .seconds(80)])
        #expect(try await spool.contradictions() == [])
        try spool.close()
    }

    @Test func `a result is read back as it was stored, its snapshot too`() async throws {
        let scene = try await Scene()
        var stored = record(disk, 1, .change, variables: #"{"team":"Support"}"#)
        stored.result.output = "first line\nsecond \u{1F4BE}"
        stored.result.nextCheck = nil
        stored.schedule?.checkState = CheckState(state: .warning, type: .soft, attempt: 2)
        _ = try await scene.spool.append([stored])
        try scene.reopen()
        let leased = try #require(try await scene.lease(disk).first)
        #expect(leased.result == stored.result)
        #expect(leased.significance == .change)
        #expect(try await scene.spool.snapshot(leased.snapshot) == stored.snapshot)
        #expect(try await scene.spool.scheduleStates() == [stored.schedule])
    }

    @Test func `equal snapshots are stored once, and go with their last result`() async throws {
        let scene = try await Scene()
        _ = try await scene.spool.append([
            record(disk, 1, variables: "old"), record(disk, 2, variables: "old"),
            record(disk, 3, variables: "new"),
        ])
        var snapshots: [SnapshotID] = []
        while let next = try await scene.lease(disk).first {
            snapshots.append(next.snapshot)
            _ = try await scene.settle(next, .deliveredUnconfirmed)
        }
        #expect(snapshots[0] == snapshots[1])
        #expect(try await scene.spool.snapshot(snapshots[0]) == nil)
        #expect(try await scene.spool.snapshot(snapshots[2])?.serviceVariables == "new")
    }

    @Test func `snapshots that only look the same are stored apart`() async throws {
        let scene = try await Scene()
        let names = ["caf\u{E9}", "cafe\u{301}"]
        _ = try await scene.spool.append(
            names.enumerated().map { record(disk, $0.offset, variables: $0.element) }
        )
        for name in names {
            let next = try #require(try await scene.lease(disk).first)
            let found = try #require(try await scene.spool.snapshot(next.snapshot))
            #expect(found.serviceVariables.utf8.elementsEqual(name.utf8))
            _ = try await scene.settle(next, .deliveredUnconfirmed)
        }
    }

    @Test func `a snapshot that was purged is stored again when it comes back`() async throws {
        let scene = try await Scene()
        for (number, variables) in ["old", "new", "old"].enumerated() {
            _ = try await scene.spool.append([record(disk, number, variables: variables)])
        }
        while let next = try await scene.lease(disk).first {
            _ = try await scene.settle(next, .deliveredUnconfirmed)
        }
        _ = try await scene.spool.append([record(disk, 4, variables: "old")])
        let last = try #require(try await scene.lease(disk).first)
        #expect(try await scene.spool.snapshot(last.snapshot)?.serviceVariables == "old")
        #expect(try await scene.spool.contradictions() == [])
    }

    @Test func `a result over the text bound is refused, its neighbours are stored`() async throws {
        let scene = try await Scene()
        let long = record(disk, 1, outputBytes: CheckResult.outputByteLimit)
        let receipt = try await scene.spool.append([long, record(load, 2)])
        #expect(receipt.accepted == 1)
        #expect(receipt.refused == [disk: 1])
    }

    @Test func `schedules of objects that are gone are forgotten, the others stay`() async throws {
        let scene = try await Scene()
        try await scene.spool.saveSchedule([
            ScheduleState(object: disk, nextCheck: start),
            ScheduleState(object: load, nextCheck: start),
        ])
        #expect(try await scene.spool.forgetSchedules(except: [load]) == 1)
        #expect(try await scene.spool.scheduleStates().map(\.object) == [load])
    }

    @Test func `whether an object is stale is stored with its schedule and with its results`()
        async throws
    {
        let scene = try await Scene()
        let stale = ScheduleState(object: disk, nextCheck: start, isStale: true)
        let fresh = ScheduleState(object: disk, nextCheck: start)
        var record = record(disk, 1)
        record.schedule = stale
        _ = try await scene.spool.append([record])
        #expect(try await scene.spool.scheduleStates() == [stale])
        try await scene.spool.saveSchedule([fresh])
        #expect(try await scene.spool.scheduleStates() == [fresh])
        try await scene.spool.saveSchedule([stale])
        try scene.spool.close()
        let next = try SpoolQueue.open(scene.settings, time: FixedTime())
        #expect(try await next.scheduleStates() == [stale])
        try next.close()
    }

    @Test func `a closed spool says so and lets the next owner in`() async throws {
        let scene = try await Scene()
        try scene.spool.close()
        let spool = scene.spool
        #expect(await fault { _ = try await spool.append([record(disk, 1)]) } == .closed)
        let next = try SpoolQueue.open(scene.settings, time: FixedTime())
        try next.close()
    }
}

/// The files as a power cut would leave them: copied while the spool has them open.
private func crashImage(of scene: Scene) throws -> SpoolSettings {
    let path = "\(scene.directory)/image.db"
    for suffix in ["", "-wal"] {
        try copyFile(from: scene.settings.path + suffix, to: path + suffix)
    }
    return SpoolSettings(path: path, sizeLimit: scene.settings.sizeLimit)
}

func copyFile(from source: String, to target: String) throws {
    let input = open(source, O_RDONLY)
    let output = open(target, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer {
        close(input)
        close(output)
    }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(input, &buffer, buffer.count)
        guard count >= 0 else { throw SceneFault.directory(errno: errno) }
        guard count > 0 else { return }
        #expect(write(output, buffer, count) == count)
    }
}
