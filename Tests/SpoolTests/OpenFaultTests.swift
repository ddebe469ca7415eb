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
}
