import Foundation
import Logging
import Spool
import TestSupport
import Testing

@testable import ForwarderCommand

/// The way to a spool that changes hands at this moment.
@Suite struct SpoolWayTests {
    private let folder: TemporaryDirectory
    private let configuration: ForwarderConfiguration

    init() throws {
        folder = try TemporaryDirectory("way")
        configuration = try ConfigurationFixture.load(
            """
            object Spool "spool" { path = "\(folder.path("spool.db"))" }
            object Control "control" { path = "\(folder.path("s"))" }
            """)
    }

    private var owned: SpoolFault { .owned(path: folder.path("spool.db"), byPID: 1) }

    @Test func `who has it for a moment is waited for`() async throws {
        var tries = 0
        let way = try await SpoolWay<Int>.find(configuration) {
            tries += 1
            guard tries > 2 else { throw owned }
            return tries
        }
        guard case .own(3) = way else { throw SupportFault("\(way)") }
    }

    @Test func `a daemon that begins to listen meanwhile is asked`() async throws {
        var server: ControlServer?
        let way = try await SpoolWay<Int>.find(configuration) {
            if server == nil {
                server = try ControlServer(path: folder.path("s"), log: Logger(label: "test"))
            }
            throw owned
        }
        guard case .daemon = way else { throw SupportFault("\(way)") }
        server?.stop()
    }

    @Test func `while somebody owns it nothing is looked at that may just be in the making`()
        async throws
    {
        let spool = try SpoolQueue.open(configuration.spool, time: FakeTime())
        let begun = ContinuousClock.now
        let way = try await SpoolWay<Duration>.find(configuration) { ContinuousClock.now - begun }
        // who has it for long is told by the try to open it
        guard case .own(let waited) = way, waited >= .seconds(9) else {
            throw SupportFault("\(way)")
        }
        try spool.close()
    }

    @Test func `any other fault is told at once`() async throws {
        var tries = 0
        await #expect(throws: SpoolFault.self) {
            _ = try await SpoolWay<Int>.find(configuration) {
                tries += 1
                throw SpoolFault.diskFull(path: "x")
            }
        }
        #expect(tries == 1)
    }
}
