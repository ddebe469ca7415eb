import Foundation
import Logging
import Monitoring
import Synchronization
import TestSupport
import Testing

@testable import ForwarderCommand

private let backup = ObjectName(host: "web1", service: "backup")

/// Name services that do not answer keep no daemon from starting, and nobody's right from counting
/// once they do.
@Suite(.timeLimit(.minutes(10))) struct UnansweredNamesTests {
    private static let jobs: uid_t = 4_000_501
    private static let operators: gid_t = 4_000_502

    /// Names of a directory service that answers once it is up.
    private final class Service: Sendable {
        let isUp = Mutex(false)

        var lookUp: NameLookUp {
            NameLookUp(
                user: { (name) throws(NameFault) in try self.number(name, "jobs", jobs) },
                group: { (name) throws(NameFault) in try self.number(name, "operators", operators) }
            )
        }

        private func number(
            _ name: String, _ known: String, _ number: UInt32
        ) throws(NameFault) -> UInt32? {
            guard isUp.withLock({ $0 }) else { throw NameFault(name: name, code: ENOENT) }
            return name == known ? number : nil
        }
    }

    private static func load(_ text: String) throws -> ForwarderConfiguration {
        try ConfigurationFixture.load(ConfigurationFixture.master("m") + text)
    }

    private static let submitter =
        #"object Submitter "x" { users = [ "jobs" ]; services = [ "backup" ] }"#

    private static func asker(_ user: uid_t, _ groups: gid_t...) -> ControlRights.Asker {
        ControlRights.Asker(user: user, groups: Set(groups))
    }

    @Test func `a name without an answer gives nothing yet, and opens what it will need`() throws {
        let service = Service()
        let both = try Self.load(
            #"object Control "c" { flush_groups = [ "operators" ] }"# + "\n" + Self.submitter)
        let rights = try ControlRights(both, by: service.lookUp)
        #expect(!rights.isWhole && !rights.isPrivate && !rights.isSubmissionPrivate)
        #expect(rights.complaint?.contains("'operators' (No such file") == true)
        #expect(rights.complaint?.contains("'jobs'") == true)
        let (member, root) = (Self.asker(9, Self.operators), Self.asker(0))
        #expect(!rights.allow(.flush, to: member) && rights.mayStillAllow(.flush, to: member))
        #expect(!rights.isStranger(member) && !rights.mayStillAllow(.status, to: member))
        #expect(rights.allow(.flush, to: root) && rights.allow(resultOf: backup, from: root))
        service.isUp.withLock { $0 = true }
        let known = try ControlRights(both, by: service.lookUp)
        #expect(known.isWhole && known.complaint == nil && known.allow(.flush, to: member))
        #expect(known.allow(resultOf: backup, from: Self.asker(Self.jobs)))
        let typo = try Self.load(Self.submitter.replacing("jobs", with: "jobz"))
        #expect(throws: ControlFault.self) { try ControlRights(typo, by: service.lookUp) }
    }

    @Test func `while the uplink's user has no answer no group gives anything`() throws {
        let service = Service()
        let text = #"object Uplink "u" { user = "jobs" }"#
        let rights = try ControlRights(try Self.load(text), by: service.lookUp)
        #expect(!rights.isWhole && rights.allow(.status, to: Self.asker(0)))
        let granted = ControlRights(
            ownUser: 0, groups: [.submit: [7]],
            uplinkFault: NameFault(name: "jobs", code: EIO))
        #expect(!granted.allow(.submit, to: Self.asker(Self.jobs, 7)))
        #expect(!granted.allow(resultOf: backup, from: Self.asker(Self.jobs, 7)))
    }

    @Test func `a result waits for the answer, and is taken then or refused`() async throws {
        let service = Service()
        let configuration = try Self.load(Self.submitter)
        let board = RightsBoard(try ControlRights(configuration, by: service.lookUp))
        let scene = try SubmissionScene(rights: board)
        _ = try await scene.openSpool()
        let jobs = SubmissionDesk.Submitter(asker: Self.asker(Self.jobs), name: "jobs")
        let other = SubmissionDesk.Submitter(asker: Self.asker(9), name: "other")
        let batch = SubmissionScene.batch([(backup, 0, "x")])
        for one in [jobs, other] {
            let early = await scene.take(batch, by: one)
            #expect(early.verdicts.isEmpty && early.obstacle?.contains("'jobs'") == true)
        }
        #expect(await scene.desk.counts.refused == 0)
        let alarms = AlarmBoard()
        _ = alarms.raise(.names, "x")
        #expect(await !board.renew(configuration, alarms: alarms, by: service.lookUp))
        service.isUp.withLock { $0 = true }
        #expect(await board.renew(configuration, alarms: alarms, by: service.lookUp))
        #expect(!alarms.isStanding(.names))
        #expect(await scene.take(batch, by: jobs).takenCount == 1)
        guard case .refused = await scene.take(batch, by: other).verdicts.first else {
            Issue.record("who has no right was not refused")
            return
        }
        await scene.end()
    }

    @Test func `an answer is told from none`() throws {
        #expect(try NameLookUp.ofThisHost.user("root") == 0)
        #expect(try NameLookUp.ofThisHost.group("root") == 0)
        #expect(try NameLookUp.ofThisHost.user("no-such-one") == nil)
        #expect(try NameLookUp.ofThisHost.group("no-such-one") == nil)
        var answers: [Int32] = [EINTR, ERANGE, 0]
        var sizes: [Int] = []
        let number = try NameLookUp.number(of: "x") { buffer in
            sizes.append(buffer.count)
            return (answers.removeFirst(), 5)
        }
        #expect(number == 5 && sizes == [16_384, 16_384, 32_768])
        #expect(throws: NameFault(name: "x", code: EIO)) {
            try NameLookUp.number(of: "x") { _ in (EIO, nil) }
        }
    }
}
