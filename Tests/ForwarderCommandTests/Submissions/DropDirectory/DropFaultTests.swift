import Foundation
import Testing

@testable import ForwarderCommand

/// What keeps a file out of the drop directory is told with a remedy for it.
@Suite struct DropFaultTests {
    @Test(arguments: [ENOSPC, EDQUOT])
    func `a full disk wants room`(code: Int32) {
        #expect("\(DropFault.file(path: "/d/f", code: code))".contains("Make room"))
    }

    @Test func `a disk that cannot be written does not`() {
        let file = "\(DropFault.file(path: "/d/f", code: EROFS))"
        #expect(!file.contains("Make room") && file.contains("submit again"))
        let folder = "\(DropFault.directory(path: "/d", step: "given its mode", code: EROFS))"
        #expect(folder.contains("mounted for writing") && !folder.contains("daemon's user"))
    }
}
