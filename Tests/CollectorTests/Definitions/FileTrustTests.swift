@testable import Collector
import Testing

@Suite struct FileTrustTests {
    private let trust = FileTrust(runningUser: 990)

    @Test(arguments: [(0, 0o644), (990, 0o600), (0, 0o755)] as [(UInt32, UInt32)])
    func `files of root and of the running user are trusted`(owner: UInt32, mode: UInt32) {
        #expect(
            trust.complaint(about: "/d/a.conf", FileFacts(owner: owner, permissions: mode)) == nil
        )
    }

    @Test func `a stranger's file is refused with owner and remedy`() throws {
        let complaint = try #require(
            trust.complaint(about: "/d/a.conf", FileFacts(owner: 1000, permissions: 0o644))
        )
        #expect(complaint.contains("'/d/a.conf' belongs to uid 1000"))
        #expect(complaint.contains("chown root '/d/a.conf'"))
    }

    @Test(arguments: [0o664, 0o646, 0o777, 0o622] as [UInt32])
    func `a file that others can write is refused with mode and remedy`(mode: UInt32) throws {
        let complaint = try #require(
            trust.complaint(about: "/d", FileFacts(owner: 0, permissions: mode, isDirectory: true))
        )
        #expect(complaint.contains("mode \(String(mode, radix: 8))"))
        #expect(complaint.contains("chmod go-w '/d'"))
        #expect(complaint.hasPrefix("The directory"))
    }
}
