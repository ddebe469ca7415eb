import ConfigLanguage
import Testing

@testable import ForwarderCommand

@Suite struct ErrorListingTests {
    private static func listing(_ count: Int) -> [Substring] {
        let errors = (0..<count).map { Diagnostic("Fault \($0).") }
        return ErrorListing.text(errors).split(separator: "\n")
    }

    @Test(arguments: [1, 49, 50])
    func `errors up to the limit are all shown`(count: Int) {
        let lines = Self.listing(count)
        #expect(lines.count == count)
        #expect(lines.last == "error: Fault \(count - 1).")
    }

    @Test(arguments: [(51, "1 more error."), (52, "2 more errors."), (5_000, "4950 more errors.")])
    func `beyond the limit the number of the others is told`(count: Int, rest: String) {
        let lines = Self.listing(count)
        #expect(lines.count == 51)
        #expect(lines[49] == "error: Fault 49.")
        #expect(lines[50].hasPrefix(rest), "\(lines[50])")
    }
}
