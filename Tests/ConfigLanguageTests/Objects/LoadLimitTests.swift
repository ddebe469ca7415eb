import ConfigLanguage
import Testing

/// What a load as a whole may use.
@Suite struct LoadLimitTests {
    @Test func `files that include each other twice end soon`() {
        let twice = "include \"b.conf\"\ninclude \"b.conf\"\n"
        let found = errors(in: twice, files: ["/etc/test/b.conf": twice])
        #expect(found.contains { $0.message.contains("include each other") })
    }

    @Test func `all evaluations of a load have a limit together`() {
        let text = """
            for (i in range(100)) {
              object Host i { vars.x = range(500); for (j in vars.x) { vars.y = j } }
            }
            """
        for limits in [
            EvaluationLimits(totalSteps: 20_000), EvaluationLimits(totalBytes: 200_000),
        ] {
            let session = session(text, limits: limits)
            let fault = #expect(throws: ConfigFault.self) { try session.commit() }
            #expect(fault?.message.contains("reached the limit") == true)
        }
        #expect(throws: Never.self) { try session(text).commit() }
    }

    @Test func `more words than a million are refused`() {
        let line = String(repeating: "a=1;", count: 1000) + "\n"
        let big = String(repeating: line, count: 260)
        #expect(verdict(big).contains("words"))
        let half = String(repeating: line, count: 130)
        let found = errors(
            in: "include \"a.conf\"\ninclude \"b.conf\"",
            files: ["/etc/test/a.conf": half, "/etc/test/b.conf": half]
        )
        #expect(found.contains { $0.message.contains("All files together") })
    }

    @Test func `a pattern that leads everywhere is an error`() {
        var surroundings = Surroundings.fixed
        surroundings.paths = EndlessPaths()
        for text in ["glob(\"/*/*/*/*\")", "glob_recursive(\"/\", \"*\")"] {
            let fault = #expect(throws: ConfigFault.self) {
                try session("", surroundings: surroundings).evaluate(Array(text.utf8))
            }
            #expect(fault?.message.contains("names") == true)
        }
    }
}

/// Directories in directories, without end.
private struct EndlessPaths: PathLookup {
    func exists(_ path: String) -> Bool { true }
    func kind(of path: String) -> PathEntry.Kind? { .directory }

    func entries(of directory: String, limit: Int) throws(PathFault) -> [PathEntry] {
        guard limit >= 100 else { throw .tooManyNames }
        return (0..<100).map { PathEntry(name: "d\($0)") }
    }
}
