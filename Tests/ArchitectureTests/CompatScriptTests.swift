import Foundation
import TestSupport
import Testing

/// `scripts/compat` judges a run: a version that was not run is no success.
///
/// What it calls is played here: the tests by a `swift` that notes what they would.
@Suite struct CompatScriptTests {
    /// What a run came to: lines of the table, the exit status of the tests, systems that are not
    /// there.
    private struct Run {
        var seen: [String] = ["law\t2.13.6\tas said", "law\t2.14.6\tas said"]
        var status = 0
        var absent: [String] = []

        func judged() throws -> Command.Outcome {
            let folder = try TemporaryDirectory("compat")
            for name in ["scripts", "bin", ".build", ".build/icinga"] {
                try folder.makeFolder(name)
            }
            let script = BuiltProducts.repository.appendingPathComponent("scripts/compat")
            try folder.write(
                String(contentsOf: script, encoding: .utf8), to: "scripts/compat", mode: 0o700)
            let absences = absent.map { "echo 'no way' >\"$ICINGA_CACHE/\($0).absent\"\n" }
            try folder.write(
                "#!/bin/sh\n" + absences.joined() + "exit \(absent.isEmpty ? 0 : 1)\n",
                to: "scripts/unpack-icinga", mode: 0o700)
            try folder.write(
                "#!/bin/sh\nexit 0\n", to: "scripts/install-dependencies", mode: 0o700)
            try folder.write("#!/bin/sh\necho 2.13.6-2\n", to: "bin/dpkg-query", mode: 0o700)
            try folder.write(seen.map { $0 + "\n" }.joined(), to: "table")
            let note =
                seen.isEmpty ? "" : "cp '\(folder.path("table"))' \"$FORWARDER_COMPAT/seen.tsv\"\n"
            try folder.write(
                "#!/bin/sh\n" + note + "exit \(status)\n", to: "bin/swift", mode: 0o700)
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            return try Command.run(
                folder.path("scripts/compat"), [],
                environment: ["PATH": "\(folder.path("bin")):\(path)"])
        }
    }

    @Test func `laws that held with every version are a success, each named with what was seen`()
        throws
    {
        let outcome = try Run().judged()
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        #expect(outcome.outputText.contains("law\n    2.13.6   as said\n    2.14.6   as said\n"))
    }

    @Test func `a version that was skipped is none, and stands in the table`() throws {
        var run = Run()
        run.seen.append("law\tDebian sid\tSKIPPED: no Icinga 2 of Debian sid: no way")
        let outcome = try run.judged()
        #expect(outcome.ending == .exited(1))
        #expect(outcome.outputText.contains("SKIPPED: no Icinga 2 of Debian sid"))
    }

    @Test func `a system that could not be unpacked is none, and is named with the reason`() throws
    {
        var run = Run()
        run.absent = ["sid"]
        let outcome = try run.judged()
        #expect(outcome.ending == .exited(1))
        #expect(outcome.outputText.contains("MISSING: Debian sid: no way"))
    }

    @Test func `no law held against anything is none, and neither is a test that failed`() throws {
        var nothing = Run()
        nothing.seen = []
        #expect(try nothing.judged().ending == .exited(1))
        var failed = Run()
        failed.status = 1
        #expect(try failed.judged().ending == .exited(1))
    }
}
