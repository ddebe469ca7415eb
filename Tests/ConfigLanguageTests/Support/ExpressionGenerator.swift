/// Makes expressions and small functions of the language, the same for the same seed.
///
/// What depends on clock, chance and machine is left out, and so is what is different on purpose.
struct ExpressionGenerator {
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    /// The inside of a function: some statements and a `return`.
    mutating func body() -> String {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<6: return "return " + expression(depth: 3)
        case 6: return statements() + "; return " + expression(depth: 1)
        case 7: return loop()
        case 8: return random.once(in: 3) ? lastTry() : assignments()
        default: return closure()
        }
    }

    // MARK: - Expressions

    private mutating func expression(depth: Int) -> String {
        guard depth > 0 else { return random.pick(Self.literals) }
        switch Int.random(in: 0..<14, using: &random) {
        case 0..<2: return random.pick(Self.literals)
        case 2..<6:
            let left = operand(depth)
            return left + " " + random.pick(Self.operators) + " " + operand(depth)
        case 6: return random.pick(["-", "!", "~", "+", "- ", "! "]) + operand(depth)
        case 7..<9: return call(depth)
        case 9..<11: return method(depth)
        case 11: return operand(depth) + random.pick(Self.members)
        case 12:
            return operand(depth) + " ? " + operand(depth) + " : " + operand(depth)
        default: return container(depth)
        }
    }

    private mutating func operand(_ depth: Int) -> String {
        let inner = expression(depth: depth - 1)
        return random.once(in: 4) ? inner : "(" + inner + ")"
    }

    private mutating func container(_ depth: Int) -> String {
        let count = Int.random(in: 0...3, using: &random)
        if random.once(in: 3) {
            let entries = (0..<count).map { _ in
                random.pick(Self.keys) + " = (" + expression(depth: depth - 1) + ")"
            }
            return "{ " + entries.joined(separator: ", ") + " }"
        }
        let elements = (0..<count).map { _ in expression(depth: depth - 1) }
        return "[ " + elements.joined(separator: ", ") + " ]"
    }

    private mutating func arguments(_ depth: Int) -> String {
        let count = random.once(in: 8) ? Int.random(in: 0...4, using: &random) : nil
        let usual = [0, 1, 1, 1, 2, 2, 3]
        let number = count ?? usual.randomElement(using: &random) ?? 1
        return (0..<number).map { _ in expression(depth: depth - 1) }.joined(separator: ", ")
    }

    private mutating func call(_ depth: Int) -> String {
        switch Int.random(in: 0..<7, using: &random) {
        // of small numbers alone: Icinga makes arrays of any length
        case 6: return random.pick(Self.ranges)
        case 0:
            let pattern = random.pick(Self.patterns)
            let mode = random.pick(["", "", ", MatchAny", ", MatchAll"])
            return "match(\(pattern), \(random.pick(Self.texts))\(mode))"
        case 1:
            return "regex(\(random.pick(Self.expressions)), \(random.pick(Self.texts)))"
        case 2:
            return "cidr_match(\(random.pick(Self.networks)), \(random.pick(Self.addresses)))"
        default: return random.pick(Self.functions) + "(" + arguments(depth) + ")"
        }
    }

    private mutating func method(_ depth: Int) -> String {
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            let function = random.pick(Self.lambdas)
            let name = random.pick(["map", "filter", "reduce", "any", "all", "sort"])
            return container(depth) + ".\(name)(\(function))"
        case 1:
            let name = random.pick(Self.stringMethods)
            return random.pick(Self.texts) + ".\(name)(\(arguments(1)))"
        default:
            let name = random.pick(Self.stringMethods + Self.arrayMethods + Self.otherMethods)
            return operand(depth) + ".\(name)(\(arguments(1)))"
        }
    }

    // MARK: - Statements

    private mutating func target() -> String {
        random.pick(["v", "v", "w", "v.a", "v[\"b\"]", "v.a.b", "v[0]", "v[1]", "w[2]", "*r"])
    }

    private mutating func statements() -> String {
        var parts = ["var v = " + expression(depth: 2), "var w = " + random.pick(Self.literals)]
        parts.append("var r = &" + random.pick(["v", "w", "v.a", "v[0]"]))
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let sign = random.pick(["=", "=", "+=", "-=", "*=", "/=", "%=", "^=", "|=", "&="])
            parts.append(target() + " \(sign) " + expression(depth: 1))
        }
        return parts.joined(separator: "; ")
    }

    private mutating func assignments() -> String {
        let rescue = random.pick(["w = \"caught\"", "return [ \"caught\", v, w ]", "throw 1"])
        return statements() + "; try { " + target() + " = " + expression(depth: 2) + " } except { "
            + rescue + " }; return [ v, w, *r ]"
    }

    /// A `try` as the last statement, whose value is the function's.
    private mutating func lastTry() -> String {
        let body = random.pick([
            "v", "throw v", "return v", "w = 5", "if (w) { return w }; v", "v.foo.bar()",
        ])
        let rescue = random.pick(["w", "return w", "\"ex\"", "try { w } except { v }"])
        let wrapped = "try { \(body) } except { \(rescue) }"
        return statements() + "; " + (random.once(in: 3) ? "if (v) { \(wrapped) }" : wrapped)
    }

    private mutating func loop() -> String {
        let step = random.pick([
            "s += i", "if (i) { break }", "if (i == 2) { continue }; s += 1", "s = [ s, i ]",
            "var q = i; s += q", "return i", "try { throw i } except { s += \"x\" }",
        ])
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return "var s = null; for (i in \(expression(depth: 2))) { \(step) }; return s"
        case 1:
            return "var s = null; for (k => i in \(container(2))) { \(step); s += k }; return s"
        default:
            return "var s = 0; var i = 0; while (i < \(Int.random(in: 0...5, using: &random))) "
                + "{ i += 1; \(step) }; return s"
        }
    }

    private mutating func closure() -> String {
        let value = random.pick(Self.literals)
        let body = random.pick(["x", "x + y", "y", "[ x, y ]", "x(y)", "typeof(x).name", "x == y"])
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return "var y = \(value); var f = (x) use (y) => \(body); y = 9; return f(\(value))"
        case 1:
            return "var f = (x) use (y = \(value)) => \(body); return f(\(expression(depth: 1)))"
        case 2:
            return "var d = { y = \(value); f = function(x) { return \(body) } }; "
                + "return d.f(\(random.pick(Self.literals)))"
        default:
            return "var f = function(x, y) { if (y) { return \(body) }; \(body) }; "
                + "return f\(random.pick(["(", ".call(null, ", "(1, "]))\(arguments(1)))"
        }
    }
}
