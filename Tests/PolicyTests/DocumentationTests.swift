import Foundation
import Monitoring
import Policy
import Testing

/// The examples of docs/policy.md lead to what stands beside them; the sample in conf is one.
@Suite struct DocumentationTests {
    private static func text(_ path: String) throws -> String {
        let tests = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        let root = tests.deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    private struct Block {
        var kind: String
        var line: Int
        var text: String
    }

    /// The fenced blocks of the chapter.
    private static func blocks() throws -> [Block] {
        var blocks: [Block] = []
        var open: Block?
        let lines = try text("docs/policy.md").split(
            separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                if let block = open { blocks.append(block) }
                open =
                    open == nil
                    ? Block(kind: String(line.dropFirst(3)), line: index + 1, text: "") : nil
            } else {
                open?.text += line + "\n"
            }
        }
        #expect(open == nil, "a block is never closed")
        return blocks
    }

    private static func objects(_ block: Block) throws -> [String: PolicyObject] {
        let told = try JSONSerialization.jsonObject(with: Data(block.text.utf8))
        var objects: [String: PolicyObject] = [:]
        for member in try #require(told as? [[String: Any]]) {
            let name = try #require(member["name"] as? String)
            func json(_ key: String) throws -> String {
                let data = try JSONSerialization.data(
                    withJSONObject: member[key] ?? [:], options: .sortedKeys)
                return String(decoding: data, as: UTF8.self)
            }
            objects[name] = try object(
                name, hostGroups: member["hostgroups"] as? [String] ?? [],
                serviceGroups: member["servicegroups"] as? [String] ?? [], host: json("hostvars"),
                service: json("servicevars"),
                origin: member["submitted"] == nil ? .scheduled : .submitted)
        }
        return objects
    }

    @Test func `every example leads to what stands beside it`() throws {
        let blocks = try Self.blocks()
        let objects = try Self.objects(try #require(blocks.first))
        let examples = blocks.dropFirst()
        #expect(examples.count >= 34)
        for (index, block) in examples.enumerated() {
            #expect(block.kind == (index % 2 == 0 ? "ini" : "text"), "line \(block.line)")
        }
        for (ini, text) in zip(examples, examples.dropFirst()) where ini.kind == "ini" {
            let lines = text.text.split(separator: "\n").map(String.init)
            #expect(!lines.isEmpty)
            let told = errors(ini.text)
            if lines[0].hasPrefix("error ") {
                #expect(told.count == lines.count, "line \(ini.line): \(told)")
                for (line, error) in zip(lines, told) {
                    let place = "error \(error.line ?? 0):\(error.column ?? 0): "
                    let words = line.dropFirst(place.count)
                    #expect(line.hasPrefix(place), "line \(text.line): \(error)")
                    #expect(error.message.contains(words), "line \(text.line): \(error)")
                }
                continue
            }
            let rules = try policy(ini.text)
            for line in lines {
                let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
                let object = try #require(objects[parts[0]], "line \(text.line): \(line)")
                let said = Self.outcome(parts[1], object, rules)
                #expect(said == parts[1], "line \(text.line): \(line)")
            }
        }
    }

    /// What the policy makes of an object, in the words of the expectation.
    private static func outcome(
        _ expected: String, _ object: PolicyObject, _ rules: PolicyRules
    ) -> String {
        let definition = rules.definition(of: object, for: "production")
        switch expected.split(separator: " ").first {
        case "results":
            func word(_ decision: PolicyDecision) -> String { decision.isAllowed ? "yes" : "no" }
            let recheck = rules.recheck(of: object, by: "production").decision
            let source = rules.source(of: object, for: "production")
            return "results \(word(rules.submission(of: object, to: "production"))), "
                + "recheck \(word(recheck)), source \(word(source))"
        case "hostvars": return "hostvars \(definition?.hostVariables ?? "no")"
        case "servicevars": return "servicevars \(definition?.serviceVariables ?? "no")"
        case "hostgroups": return "hostgroups \(definition?.hostGroups?.joined() ?? "no")"
        case "servicegroups": return "servicegroups \(definition?.serviceGroups?.joined() ?? "no")"
        case "rechecks": return rechecks(object, rules, count: expected.split(separator: ",").count)
        default: return shown(expected, object, rules)
        }
    }

    /// When requests that stand all the time are honoured.
    private static func rechecks(_ object: PolicyObject, _ rules: PolicyRules, count: Int) -> String
    {
        var gate = RecheckGate()
        var times: [String] = []
        for second in 0..<3000 where times.count < count {
            // two requests in the first second, then one in each
            for value in [Int64(second * 2), Int64(second * 2 + 1)].prefix(second == 0 ? 2 : 1) {
                let answer = gate.judge(
                    RecheckRequest(destination: "production", object: object.name, value: value),
                    by: rules.recheck(of: object, by: "production"),
                    at: Timestamp(microseconds: Int64(second) * 1_000_000))
                if case .honoured = answer { times.append("\(second) s") }
            }
        }
        return "rechecks after \(times.joined(separator: ", "))"
    }

    /// `output "…" becomes "…"`, and the same for performance data.
    private static func shown(
        _ expected: String, _ object: PolicyObject, _ rules: PolicyRules
    ) -> String {
        let parts = expected.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count == 5 else { return "not understood" }
        let told = parts[1].replacingOccurrences(of: "\\n", with: "\n")
        let isData = expected.hasPrefix("performance data ")
        let result = CheckResult(
            object: object.name, state: .ok, exitStatus: 0, output: isData ? "" : told,
            performanceData: isData ? [told] : [], executionStart: Timestamp(microseconds: 1),
            executionEnd: Timestamp(microseconds: 2))
        let view = rules.view(of: object, for: "production")
        guard case .released(let released) = view.handOver(result, command: .untraced([])) else {
            return "withheld"
        }
        let left =
            isData ? released.result.performanceData.joined(separator: " ") : released.result.output
        return "\(parts[0])\"\(parts[1])\" becomes \"\(left)\""
    }

    @Test func `the chapter has every directive, permission and kind of group`() throws {
        let chapter = try Self.text("docs/policy.md")
        let names =
            PolicyDirective.allCases.map(\.rawValue) + PolicyPermission.allCases.map(\.rawValue)
            + GroupRoute.allCases.map(\.rawValue) + OutputLevel.allCases.map(\.rawValue)
        for name in names where !name.hasSuffix("active-only") {
            #expect(chapter.contains(name), "\(name)")
        }
    }

    @Test func `the sample can be used, and shows every directive with a value that can`() throws {
        let sample = try Self.text("conf/policy.ini")
        let destinations = ["icinga1.example.org"]
        let rules = try policy(sample, destinations: destinations)
        #expect(rules.roles.map(\.name) == ["results", "secrets"])
        let isDirective = { (line: Substring) in
            line.hasPrefix("; ") && line.contains(" = ") && line.dropFirst(2).first != " "
        }
        let lines = sample.split(separator: "\n", omittingEmptySubsequences: false)
            .map { isDirective($0) ? $0.dropFirst(2) : $0 }
        let whole = try policy(lines.joined(separator: "\n"), destinations: destinations)
        let shown = Set(whole.roles.flatMap { $0.lines.keys })
        #expect(shown == Set(PolicyDirective.allCases))
    }

    @Test func `the defaults of the sample and the chapter are those of the code`() throws {
        let interval = "30s"
        #expect(RecheckAllowance.standardInterval == .seconds(30))
        #expect(RecheckAllowance.standardLimit == RecheckLimit(count: 60, period: .seconds(3600)))
        let sample = try Self.text("conf/policy.ini")
        #expect(sample.contains("; forwarder/recheck/minimum-interval = \(interval)"))
        #expect(sample.contains("; forwarder/recheck/limit = 60/1h"))
        #expect(sample.contains("; forwarder/output = full"))
    }
}
