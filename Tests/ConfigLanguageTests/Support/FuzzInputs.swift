import ConfigLanguage

/// Texts for a fuzzer: real ones with changed words and bytes, heaps of words, deep and long ones,
/// programs, and calls with odd arguments.
struct FuzzInputs {
    private var random: SeededGenerator
    private var generator: ExpressionGenerator
    private let sections: [String]

    init(seed: UInt64, sections: [String]) {
        random = SeededGenerator(seed: seed)
        generator = ExpressionGenerator(seed: seed)
        self.sections = sections + Mutations.seeds
    }

    /// The next text.
    mutating func next() -> [UInt8] {
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<2: Array(Mutations.mutated(random.pick(sections), &random).utf8)
        case 2: bytes()
        case 3: words()
        case 4: deep()
        case 5..<7: program()
        case 7: Array(oddCall().utf8)
        case 8: spliced()
        case 9..<11: heap()
        default: Array(ExpressionOracle.script([generator.body(), generator.body()]).utf8)
        }
    }

    private mutating func bytes() -> [UInt8] {
        var bytes = Array(random.pick(sections).utf8)
        guard !bytes.isEmpty else { return [] }
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            }
        }
        return bytes
    }

    private mutating func words() -> [UInt8] {
        let count = Int.random(in: 1...60, using: &random)
        let blank = random.pick(["", " "])
        let words = (0..<count).map { _ in random.pick(Mutations.words) }
        return Array(words.joined(separator: blank).utf8)
    }

    /// The beginning of one text and the end of another.
    private mutating func spliced() -> [UInt8] {
        let first = Array(random.pick(sections).utf8)
        let second = Array(random.pick(sections).utf8)
        let head = first.prefix(Int.random(in: 0...first.count, using: &random))
        return Array(head + second.suffix(Int.random(in: 0...second.count, using: &random)))
    }

    private mutating func deep() -> [UInt8] {
        let piece = random.pick(
            Mutations.words + ["f(", "a = {{ ", "if (x) { ", "x => ", "-", "a."])
        let count = [10, 100, 1000, 20_000].randomElement(using: &random) ?? 10
        let text = String(repeating: piece, count: count)
        let close = random.pick(["", ")", "]", "}", "}}"])
        let tail = random.once(in: 2) ? String(repeating: close, count: count) : ""
        return Array((random.pick(["", "x = ", "object Host \"a\" { "]) + text + tail).utf8)
    }

    /// Loops and functions that grow something.
    private mutating func program() -> [UInt8] {
        let start = random.pick([
            "[ ]", "{ }", "\"ab\"", "1", "range(200)", "[ [ ] ]", "{ a = { } }", "globals",
            "locals",
        ])
        var body: [String] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) { body.append(random.pick(Self.steps)) }
        let loop = random.pick([
            "while (true)", "for (i in range(99999))", "for (k => i in x)", "for (i in x)",
            "function g()", "object Host \"h\"", "apply Service \"s\" for (i in [ 1, 2 ])",
            "namespace N",
        ])
        let head = "var x = \(start); var y = [ x ]; var z = null\n"
        return Array((head + loop + " { " + body.joined(separator: "; ") + " }\nx\n").utf8)
    }

    /// Few words that mean much: rules over rules, work on long texts, what piles up over calls,
    /// what is included again and again, brackets without end.
    private mutating func heap() -> [UInt8] {
        let many = random.pick(["3", "40", "900", Self.most])
        let loops = Self.loops(many)
        let grown = "var z = \"0\"; for (i in range(18)) { z += z }"
        let declaration = random.pick(Self.declarations)
        let text: String
        switch Int.random(in: 0..<6, using: &random) {
        case 0: text = "\(loops)\(declaration) } }"
        case 1: text = Self.hosts(many, before: declaration)
        case 2: text = "\(grown)\n\(loops)try { \(random.pick(Self.works)) } except { } } }"
        case 3:
            let start = random.pick([grown, "var z = { }"])
            let body = "\(start); \(random.pick(Self.leaks)); globals.n += 1"
            text = "globals.leak = [ ]; globals.n = 0\n() => { \(body) }"
        case 4: text = "\(loops)include \"big.conf\" } }"
        default: text = "x = 1" + String(repeating: random.pick(["<", "<a"]), count: 99_999)
        }
        return Array(text.utf8)
    }

    /// As many as a collection can have.
    private static let most = "99999"

    private static func loops(_ many: String) -> String {
        "for (i in range(\(many))) { for (j in range(\(many))) { "
    }

    private static func hosts(_ many: String, before declaration: String) -> String {
        """
        for (i in range(\(many))) { object Host i { groups = [ "g" ] } }
        for (i in range(\(many))) { \(declaration) }
        """
    }

    /// Few words that declare as much as can be; a fuzzer comes to few of them.
    static var heaviest: [String] {
        declarations.flatMap { declaration in
            ["\(loops(most))\(declaration) } }", hosts(most, before: declaration)]
        }
    }

    private static let declarations = [
        "apply Service \"s\" { assign where host.name == \"nobody\" }",
        "apply Service \"s\" + i { assign where host.nope }",
        "apply Service \"s\" for (x in range(999)) { assign where host.nope }",
        "object HostGroup \"g\" + i { groups = [ \"g\" + (i + 1), \"g\" ]; assign where true }",
        "object HostGroup \"h\" + i { assign where host.nope }",
        "object Host \"h\" + i + j { vars.a = range(999) }",
        "apply Notification \"n\" + i to Host { assign where host.nope }",
        "template Host \"t\" + i use(j) { import \"t\" + (i - 1) }",
    ]

    private static let works = [
        "number(z)", "z.trim()", "z.find(\"1\")", "z.replace(\"0\", z)", "match(z, z)",
        "throw z", "nope[z]", "[ ][z]", "Json.encode([ z, z, z, z, z, z ])", "Json.decode(z)",
        "parse_performance_data(z)", "DateTime(0).format(z)", "get_host(z)", "basename(z)",
        "globals[99999 - i + \" \"] = 1", "cidr_match(\"::/0\", z)", "z.split(\"0\")",
    ]

    private static let leaks = [
        "globals.leak.add(z + 1)", "globals[\"k\" + globals.n] = z + 1", "globals.leak.add(this)",
        "String.prototype[\"k\" + globals.n] = [ z + 1 ]", "globals.leak.add(() => z)",
        "globals.leak = [ globals.leak, z + 1 ]", "globals.leak.add(locals)",
        "apply Service \"s\" use(z) { assign where true }",
    ]

    private static let steps = [
        "x = x + x", "x += x", "x = [ x, x ]", "x = { a = x }", "x.add(x)", "x.a = x", "x[i] = x",
        "y.add(x)", "z = z + \"abc\"", "x = string(x)", "x = Json.encode(x)", "x = x.sort()",
        "x = x.map(v => [ v, v ])", "x = x.clone()", "z = x == y", "z = x < y",
        "x = x.replace(\"a\", x)",
        "x = x.split(\"\")", "x = x.join(x)", "x = union(x, y)", "g()", "z = regex(\"(a|b)*c\", x)",
        "z = match(\"*a*b*a*\", x)", "x = range(99999)", "x = function() use (x) { return x }",
        "x = &x",
        "x = *x", "var x = locals", "globals.x = globals", "throw x",
        "try { x.y.z = x } except { x = 1 }",
        "z = { x = this }", "import \"t\"", "x.sort((a, b) => { x.add(1); return a < b })",
        "exit(1)",
        "sleep(1)", "break", "return x", "x = x.reduce((a, b) => [ a, b ])", "x[100000] = 1",
        "using x",
        "x = parse_performance_data(x)", "x = DateTime(x)", "x = glob(x)", "x.freeze()", "log(x)",
        "x = Json.decode(x)", "x.len = x", "String.prototype.len = x => x", "x = x.find(x)",
    ]

    private mutating func oddCall() -> String {
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            let function = random.pick(ExpressionGenerator.functions + Self.functions)
            return "\(function)(\(odd()), \(odd()), \(odd()))"
        case 1: return "\(random.pick(ExpressionGenerator.functions))(\(odd()))"
        case 2:
            let methods =
                ExpressionGenerator.arrayMethods + ExpressionGenerator.otherMethods
                + ExpressionGenerator.stringMethods
            return "(\(odd())).\(random.pick(methods))(\(odd()), \(odd()))"
        case 3: return "(\(odd())) \(random.pick(ExpressionGenerator.operators)) (\(odd()))"
        default: return "var v = \(odd()); v[\(odd())] = \(odd()); ~(\(odd())); &v[\(odd())]"
        }
    }

    private mutating func odd() -> String {
        random.pick(ExpressionGenerator.literals + Self.oddValues)
    }

    private static let functions = [
        "glob", "glob_recursive", "path_exists", "parse_performance_data", "get_object", "random",
        "get_objects", "get_template", "get_host", "get_service", "get_services", "sleep",
    ]

    private static let oddValues = [
        "-1", "0 - 5", "1000000000000000000000", "number(\"-inf\")", "\"a\\000b\"", "globals",
        "locals",
        "this", "System", "&globals", "&len", "range(1000)", "\"^(a|b)*$\"", "\"%99999Y\"",
        "\"(((\"",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "4294967295",
        "\"{\\\"a\\\":[[[[1e999]]]]}\"", "\"\\\\ud800\"", "[ null, true, { } ]", "typeof", "Object",
        "function(x) { throw x }", "get_host(\"a\")", "\"'a b'=1e308;U;~:;-0;\"", "0.1d",
    ]
}
