import Spool
import TestSupport
import Testing

/// The runs together leave nothing out.
@Suite struct CrashPlanTests {
    @Test func `each kill point belongs to exactly one of the runs`() {
        let used =
            KillPoint.firstStart + KillPoint.everyday + KillPoint.stop + KillPoint.forgetful
            + KillPoint.rechecking + KillPoint.evicting + KillPoint.emptying + KillPoint.proved
            + KillPoint.quarantine
        #expect(Set(used) == Set(KillPoint.allCases))
        #expect(used.count == KillPoint.allCases.count)
    }

    @Test func `the states of the plugin lead through soft, hard and recovery`() {
        let standings = NumberedServices.standings([0, 1, 1, 2, 2, 0])
        #expect(standings.map(\.isHard) == [true, false, false, true, true, true])
        #expect(standings.map(\.attempt) == [1, 1, 2, 1, 1, 1])
    }
}
