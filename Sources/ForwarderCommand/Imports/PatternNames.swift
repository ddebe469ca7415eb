/// The texts that an extended regular expression matches, where they can be counted.
///
/// - Bounds: at most ``limit`` texts, and ``depthLimit`` parentheses within each other.
/// - Source: POSIX.1-2017, Base Definitions, sections 9.3.5 and 9.4.
struct PatternNames {
    /// Most texts; an expression with more has none here.
    ///
    /// 64: nobody reads a longer list, and none of the usual ones is.
    static let limit = 64
    private static let depthLimit = 16
    /// Longest expression, in characters: no name is as long.
    private static let lengthLimit = 1024

    /// All texts, each once, in order; nil when they are too many, endless, or not certain.
    ///
    /// A dot counts as a dot, as in a name in which nobody thought of it.
    static func of(_ expression: String) -> [String]? {
        let scalars = Array(expression.unicodeScalars)
        guard scalars.count <= lengthLimit else { return nil }
        var names = PatternNames(rest: scalars[...])
        guard let found = names.alternatives(depth: 0), names.rest.isEmpty else { return nil }
        return found
    }

    private var rest: ArraySlice<Unicode.Scalar>

    private init(rest: ArraySlice<Unicode.Scalar>) { self.rest = rest }

    private mutating func alternatives(depth: Int) -> [String]? {
        guard depth < Self.depthLimit else { return nil }
        guard var found = branch(depth) else { return nil }
        while rest.first == "|" {
            rest = rest.dropFirst()
            guard let more = branch(depth) else { return nil }
            found += more.filter { !found.contains($0) }
            guard found.count <= Self.limit else { return nil }
        }
        return found
    }

    /// What stands between two bars.
    private mutating func branch(_ depth: Int) -> [String]? {
        var found = [""]
        while let next = rest.first, next != "|", next != ")" || depth == 0 {
            guard var piece = atom(depth) else { return nil }
            while let repeated = repetition(of: piece) {
                guard let all = repeated else { return nil }
                piece = all
            }
            guard let longer = Self.joined(found, piece) else { return nil }
            found = longer
        }
        return found
    }

    private mutating func atom(_ depth: Int) -> [String]? {
        guard let scalar = rest.popFirst() else { return nil }
        switch scalar {
        case "(":
            guard let inner = alternatives(depth: depth + 1), rest.popFirst() == ")" else {
                return nil
            }
            return inner
        case "[": return set()
        case "\\":
            guard let escaped = rest.popFirst(), !ExtendedPattern.isSpecialEscape(escaped) else {
                return nil
            }
            return [String(escaped)]
        case "*", "+", "?", "{", "}", ")", "^", "$": return nil
        default: return [String(scalar)]
        }
    }

    /// The members of a set, each named or in a range of digits or letters.
    private mutating func set() -> [String]? {
        guard let end = rest.dropFirst().firstIndex(of: "]"), rest.first != "^" else { return nil }
        let members = Array(rest[..<end])
        rest = rest[(end + 1)...]
        // classes and equivalents such as [:alpha:] are others elsewhere
        guard !members.contains("[") else { return nil }
        var found: [String] = []
        var index = 0
        while index < members.count {
            var last = members[index]
            let first = last
            if index + 2 < members.count, members[index + 1] == "-" {
                last = members[index + 2]
                guard Self.isRange(first, last) else { return nil }
                index += 2
            }
            index += 1
            let scalars = (first.value...last.value).compactMap(Unicode.Scalar.init)
            found += scalars.map { String($0) }.filter { !found.contains($0) }
        }
        return found.count <= Self.limit ? found : nil
    }

    private static func isRange(_ first: Unicode.Scalar, _ last: Unicode.Scalar) -> Bool {
        guard first.value <= last.value else { return false }
        return [("0", "9"), ("a", "z"), ("A", "Z")].contains { (low: Unicode.Scalar, high) in
            low <= first && last <= high
        }
    }

    /// What a `?` or `{…}` behind a piece makes of it.
    ///
    /// - Returns: nil where there is none, and `.some(nil)` where it cannot be counted.
    private mutating func repetition(of piece: [String]) -> [String]?? {
        switch rest.first {
        case "?":
            rest = rest.dropFirst()
            return .some(piece + (piece.contains("") ? [] : [""]))
        case "*", "+": return .some(nil)
        case "{":
            guard let end = rest.firstIndex(of: "}") else { return .some(nil) }
            let text = String(String.UnicodeScalarView(rest[..<end].dropFirst()))
            rest = rest[(end + 1)...]
            return .some(Self.repeated(piece, text))
        default: return nil
        }
    }

    /// `{2}` or `{1,3}` times.
    private static func repeated(_ piece: [String], _ text: String) -> [String]? {
        let bounds = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(bounds.count), let least = bounds[0],
            let most = bounds[bounds.count - 1], (0...limit).contains(least),
            (least...limit).contains(most)
        else { return nil }
        var found: [String] = []
        var power = [""]
        for count in 0...most {
            if count >= least { found += power.filter { !found.contains($0) } }
            guard found.count <= limit, count < most else { continue }
            guard let longer = joined(power, piece) else { return nil }
            power = longer
        }
        return found.count <= limit ? found : nil
    }

    private static func joined(_ heads: [String], _ tails: [String]) -> [String]? {
        guard heads.count * tails.count <= limit else { return nil }
        var found: [String] = []
        for head in heads {
            for tail in tails where !found.contains(head + tail) { found.append(head + tail) }
        }
        return found
    }
}
