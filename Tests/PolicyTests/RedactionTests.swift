import Monitoring
import Policy
import Testing

/// What leaves of a result.
@Suite struct RedactionTests {
    private let variables = """
        {"secret":"hunter2","long":"hunter2000","pin":"123","nested":{"keys":["alpha","betabeta"]},\
        "port":5432,"flag":true,"phrase":"my hunter2 pass","pem":"BEGIN\\nline one\\nxx\\n"}
        """

    private func release(
        _ lines: String = "icingadb/protect/variables = *",
        output: String = "",
        data: [String] = [],
        command: ExecutedCommand = .untraced([]),
        variables: String? = nil
    ) throws -> ReleasedResult {
        let disk = try object("web1!disk", service: variables ?? self.variables)
        let view = try policy(role(lines)).view(of: disk, for: "production")
        guard case .released(let released) = view.handOver(result(output, data), command: command)
        else { throw PolicyFault.unusable([]) }
        return released
    }

    private func result(_ output: String, _ data: [String]) -> CheckResult {
        CheckResult(
            object: ObjectName(host: "web1", service: "disk"), state: .unknown, exitStatus: 77,
            output: output, performanceData: data,
            executionStart: Timestamp(microseconds: 1), executionEnd: Timestamp(microseconds: 2))
    }

    @Test(arguments: [
        ("login hunter2 failed", "login *** failed"), ("hunter2000", "***"),
        ("hunter2hunter2", "***"), ("xhunter2000y", "x***y"), ("alpha/betabeta", "***/***"),
        ("betabetabeta", "***"), ("port 5432", "port ***"), ("true", "true"), ("123", "123"),
        ("BEGIN\nline one\nxx", "***"), ("a line one b", "a *** b"), ("Hunter2", "Hunter2"),
        ("my hunter2 word", "my *** word"), ("my hunter2 pass", "***"),
        ("hunter", "hunter"), ("", ""),
    ])
    func `protected values are masked in output, nested, overlapping and line by line`(
        output: String, expected: String
    ) throws {
        #expect(try release(output: output).result.output == expected)
    }

    @Test func `denied values are masked in output too`() throws {
        let released = try release("icingadb/denylist/variables = secret", output: "x hunter2 5432")
        #expect(released.result.output == "x *** 5432")
        #expect(released.removal.maskedInOutput == 1)
    }

    @Test func `a value too short to be masked is counted`() throws {
        #expect(try release(output: "123").removal.tooShortValues == 1)
        #expect(try release("icingadb/protect/variables = secret").removal.tooShortValues == 0)
    }

    @Test(arguments: [
        (["used=5432MB;80;90;0;100"], [], 0, 1), (["hunter2=5"], ["***=5"], 1, 0),
        (["'disk hunter2'=5s;1;2"], ["'disk ***'=5s;1;2"], 1, 0),
        (["a=1", "b=2"], ["a=1", "b=2"], 0, 0),
        (["hunter2"], [], 0, 1), (["a=1;5432", "b=2"], ["b=2"], 0, 1),
        (["'line one'=1"], ["***=1"], 1, 0), (["x=hunter2=1"], ["'x=***'=1"], 1, 0),
    ])
    func `performance data stays well-formed`(
        data: [String], expected: [String], masked: Int, dropped: Int
    ) throws {
        let released = try release(data: data)
        #expect(released.result.performanceData == expected)
        #expect(released.removal.maskedLabels == masked)
        #expect(released.removal.droppedPieces == dropped)
    }

    @Test func `a value that spans pieces of performance data takes them with it`() throws {
        let released = try release(data: ["x=1", "y=2", "z=3"], variables: #"{"v":"1 y="}"#)
        #expect(released.result.performanceData == ["z=3"])
    }

    @Test func `a mask that spells a value again is masked again`() throws {
        let released = try release(
            output: "x ab" + "hunter2" + "cd y",
            variables: #"{"v":"hunter2","w":"b***c","x":"a***d"}"#)
        #expect(released.result.output == "x *** y")
    }

    @Test func `the first line alone leaves, after masking`() throws {
        let released = try release(
            "forwarder/output = first-line\nicingadb/protect/variables = v",
            output: "ok one\ntwo\nthree", data: ["a=1"], variables: #"{"v":"one\ntwo"}"#)
        #expect(released.result.output == "ok ***")
        #expect(released.result.performanceData == ["a=1"])
        let plain = try release("forwarder/output = first-line", output: "one\r\ntwo")
        #expect(plain.result.output == "one")
    }

    @Test func `of a state nothing but the state leaves`() throws {
        let released = try release(
            "forwarder/output = state-only", output: "secret", data: ["a=1"],
            command: .untraced(["check"]))
        #expect(released.result.output == ReleasedResult.withheldOutput)
        #expect(released.result.performanceData == [])
        #expect(released.result.exitStatus == 3, "another status would tell more")
        #expect(released.command == nil)
        #expect(released.result.executionStart == Timestamp(microseconds: 1))
    }

    @Test func `a result that may not leave is withheld with its reason`() throws {
        let disk = try object("web1!disk")
        let view = try policy(role("", allowing: "icingadb/object/*")).view(
            of: disk, for: "production")
        #expect(
            view.handOver(result("", []), command: .untraced([]))
                == .withheld(.denied([.noPermission(.processCheckResult)])))
    }

    @Test func `the health goes as it is`() throws {
        let health = try object("me!forwarder", host: #"{"v":"fixed"}"#)
        let rules = try policy(
            role("icingadb/protect/variables = *\nforwarder/output = state-only"), nodeName: "me")
        let told = result("fixed text", ["a=1"])
        guard
            case .released(let released) = rules.view(of: health, for: "production")
                .handOver(told, command: .untraced(["x"]))
        else { throw PolicyFault.unusable([]) }
        #expect(released.result == told)
        #expect(released.command == nil)
    }

    // MARK: Command lines

    private let words = [
        CommandWord("/usr/lib/check"),
        CommandWord("-H", variables: ["address"], role: .key),
        CommandWord("::1", variables: ["address"]),
        CommandWord("-p", variables: ["pin"], role: .key), CommandWord("123", variables: ["pin"]),
        CommandWord("--auth=hunter2:123", variables: ["secret", "pin"]),
        CommandWord("-x"), CommandWord("hunter2"),
    ]

    @Test func `arguments built from denied variables go with their names`() throws {
        let released = try release(
            "icingadb/denylist/variables = pin", command: .words(words))
        #expect(released.command == ["/usr/lib/check", "-H", "::1", "-x", "hunter2"])
    }

    @Test func `words built from protected variables become masks, whatever they hold`() throws {
        let released = try release("icingadb/protect/variables = pin", command: .words(words))
        let expected = [
            "/usr/lib/check", "-H", "::1", "-p", "***", "***", "-x", "hunter2",
        ]
        #expect(released.command == expected)
    }

    @Test func `a protected value is masked in words that nobody traced to it`() throws {
        let released = try release("icingadb/protect/variables = secret", command: .words(words))
        #expect(released.command?.last == "***")
    }

    @Test func `words of unknown origin leave only where nothing is hidden`() throws {
        let command = ExecutedCommand.untraced(["check", "-p", "123"])
        #expect(try release("", command: command).command == ["check", "-p", "123"])
        #expect(try release("icingadb/protect/variables = x", command: command).command == nil)
        #expect(try release("icingadb/denylist/variables = x", command: command).command == nil)
    }

    @Test func `a word from a function counts as made of all that is withheld`() throws {
        let command = ExecutedCommand.words([
            CommandWord("check"), CommandWord("-f", role: .key, isUnknown: true),
            CommandWord("text", isUnknown: true),
        ])
        #expect(try release("", command: command).command == ["check", "-f", "text"])
        #expect(
            try release("icingadb/protect/variables = x", command: command).command
                == ["check", "-f", "***"])
        #expect(
            try release("icingadb/denylist/variables = x", command: command).command == ["check"])
    }

    @Test func `a word made of a whole table counts as made of each value in it`() throws {
        let command = ExecutedCommand.words([
            CommandWord("check"), CommandWord("a;b", variables: ["nested"]),
            CommandWord("c", variables: ["nest"]),
        ])
        #expect(
            try release("icingadb/protect/variables = nested.keys[1]", command: command).command
                == ["check", "***", "c"])
        #expect(
            try release("icingadb/denylist/variables = nested.keys", command: command).command
                == ["check", "c"])
    }

    @Test func `the words of a snapshot know what they were made of, or nothing leaves`() throws {
        var snapshot = ObjectSnapshot(
            name: "web1!disk", commandVariables: #"{"own":"of the command"}"#,
            commandLine: ["check", "-p", "x1"],
            wordOrigins: [
                WordOrigin(), WordOrigin(isKey: true, variables: ["own"]),
                WordOrigin(variables: ["own"]),
            ])
        func shown() throws -> ReleasedResult {
            let view = try policy(role("icingadb/protect/variables = own")).view(
                of: PolicyObject(snapshot), for: "production")
            let told = result("it says of the command", [])
            guard case .released(let released) = view.handOver(told, command: .init(snapshot))
            else { throw PolicyFault.unusable([]) }
            return released
        }
        #expect(try shown().command == ["check", "-p", "***"])
        #expect(try shown().result.output == "it says ***", "a value of the command's own")
        snapshot.wordOrigins = nil
        #expect(try shown().command == nil)
    }

    @Test func `a command line leaves only where a role shows the source`() throws {
        let submit = "icingadb/command/process-check-result"
        let view = try policy(role("", allowing: submit)).view(
            of: object("web1!disk"), for: "production")
        guard
            case .released(let released) = view.handOver(
                result("", []), command: .untraced(["check"]))
        else { throw PolicyFault.unusable([]) }
        #expect(released.command == nil)
    }
}
