import Monitoring
import Policy
import Testing

/// Random filters, written out and read again, beside a slow, obvious evaluator.
@Suite struct FilterPropertyTests {
    private indirect enum Tree {
        case condition(column: String, isEqual: Bool, value: String)
        case not(Tree)
        case all([Tree])
        case any([Tree])

        /// The filter as people write it, with blanks here and there.
        func text(_ random: inout SplitMix) -> String {
            let blank = random.below(4) == 0 ? " " : ""
            switch self {
            case .condition(let column, let isEqual, let value):
                return "\(column)\(blank)\(isEqual ? "=" : "!=")\(blank)\(value)\(blank)"
            case .not(let other): return "!\(blank)\(other.group(&random))"
            case .all(let parts): return parts.map { $0.group(&random) }.joined(separator: "&")
            case .any(let parts): return parts.map { $0.group(&random) }.joined(separator: "|")
            }
        }

        private func group(_ random: inout SplitMix) -> String {
            if case .condition = self, random.below(3) > 0 { return text(&random) }
            return "(\(text(&random)))"
        }

        func holds(_ values: [String: [String]]) -> Bool {
            switch self {
            case .condition(let column, let isEqual, let value):
                let found = (values[column] ?? []).filter { Tree.isLike($0[...], value[...]) }
                return isEqual ? !found.isEmpty : found.isEmpty
            case .not(let other): return !other.holds(values)
            case .all(let parts): return parts.filter { !$0.holds(values) }.isEmpty
            case .any(let parts): return !parts.filter { $0.holds(values) }.isEmpty
            }
        }

        private static func isLike(_ text: Substring, _ pattern: Substring) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            guard first == "*" else {
                return text.first == first && isLike(text.dropFirst(), pattern.dropFirst())
            }
            return (0...text.count).contains { isLike(text.dropFirst($0), pattern.dropFirst()) }
        }

        static func random(_ random: inout SplitMix, depth: Int) -> Tree {
            guard depth > 0, random.below(3) > 0 else {
                let value = random.text(of: "ab*", upTo: 2)
                return .condition(
                    column: random.pick(columns), isEqual: random.below(2) == 0,
                    value: value.isEmpty ? "a" : value)
            }
            func parts(_ random: inout SplitMix) -> [Tree] {
                (0..<(2 + random.below(2))).map { _ in Tree.random(&random, depth: depth - 1) }
            }
            switch random.below(3) {
            case 0: return .not(Tree.random(&random, depth: depth - 1))
            case 1: return .all(parts(&random))
            default: return .any(parts(&random))
            }
        }

        static let columns = [
            "host.name", "service.name", "hostgroup.name", "servicegroup.name", "host.vars.v",
            "service.vars.v", "service.vars.l[0]", "service.vars.l[1]", "host.vars.d.k",
        ]
    }

    @Test func `every filter means what its tree means`() throws {
        var random = SplitMix(seed: 2)
        var allowed = 0
        for round in 0..<1500 {
            let tree = Tree.random(&random, depth: 4)
            let text = tree.text(&random)
            func some() -> String { random.pick(["a", "b", "ab", "ba", "bb"]) }
            func few() -> [String] { (0..<random.below(3)).map { _ in some() } }
            var values = ["host.name": [some()], "service.name": [some()]]
            let (hostGroups, serviceGroups, list) = (few(), few(), few())
            values["hostgroup.name"] = hostGroups
            values["servicegroup.name"] = serviceGroups
            let scalar = [some(), some(), some()]
            values["host.vars.v"] = [scalar[0]]
            values["service.vars.v"] = [scalar[1]]
            values["host.vars.d.k"] = [scalar[2]]
            for (place, value) in list.enumerated() { values["service.vars.l[\(place)]"] = [value] }
            let json = list.map { "\"\($0)\"" }.joined(separator: ",")
            let object = try object(
                "\(values["host.name"]?[0] ?? "")!\(values["service.name"]?[0] ?? "")",
                hostGroups: hostGroups, serviceGroups: serviceGroups,
                host: #"{"v":"\#(scalar[0])","d":{"k":"\#(scalar[2])"}}"#,
                service: #"{"l":[\#(json)],"v":"\#(scalar[1])"}"#)
            let isAllowed = try matches(text, object)
            #expect(isAllowed == tree.holds(values), "round \(round): \(text) on \(values)")
            allowed += isAllowed ? 1 : 0
        }
        #expect((300...1200).contains(allowed), "the property was hardly asked: \(allowed)")
    }
}
