import Foundation
import TestSupport
import Testing

/// What the crash tests ask of a debug build is not in a release build.
@Suite struct KillSwitchTests {
    private static let file = "Sources/ForwarderCommand/Daemon/KillSwitch.swift"
    private static let traces = ["KillSwitch", "FORWARDER_KILL_AT", "FORWARDER_KEEP_DELIVERED"]

    @Test func `a release build has no word of the kill switch`() throws {
        let sources = try SourceFile.all(in: ["Sources"])
        #expect(sources.contains { $0.path == Self.file })
        for source in sources {
            for line in Self.releaseLines(source.lines) {
                for trace in Self.traces {
                    #expect(!line.contains(trace), "\(source.path): \(line)")
                }
            }
        }
    }

    @Test func `compiled for release, the file of the kill switch is empty`() throws {
        let folder = try TemporaryDirectory("switch")
        let path = BuiltProducts.repository.appendingPathComponent(Self.file).path
        try Command.require(
            "swiftc",
            [
                "-O", "-parse-as-library", "-module-name", "Switch", "-emit-object", path,
                "-o", folder.path("switch.o"),
            ])
        #expect(try Self.traces(in: folder.path("switch.o")) == [])
        #expect(try Self.traces(in: BuiltProducts.forwarder) == Self.traces, "it looks wrongly")
    }

    @Test func `the look at release lines sees what is outside of DEBUG`() {
        let text = ["a", "#if DEBUG", "b", "#if X", "c", "#endif", "#else", "d", "#endif", "e"]
        #expect(Self.releaseLines(text) == ["a", "d", "e"])
    }

    private static func traces(in path: String) throws -> [String] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return traces.filter { data.range(of: Data($0.utf8)) != nil }
    }

    /// The lines that a build without DEBUG compiles.
    private static func releaseLines(_ lines: [String]) -> [String] {
        var conditions: [String] = []
        return lines.filter { line in
            let words = line.drop { $0 == " " }
            if words.hasPrefix("#if ") {
                conditions.append(String(words))
                return false
            }
            if words.hasPrefix("#else"), conditions.last == "#if DEBUG" {
                conditions[conditions.count - 1] = "#if !DEBUG"
                return false
            }
            if words.hasPrefix("#endif") {
                _ = conditions.popLast()
                return false
            }
            return !conditions.contains("#if DEBUG")
        }
    }
}
