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
        case 14, 15: pick(["[ \"a\", \"b c\" ]", "[ 1, true, \"x\" ]", "[ ]", "[ \"$address$\" ]"])
        case 16: pick(["{ }", "{ k = \"v\" }"])
        case 17: pick(["{{ \"called\" }}", "{{ macro(\"$address$\") }}", "{{ [ 1, \"f\" ] }}"])
        case 18: "\"$" + pick(names) + "$\""
        default: pick(["\"<$address$>\"", "\"100$$\"", "\"$nope$\"", "\"$host.vars.os$\""])
        }
    }
}
