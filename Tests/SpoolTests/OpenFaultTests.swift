import Monitoring
import Spool
import Testing

/// Faults of the spool that are known and not mended.
@Suite struct OpenFaultTests {
    @Test func `a result that no destination is registered for is nobody's`() async throws {
        let scene = try await Scene(destinations: [])
        _ = try await scene.spool.append([record(disk, 1)])
        let found = try await scene.spool.contradictions()
        withKnownIssue("stored for nobody, and never given out or deleted") {
            #expect(found == [])
        }
    }

    @Test func `a retired destination that is half dropped contradicts nothing`() async throws {
        let scene = try await Scene(destinations: ["north", "south"])
        _ = try await scene.spool.append([record(disk, 1), record(disk, 2)])
        _ = try await scene.spool.register(destinations: ["south"])
        #expect(try await scene.spool.dropStep(retired: scene.destinations[0]))
        let found = try await scene.spool.contradictions()
        withKnownIssue("lanes keep their counts until the last step; north can come back before") {
            #expect(found == [])
        }
    }

    @Test func `room is found behind 64 results that are out`() async throws {
        let scene = try await Scene(sizeLimit: SpoolSettings.minimumSizeLimit)
        let objects = (0..<64).map { ObjectName(host: "web01", service: "s\($0)") }
        _ = try await scene.spool.append(objects.enumerated().map { record($1, $0) })
        for object in objects { _ = try await scene.lease(object) }
        var refused = 0
        for number in 100..<140 {
            let receipt = try await scene.spool.append([record(disk, number, outputBytes: 60_000)])
            refused += receipt.refused[disk] ?? 0
        }
        withKnownIssue("the search meets the same 64 leased rows until it gives up") {
            #expect(refused == 0)
        }
    }
}
