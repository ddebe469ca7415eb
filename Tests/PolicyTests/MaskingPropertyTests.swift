import Monitoring
import Policy
import Testing

/// Random variables and outputs that are made of them: nothing that can be masked gets through.
@Suite struct MaskingPropertyTests {
    /// Values of four bytes and more that protected variables hold, also line by line.
    private static func dangerous(_ values: [String]) -> [String] {
        values.flatMap { [$0] + $0.split(separator: "\n").map(String.init) }
            .filter { $0.utf8.count >= 4 }
    }

    private static func json(_ values: [String], _ random: inout SplitMix) -> String {
        func text(_ value: String) -> String {
            let escaped = value.escaped.split(separator: "\n", omittingEmptySubsequences: false)
                .joined(separator: "\\n")
            return "\"\(escaped)\""
        }
        let members = values.enumerated().map { place, value in
            switch random.below(3) {
            case 0: "\"p\(place)\":\(text(value))"
            case 1: "\"p\(place)\":[1,\(text(value))]"
            default: "\"p\(place)\":{\"deep\":{\"er\":\(text(value))}}"
            }
        }
        return "{\(members.joined(separator: ","))}"
    }

    /// Letters, parts of values and the signs of performance data.
    private static func output(_ values: [String], _ random: inout SplitMix) -> String {
        (0..<random.below(12)).map { _ in
            let value = random.pick(values)
            return switch random.below(5) {
            case 0: value
            case 1: String(value.prefix(random.below(value.count + 1)))
            case 2: String(value.suffix(random.below(value.count + 1)))
            default: random.text(of: "ab*=' \n1é", upTo: 3)
            }
        }.joined()
    }

    @Test(arguments: 0..<6)
    func `no protected value that is long enough remains in anything that leaves`(seed: Int) throws
    {
        var random = SplitMix(seed: UInt64(300 + seed))
        var maskedCount = 0
        for round in 0..<250 {
            let values = (0...random.below(4)).map { _ in random.text(of: "ab*=' é1\n", upTo: 9) }
            let kind = random.pick(["protect", "denylist"])
            let rules = try policy(role("icingadb/\(kind)/variables = p*"))
            let disk = try object("web1!disk", service: Self.json(values, &random))
            let label = Self.output(values, &random).filter { $0 != "\n" }
            let told = CheckResult(
                object: disk.name, state: .ok, exitStatus: 0, output: Self.output(values, &random),
                performanceData: ["\(label)=1;2;3", "'\(label)'=5s", Self.output(values, &random)],
                executionStart: Timestamp(microseconds: 1),
                executionEnd: Timestamp(microseconds: 2))
            let words = (0..<3).map { _ in CommandWord(Self.output(values, &random)) }
            guard
                case .released(let released) = rules.view(of: disk, for: "production")
                    .handOver(told, command: .words(words))
            else { throw PolicyFault.unusable([]) }
            let fields =
                [released.result.output] + released.result.performanceData
                + [released.result.performanceData.joined(separator: " ")]
                + (released.command ?? [])
            for value in Self.dangerous(values) {
                for field in fields {
                    let isFound = field.utf8.contains(value.utf8)
                    #expect(!isFound, "seed \(seed) round \(round): \(value) in \(field)")
                }
            }
            maskedCount += released.removal.maskedInOutput
        }
        #expect(maskedCount > 50, "the property was hardly asked: \(maskedCount)")
    }

    @Test(arguments: 0..<4)
    func `performance data that was well-formed still is`(seed: Int) throws {
        var random = SplitMix(seed: UInt64(350 + seed))
        var (maskedCount, droppedCount) = (0, 0)
        for round in 0..<250 {
            let values =
                (0...random.below(3)).map { _ in random.text(of: "ab' é1;=", upTo: 7) } + ["1111"]
            let rules = try policy(role("icingadb/protect/variables = p*"))
            let disk = try object("web1!disk", service: Self.json(values, &random))
            let data = (0..<4).map { _ in
                let label = Self.output(values, &random).filter { !"\n='".contains($0) } + "x"
                let quoted = label.contains(" ") ? "'\(label)'" : label
                return "\(quoted)=\(random.pick(["1", "11", "1.1MB;1;11;;", "1111s;2"]))"
            }
            let told = CheckResult(
                object: disk.name, state: .ok, exitStatus: 0, output: "", performanceData: data,
                executionStart: Timestamp(microseconds: 1),
                executionEnd: Timestamp(microseconds: 2))
            guard
                case .released(let released) = rules.view(of: disk, for: "production")
                    .handOver(told, command: .words([]))
            else { throw PolicyFault.unusable([]) }
            for piece in released.result.performanceData {
                let parts = piece.split(separator: "=", omittingEmptySubsequences: false)
                #expect(parts.count == 2, "seed \(seed) round \(round): \(piece)")
                let isQuoted = parts[0].hasPrefix("'") && parts[0].hasSuffix("'")
                #expect(isQuoted == parts[0].contains(" "), "seed \(seed) round \(round): \(piece)")
                #expect(data.contains { $0.hasSuffix("=\(parts[1])") })
            }
            maskedCount += released.removal.maskedLabels
            droppedCount += released.removal.droppedPieces
        }
        #expect(maskedCount > 10 && droppedCount > 10, "\(maskedCount), \(droppedCount)")
    }

    @Test func `masking takes time with the text and the values, not with their product`() throws {
        let values = (0..<3000).map {
            "\"p\($0)\":\"\(String(repeating: "a", count: 20 + $0 % 50))b\""
        }
        let disk = try object("web1!disk", service: "{\(values.joined(separator: ","))}")
        let rules = try policy(role("icingadb/protect/variables = *"))
        let told = CheckResult(
            object: disk.name, state: .ok, exitStatus: 0,
            output: String(repeating: "a", count: 65_000),
            executionStart: Timestamp(microseconds: 1), executionEnd: Timestamp(microseconds: 2))
        guard
            case .released(let released) = rules.view(of: disk, for: "production")
                .handOver(told, command: .untraced([]))
        else { throw PolicyFault.unusable([]) }
        #expect(released.result.output == told.output)
    }
}

extension String.UTF8View {
    /// True when the bytes are somewhere in these, looked for in the plainest way.
    fileprivate func contains(_ other: String.UTF8View) -> Bool {
        let mine = Array(self)
        let theirs = Array(other)
        guard mine.count >= theirs.count else { return false }
        return (0...(mine.count - theirs.count)).contains { start in
            mine[start..<(start + theirs.count)].elementsEqual(theirs)
        }
    }
}
