import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// What the import says of who could submit what, beside the real nsca-ng server.
@Suite(
    .serialized, .timeLimit(.minutes(10)),
    .enabled(if: PrivateNSCA.isAvailable, Comment(rawValue: PrivateNSCA.absence)))
struct NSCAServerParityTests {
    /// Bodies of a block, and what stands outside of it.
    private static let bodies: [(body: String, outside: String)] = [
        ("hosts = h1 hosts = h2", ""), ("hosts = {h1,h2} hosts = {h3}", ""),
        ("hosts = {h1} hosts += {h2}", ""), ("hosts = {h1} hosts += h2 hosts += h3", ""),
        ("hosts += {h1}", ""), ("hosts = {h1} hosts = {}", "hosts = h9"),
        ("hosts = {h1} hosts += {}", "hosts = h9"), ("", "hosts = h9\nhosts = h8"),
        ("services = a@h1 services = b@h1 hosts = h2", "hosts = h9 services = c@h9"),
        ("services = {\"a@h1\", \"b@(h1|h2)\"}", ""), ("hosts = \"h[12]\"", ""),
        ("hosts = \"^h1$\"", ""), ("hosts = \"h(1|2)?\"", ""), ("hosts = {h1,h2,}", ""),
    ]

    private static let probes =
        ["h", "h1", "h2", "h3", "h8", "h9"].flatMap { host in
            [host] + ["a", "b", "c"].map { "\(host)!\($0)" }
        }

    @Test(arguments: bodies.indices)
    func `names that it lists are those that the real server lets through`(number: Int) throws {
        let (body, outside) = Self.bodies[number]
        let text = "\(outside)\nauthorize test { password = \"PASSWORD\" \(body) }"
        let nsca = try PrivateNSCA(configuration: text)
        let passed = try Self.probes.filter { name in
            let fields = name.split(separator: "!").joined(separator: "\t")
            return try nsca.real([], Data("\(fields)\t0\tx".utf8)).isSuccess
        }
        let read = try ImportFixture(["nsca-ng.cfg": text]).server()
        let named = read.authorizations.flatMap(\.patterns).map(NSCAReach.init).flatMap(\.targets)
            .map { [$0.host, $0.service].compactMap { $0 }.joined(separator: "!") }
        #expect(Set(named) == Set(passed), "\(body) \(outside)")
    }

    @Test(arguments: [
        "hosts = { h1, h2 }\nauthorize test { password = \"PASSWORD\" }",
        "hosts += h1\nauthorize test { password = \"PASSWORD\" }",
        "authorize test { password = \"PASSWORD\" }\nauthorize test { password = \"PASSWORD\" }",
        "authorize test { password = \"PASSWORD\" bogus = 1 }",
    ])
    func `what the real server does not start with is noted`(text: String) throws {
        #expect(throws: (any Error).self) { try PrivateNSCA(configuration: text) }
        #expect(try ImportFixture(["nsca-ng.cfg": text]).server().notes.count == 1)
    }
}
