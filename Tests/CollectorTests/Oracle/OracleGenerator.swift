@testable import Collector
import ConfigLanguage
import TestSupport

/// Makes services with custom variables of every kind; the same seed makes the same services.
struct OracleGenerator {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    mutating func pick(_ all: [String]) -> String { random.pick(all) }

    /// True in this many of a hundred cases.
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// Services of the node, `count` of them, over these commands in turn.
    mutating func services(
        _ count: Int,
        over commands: [ConfigObject],
        prefix: String = "s",
        interval: String
    ) -> String {
        (0..<count).map { number in
            let command = commands[number % commands.count]
            let names = Self.macros(of: command)
            var lines = [
                "object Service \"\(prefix)\(number)\" {", "  host_name = NodeName",
                "  check_command = \"\(command.fullName)\"", "  check_interval = \(interval)",
            ]
            // some services say much, some little
            let share = [15, 45, 45, 80][below(4)]
            for name in names where chance(share) {
                lines.append("  vars[\"\(name)\"] = \(literal(names))")
            }
            return (lines + ["}"]).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// The names that a command's own texts ask for.
    private static func macros(of command: ConfigObject) -> [String] {
        var names = Set(command["vars"].asDictionary?.keys.map(\.text) ?? [])
        func collect(_ value: Value) {
            switch value {
            case .string(let text):
                // lost on purpose: a text that cannot be cut asks for nothing
                for case .macro(let name) in (try? MacroText(text))?.parts ?? [] {
                    if !name.isEmpty, !name.bytes.contains(UInt8(ascii: ".")) {
                        names.insert(name.text)
                    }
                }
            case .array(let array): array.elements.forEach(collect)
            case .dictionary(let dictionary):
                for entry in dictionary.entries where entry.key != "description" {
                    collect(entry.value)
                }
            default: break
            }
        }
        for attribute in ["command", "arguments", "env", "vars"] as [ByteString] {
            collect(command[attribute])
        }
        return names.sorted() + functionMacros(of: command.fullName.text)
    }

    /// What the functions of the library ask for; their bodies cannot be looked into.
    private static func functionMacros(of command: String) -> [String] {
        let suffixes = ["upgrade", "dist_upgrade", "integer", "address", "ipv4", "ipv6", "perf"]
        return suffixes.map { "\(command)_\($0)" } + ["check_ipv4", "check_ipv6"]
    }
}

// MARK: - Values

extension OracleGenerator {
    private static let texts = [
        "text", "two words", "it's", "grüße", "-x", "a;b", "  blanks  ", "100%", "a,b",
        "\\\"quoted\\\"", "back\\\\slash", "tab\\there", "line\\nbreak", "$$", "100$$", "a$$b$$c",
        "*?[x]", "`id`", "$$(id)", "~", "日本語", "é", "e\u{301}", "|x=1", "a=b", "1,5", "#no",
        "\\303\\251", "x\\377y", "\\303x", "\\360\\237\\230", "\\355\\240\\200!",
        "!", "&&", "'", "\\\"", "\\\\",
    ]
    private static let wordsOfTruth = [
        "", "true", "false", "True", "yes", "no", "0", "1", " 1", "-1", "1e2", "0.5", "0x1", "inf",
    ]
    private static let numbers = [
        "0", "1", "42", "0.1", "1.5", "5m", "-3", "1000000", "1.5h", "100ms", "2d", "0.0000001",
        "123456789012", "-0.5", "3.14159265", "1000000000000000000", "0.125",
    ]
    private static let functions = [
        "{{ \"called\" }}", "{{ macro(\"$address$\") }}", "{{ [ 1, \"f\" ] }}", "{{ 5 }}",
        "{{ null }}", "{{ true }}", "{{ { k = 1 } }}", "{{ host.name + \"/\" + service.name }}",
        "{{ macro(\"$nope$\") }}", "{{ macro(\"$host.vars.os$\") + \"!\" }}",
        "{{ if (host.vars.os == \"Linux\") { return \"penguin\" } else { return \"?\" } }}",
        "{{ throw \"no value\" }}", "{{ undefined_word }}", "{{ macro(\"$list$\") }}",
        "{{ command.name }}", "{{ \"$address$\" }}", "{{ [ ] }}", "{{ \"\" }}",
        "{{ resolve_arguments([ \"x\" ], { \"-y\" = \"$address$\" }) }}",
        "{{ len(host.vars.list) }}", "{{ host.vars.table.k }}", "{{ service.vars.nope.deeper }}",
        "{{ try { \"in\" } except { \"ex\" } }}", "{{ try { throw 1 } except { \"ex\" } }}",
        "{{ try { return \"in\" } except { 0 } }}", "{{ try { nope } except { return \"ex\" } }}",
        "{{ [ 1, 2 ].map(x => { try { x } except { 0 } }) }}", "{{ macro(host.vars.list) }}",
        "{{ macro([ \"$os$\", \"two words\" ]) }}", "{{ macro([ \"$list$\" ]) }}",
        "{{ macro({ k = \"$os$\", l = [ ] }) }}", "{{ macro(host) }}", "{{ macro(x => x) }}",
        "{{ macro(5) + \"/\" + macro(true) + macro(null) }}", "{{ macro([ ]) }}",
        // errors whose words are others here
        "{{ try { return macro() } except { return \"few\" } }}",
        "{{ try { return \"Linux\" in macro([ \"$os$\" ]) } except { return \"text\" } }}",
        "{{ typeof(macro(null)).name + typeof(macro(\"\")).name }}", "{{ macro([ \"$\" ]) }}",
        "{{ macro(macro(\"$list$\")) }}",
        "{{ icinga }}", "{{ icinga.name + icinga.enable_flapping + icinga.type }}",
        "{{ icinga.vars }}", "{{ icinga.nope }}", "{{ Types.Host.base.base.name }}",
        "{{ ApplicationType }}", "{{ Environment }}", "{{ host.package }}",
        "{{ host.source_location.first_line }}", "{{ typeof(host.source_location).name }}",
    ]
    private static let macros = [
        "<$address$>", "$nope$", "$host.vars.os$", "$address$ $os$", "$host.name$", "$list$",
        "x $list$", "$table$", "$host.vars.table$", "$command.name$", "$loop1$", "$check_command$",
        "$host.vars.table.k$", "$service.name$", "$host.display_name$", "$name$", "a$nope$b",
        "$user.name$", "$host.vars.nope$", "$check_interval$", "$timeout$", "$icinga.vars.x$",
    ]

    /// A value of any kind, as the language writes it; texts may refer to these other variables.
    mutating func literal(_ names: [String], depth: Int = 0) -> String {
        switch below(24) {
        case 0..<6: return quoted(pick(Self.texts))
        case 6..<9: return pick(Self.numbers)
        case 9..<13: return pick(["true", "false"])
        case 13: return quoted(pick(Self.wordsOfTruth))
        case 14: return "null"
        case 15, 16: return depth < 2 ? array(names, depth: depth + 1) : "[ ]"
        case 17: return depth < 2 ? dictionary(names, depth: depth + 1) : "{ }"
        case 18, 19: return pick(Self.functions)
        case 20: return names.isEmpty ? "null" : quoted("$" + pick(names) + "$")
        case 21: return names.isEmpty ? "null" : quoted("<$" + pick(names) + "$>")
        default: return quoted(pick(Self.macros))
        }
    }

    private func quoted(_ text: String) -> String { "\"\(text)\"" }

    private mutating func array(_ names: [String], depth: Int) -> String {
        let elements = (0..<below(4)).map { _ in literal(names, depth: depth) }
        return elements.isEmpty ? "[ ]" : "[ \(elements.joined(separator: ", ")) ]"
    }

    private mutating func dictionary(_ names: [String], depth: Int) -> String {
        let keys = ["k", "key two", "a.b", "ü", "in"]
        let entries = (0..<below(3)).map { _ in
            "\"\(pick(keys))\" = \(literal(names, depth: depth))"
        }
        return entries.isEmpty ? "{ }" : "{ \(entries.joined(separator: "; ")) }"
    }
}

// MARK: - Check commands

extension OracleGenerator {
    /// Variables that made-up commands ask for.
    static let variables = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]

    /// Check commands with every form of `command`, `arguments` and `env`, named `own0` and so on.
    mutating func commands(_ count: Int) -> String {
        (0..<count).map { number in
            var lines = ["object CheckCommand \"own\(number)\" {"]
            let isShell = chance(12)
            lines.append("  command = " + (isShell ? shellLine() : words()))
            if !isShell, chance(85) {
                lines.append("  arguments = {")
                // beyond 16 Icinga's order of equal ones is not stable
                for _ in 0..<(chance(5) ? 20 : below(9)) {
                    lines.append("    \(key()) = \(argument())")
                }
                lines.append("  }")
            }
            if chance(40) {
                for _ in 0..<(1 + below(3)) {
                    lines.append("  env[\"\(environmentName())\"] = \(environmentValue())")
                }
            }
            for name in Self.variables where chance(15) {
                lines.append("  vars.\(name) = \(literal(Self.variables))")
            }
            return (lines + ["}"]).joined(separator: "\n")
        }.joined(separator: "\n") + "\n"
    }

    private mutating func macroText() -> String {
        let name = "$\(pick(Self.variables))$"
        return pick([
            "\"\(name)\"", "\"\(name)\"", "\"--x=\(name)\"", "\"\(name) \(name)\"",
            "\"$host.name$\"", "\"$service.vars.\(pick(Self.variables))$\"", "\"plain\"",
            "\"it's $$5\"", "\"$nope$\"", "\"$address$\"", "\"\"", "\"<\(name)>\"",
        ])
    }

    private mutating func words() -> String {
        let words = (0..<below(4)).map { _ in macroText() }
        let program = "PluginDir + \"/check_own\(below(3))\""
        return "[ \(([program] + words).joined(separator: ", ")) ]"
    }

    private mutating func shellLine() -> String {
        let words = (0..<below(4)).map { _ in macroText().dropFirst().dropLast() }
        return "\"check_shell \(words.joined(separator: " "))\""
    }

    private mutating func key() -> String {
        pick([
            "\"-a\"", "\"-b\"", "\"--long\"", "\"--other\"", "\"-Z\"", "\"(no key)\"", "\"ü\"",
            "\"key with blank\"", "\"-\"", "\"-1\"", "\"A\"", "\"a\"", "\"--\(below(20))\"",
        ])
    }

    private mutating func argument() -> String {
        switch below(12) {
        case 0..<3: return macroText()
        case 3: return pick(["5", "0.5", "true", "false", "null", "\"\"", "{ }", "-2"])
        case 4: return pick(Self.functions)
        default: return description()
        }
    }

    private mutating func description() -> String {
        var options: [String] = []
        if chance(80) {
            let value =
                chance(15)
                ? pick(Self.functions)
                : (chance(15) ? pick(["7", "0.25", "true", "null", "\"\""]) : macroText())
            options.append("value = \(value)")
        }
        if chance(30) {
            let condition = chance(20) ? pick(Self.functions) : setIf()
            options.append("set_if = \(condition)")
        }
        if chance(25) { options.append("order = \(pick(["-2", "-1", "0", "1", "2", "\"1\""]))") }
        if chance(20) { options.append("required = \(pick(["true", "false"]))") }
        if chance(20) { options.append("skip_key = \(pick(["true", "false"]))") }
        if chance(20) { options.append("repeat_key = \(pick(["true", "false"]))") }
        if chance(15) { options.append("key = \(pick(["\"-k\"", "\"\"", "3", "\"--key\""]))") }
        if chance(15) { options.append("separator = \(pick(["\"=\"", "\":\"", "\"\"", "null"]))") }
        if chance(20) { options.append("description = \"what it is for\"") }
        return "{ \(options.joined(separator: "; ")) }"
    }

    private mutating func setIf() -> String {
        let name = "\"$\(pick(Self.variables))$\""
        return pick([
            name, name, name, "\"true\"", "\"false\"", "1", "0", "true", "\"\"", "null",
            "\"$nope$\"", "\"<$alpha$>\"",
        ])
    }

    private mutating func environmentName() -> String {
        pick(["ONE", "TWO", "Three", "with blank", "ü", "LC_ALL", "PATH", "LANG", "X_1"])
    }

    private mutating func environmentValue() -> String {
        chance(80) ? macroText() : pick(["5", "0.5", "true", "null", "{{ \"called\" }}", "\"\""])
    }
}
