import ConfigLanguage
import Testing

@Suite struct FuzzTests {
    private static let limits = EvaluationLimits(steps: 3000, allocatedBytes: 4 << 20)

    /// Loads and commits; whatever is wrong must be an error, never a trap.
    private func run(_ bytes: [UInt8]) {
        let session = ConfigSession(
            schemas: TestTypes.all,
            reader: MemoryFiles(),
            limits: Self.limits
        )
        session.load(text: bytes, name: "fuzz")
        do throws(ConfigFault) {
            try session.commit()
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    @Test func `mutated tokens never trap`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<1500 { run(Array(Mutations.text(&random).utf8)) }
    }

    @Test func `mutated bytes never trap`() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<1500 {
            var bytes = Array((Mutations.seeds.randomElement(using: &random) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            run(bytes)
        }
    }

    @Test func `random calls of built-ins with odd arguments never trap`() throws {
        var random = SeededGenerator(seed: 13)
        let values = [
            "null", "1e1", "0 - 5", "1000000000000000000000", "number(\"inf\")", "number(\"nan\")",
            "\"\"", "\"a\\377\"", "[ ]", "[ 1, \"b\", null ]", "{ }", "{ a = 1 }", "x => x",
            "String",
            "0.5", "true", "\"^(a|b)*$\"", "-1", "Math", "&globals",
        ]
        let functions = [
            "match", "regex", "cidr_match", "len", "union", "intersection", "keys", "string",
            "number", "bool", "range", "escape_shell_arg", "escape_shell_cmd", "basename",
            "dirname",
            "typeof", "Json.encode", "Json.decode", "Math.floor", "Math.round", "Math.pow",
            "Math.max",
            "log", "glob", "path_exists",
        ]
        let methods = [
            "len", "substr", "split", "find", "replace", "join", "sort", "map", "filter", "reduce",
            "any", "all", "get", "set", "remove", "add", "contains", "unique", "reverse", "call",
            "callv", "keys", "values", "to_string", "shallow_clone", "freeze", "clear", "trim",
        ]
        let operators = ["+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "<", "in", "==", "&&"]
        func pick(_ list: [String]) -> String { list.randomElement(using: &random) ?? "" }
        for _ in 0..<1500 {
            let text =
                switch Int.random(in: 0..<4, using: &random) {
                case 0: "\(pick(functions))(\(pick(values)), \(pick(values)), \(pick(values)))"
                case 1: "(\(pick(values))).\(pick(methods))(\(pick(values)), \(pick(values)))"
                case 2: "(\(pick(values))) \(pick(operators)) (\(pick(values)))"
                default: "var v = \(pick(values)); v[\(pick(values))] = 1; ~(\(pick(values)))"
                }
            do throws(ConfigFault) {
                _ = try value(text, limits: Self.limits).toText
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test(arguments: ["<", "\"", "/*", "{{{", "@", "\\", "$", "\u{0}", "\u{feff}", "é", "<a\n"])
    func `a text of one thing repeated ends quickly`(piece: String) {
        run(Array(String(repeating: piece, count: 20_000).utf8))
    }
}
