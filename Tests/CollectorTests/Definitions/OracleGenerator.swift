@testable import Collector
import ConfigLanguage

/// Makes services with custom variables of every kind over all plugin commands; the same seed
/// makes the same services.
struct OracleGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    private mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    private mutating func pick(_ all: [String]) -> String { all[below(all.count)] }

    /// Services of the node, `count` of them, over these commands in turn.
    mutating func services(_ count: Int, over commands: [ConfigObject]) -> String {
        (0..<count).map { number in
            let command = commands[number % commands.count]
            let names = Self.macros(of: command)
            var lines = [
                "object Service \"s\(number)\" {", "  host_name = NodeName",
                "  check_command = \"\(command.fullName)\"", "  check_interval = 4s",
            ]
            for name in names where below(100) < 45 {
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
        for attribute in ["command", "arguments", "vars"] as [ByteString] {
            collect(command[attribute])
        }
        return names.sorted() + functionMacros(of: command.fullName.text)
    }

    /// What the functions of the library ask for; their bodies cannot be looked into.
    private static func functionMacros(of command: String) -> [String] {
        let suffixes = ["upgrade", "dist_upgrade", "integer", "address", "ipv4", "ipv6", "perf"]
        return suffixes.map { "\(command)_\($0)" } + ["check_ipv4", "check_ipv6"]
    }

    private mutating func literal(_ names: [String]) -> String {
        switch below(20) {
        case 0..<5:
            pick(["\"text\"", "\"two words\"", "\"it's\"", "\"grüße\"", "\"-x\"", "\"a;b\""])
        case 5..<8: pick(["0", "1", "42", "0.1", "1.5", "5m", "-3", "1000000"])
        case 8..<13: pick(["true", "false"])
        case 13: pick(["\"\"", "null", "\"true\"", "\"false\"", "\"1e2\"", "\"yes\""])
        case 14: pick(["[ \"a\", \"b c\" ]", "[ 1, true, \"x\" ]", "[ ]", "[ \"$address$\" ]"])
        case 16: pick(["{ }", "{ k = \"v\" }", "\"host\"", "\"x y\"", "7", "true", "true"])
        case 17: pick(["{{ \"called\" }}", "{{ macro(\"$address$\") }}", "{{ [ 1, \"f\" ] }}"])
        case 18: "\"$" + pick(names) + "$\""
        default: pick(["\"<$address$>\"", "\"100$$\"", "\"$nope$\"", "\"$host.vars.os$\""])
        }
    }
}

// MARK: - Edges of macros

extension OracleGenerator {
    /// Texts at the edges of macro resolution that do not depend on the time.
    private static let texts = [
        "", "plain", "$$", "a$$b", "$$$$", "$host.name.foo$", "$host.address$", "$list$",
        "x $table$", "$table$", "$host.vars.table.k$", "$table.k$", "$host.notes$", "$notes$",
        "$display_name$", "$nope$", "x$nope$y", "$service.vars.text$", "$host.vars.list.0$",
        "$service.host.name$", "$service.host.foo$", "$check_interval$", "$timeout$",
        "$command.name$", "$host.vars$", "$host.num_services$", "$icinga.name$", "$zone$",
        "$templates$", "$type$", "$__name$", "$host.last_check_result$",
        "$host.check_interval.foo$", "$loop1$", "$host.downtime_depth$", "$icinga.vars.x$",
        "$service$", "$user.name$", "$host.$", "$.$", "x $list$", "$check_command$", "$os$$os$",
        "$a b$", "'$os$'", "$enable_active_checks$", "$volatile$", "$groups$",
    ]

    /// Forms of a command that hold the text of the service's variable `text`, or the text itself.
    private static func commands(_ number: Int, _ text: String) -> [(name: String, body: String)] {
        [
            ("words", "command = [ \"/p\", \"$text$\" ]; arguments = { k = \"$text$\" }"),
            ("shell", "command = \"p $text$\""),
            (
                "own\(number)",
                "command = [ \"/p\", \"\(text)\" ]\n"
                    + "  arguments = { k = { value = \"\(text)\"; required = true } }"
            ),
            ("line\(number)", "command = \"p \(text)\""),
            (
                "if\(number)",
                "command = [ \"/p\" ]; arguments = { k = { set_if = \"\(text)\" } }"
            ),
            (
                "macro\(number)",
                "command = [ \"/p\" ]; arguments = { k = {{ macro(\"\(text)\") }} }"
            ),
        ]
    }

    /// One service for each text and form.
    static func edges() -> String {
        var made: Set<String> = []
        var lines = [""]
        for (number, text) in texts.enumerated() {
            for (name, body) in commands(number, text) {
                if made.insert(name).inserted {
                    lines.append("object CheckCommand \"edge-\(name)\" { \(body) }")
                }
                lines.append(
                    """
                    object Service "e\(number)-\(name)" {
                      host_name = NodeName
                      check_interval = 4s
                      check_command = "edge-\(name)"
                      vars.text = "\(text)"
                    }
                    """
                )
            }
        }
        return lines.joined(separator: "\n")
    }
}
