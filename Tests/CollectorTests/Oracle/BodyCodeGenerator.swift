import TestSupport

/// Makes hosts whose bodies are programs: assignments to locals, globals, captured names,
/// attributes and parts of them, in every kind of block, so that it shows where a name is looked
/// for and where it is assigned.
///
/// Each host has globals of its own: Icinga evaluates bodies side by side.
struct BodyCodeGenerator {
    private var values: OracleGenerator
    /// Names that hold a dictionary at this point, whatever happened before.
    private var dictionaries: [String] = []
    private var number = 0
    /// True where `this` is the host.
    private var isOfHost = true
    /// How deep blocks may still be nested.
    private var depth = 0
    /// Whether a statement may fail.
    private var isDaring = false

    /// What statements declare.
    ///
    /// A name that nothing declares becomes a global, and those are everybody's.
    private var locals: [String] { ["a", "b", "c"].map { "\($0)\(number)" } }

    init(seed: UInt64) { values = OracleGenerator(seed: seed) }

    /// A file with this many hosts, of which every second one has code that may fail.
    mutating func file(hosts count: Int) -> String {
        (0..<count).map { host($0) }.joined(separator: "\n")
    }

    private mutating func host(_ number: Int) -> String {
        self.number = number
        depth = 3
        isOfHost = true
        isDaring = number.isMultiple(of: 2)
        dictionaries = ["captured", "global\(number)", "vars"]
        let body = statements()
        let code =
            isDaring ? "  try {\n\(body)  } except {\n    vars.has_failed = true\n  }\n" : body
        let names = ["captured", "global\(number)"] + locals
        let reads = names.map { name in
            "  try { vars.end_\(name) = \(name) } except { vars.end_\(name) = \"none\" }\n"
        }
        return """
            globals.global\(number) = { "of" = "file" }
            var captured = { "of" = "file \(number)" }
            object Host "code\(number)" use (captured) {
              check_command = "dummy"
              vars.begun = true
            \(code)\(reads.joined())}

            """
    }

    private mutating func statements() -> String {
        let known = dictionaries
        defer { dictionaries = known }
        return (0..<(1 + values.below(4))).map { _ in "    " + statement() + "\n" }.joined()
    }

    /// Statements that see these names alone, and another `this`.
    private mutating func statements(seeing names: [String]) -> String {
        let (known, wasOfHost) = (dictionaries, isOfHost)
        defer { (dictionaries, isOfHost) = (known, wasOfHost) }
        (dictionaries, isOfHost) = (names, false)
        depth -= 1
        defer { depth += 1 }
        return statements()
    }

    private mutating func block() -> String {
        depth -= 1
        defer { depth += 1 }
        return "{\n\(statements())    }"
    }

    private mutating func statement() -> String {
        switch values.below(depth > 0 ? 16 : 8) {
        case 0, 1:
            let name = values.pick(locals)
            let text = "var \(name) = \(dictionary())"
            dictionaries.append(name)
            return text
        case 2: return "\(target()) = \(value())"
        case 3, 4: return "\(place()).\(key()) = \(value())"
        case 5: return "\(place())[\"\(key())\"] = \(value())"
        case 6: return "\(place()) += \(dictionary())"
        case 7: return daring()
        case 8: return "if (\(condition())) \(block()) else \(block())"
        case 9: return loop("for (k\(number) in [ \"x\", \"y\" ])")
        case 10: return loop("for (k\(number) => v\(number) in { p = 1; q = { } })")
        case 11: return "try \(block()) except \(block())"
        case 12: return "\(place()).\(key()) = \(literal())"
        case 13:
            return "\(place()).\(key()) = \(function())"
        case 14:
            let body = statements(seeing: ["global\(number)"])
            return "\(place()).\(key()) = {{ \(body) return len(global\(number)) }}()"
        default: return "\(place()).\(key()) = [ \(literal()), \(dictionary()) ]"
        }
    }

    private mutating func loop(_ head: String) -> String {
        let end = values.chance(20) ? values.pick(["break", "continue"]) + "\n" : ""
        var body = block()
        body.removeLast()
        return "\(head) \(body)\(end)    }"
    }

    /// What fails, or finds nothing, or is of another kind than it looks.
    private mutating func daring() -> String {
        guard isDaring else { return "\(place()).\(key()) = \(value())" }
        let name = values.pick(
            locals + ["k\(number)", "v\(number)", "nowhere\(number)"]
                + (isOfHost ? ["notes", "action_url"] : []))
        return switch values.below(7) {
        case 0: "\(name) = \(value())"
        case 1: "\(name).\(key()) = \(value())"
        case 2: "\(name) += \(value())"
        case 3: "\(place()).\(key()) = (\(name) == 1)"
        case 4: "locals.\(name) = \(dictionary())"
        case 5: "this.\(name) = \(value())"
        default: "throw \"on purpose\""
        }
    }

    /// A function that is called, and what it captures.
    private mutating func function() -> String {
        let captured = dictionaries.filter { $0 == "captured" }.prefix(1)
        let body = statements(seeing: captured + ["global\(number)"])
        return "function() \(captured.isEmpty ? "" : "use (captured) "){\n\(body)    }()"
    }

    /// A literal with statements of its own.
    private mutating func literal() -> String {
        let names = dictionaries.filter { $0 != "vars" }
        let (known, wasOfHost) = (dictionaries, isOfHost)
        defer { (dictionaries, isOfHost) = (known, wasOfHost) }
        (dictionaries, isOfHost) = (names, false)
        depth -= 1
        defer { depth += 1 }
        let assignments = (0..<values.below(4)).map { _ -> String in
            let name = values.pick(["n", "m"] + (isDaring ? names + locals : []))
            switch values.below(5) {
            case 0: return "\(name) = \(value())"
            case 1: return "\"\(name)\" = \(value())"
            case 2 where isDaring: return "\(name).\(key()) = \(value())"
            case 3 where depth > 0: return "if (\(condition())) \(block())"
            default: return "\(key()) = \(value())"
            }
        }
        return "{ \(assignments.joined(separator: "; ")) }"
    }

    private mutating func target() -> String {
        let common = ["\(place()).\(key())"]
        let ofHost = isOfHost ? ["notes", "display_name", "this.vars.k", "vars.\(key())"] : []
        return values.pick(common + ofHost + (isDaring ? locals : []))
    }

    /// An expression that is a dictionary.
    private mutating func place() -> String {
        let name = values.pick(dictionaries)
        return switch values.below(8) {
        case 0 where isOfHost: "vars"
        case 1 where isOfHost: "this.vars"
        case 2: "globals.global\(number)"
        case 3: "\(name).deep"
        case 4: "(\(name))"
        default: name
        }
    }

    private mutating func key() -> String {
        values.pick(["x", "y", "host", "name", "type", "address", "a", "b"])
    }

    private mutating func condition() -> String {
        let place = place()
        return values.pick(["true", "false", "\(place).x", "len(\(place)) > 2", "!\(place).y"])
    }

    private mutating func dictionary() -> String {
        values.pick(["{ }", "{ x = 1 }", "{ y = \"z\" }", "{ name = \"n\"; a = [ 1 ] }"])
    }

    private mutating func value() -> String {
        let place = place()
        let common = [
            "1", "\"text\"", "true", "[ \"l\" ]", "\(place).x == 1", "len(\(place))", dictionary(),
            "null",
        ]
        let ofHost = ["name", "this.name", "check_command", "captured.of", "len(vars)"]
        return values.pick(common + (isOfHost ? ofHost : []))
    }
}
