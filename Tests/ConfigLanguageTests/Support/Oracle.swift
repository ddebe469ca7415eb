import Foundation

/// The installed Icinga 2, as a black box that knows the language.
enum Oracle {
    static let binary = "/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2"
    static let includes = "/usr/share/icinga2/include"
    static let definitions = "/etc/icinga2/conf.d"

    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: binary) }
    static var hasIncludes: Bool { FileManager.default.fileExists(atPath: includes) }

    /// The verdict on a text: true, false, or nil when the binary itself failed.
    static func accepts(_ text: String) -> Bool? {
        let path = NSTemporaryDirectory() + "oracle-\(UUID().uuidString).conf"
        defer { try? FileManager.default.removeItem(atPath: path) }  // lost on purpose: temporary
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else {
            return nil
        }
        guard let run = run(["console", "--syntax-only", "-r", path]) else { return nil }
        return run.status == 0
    }

    /// What the console prints for an expression, without the last line end.
    static func evaluate(_ expression: String) -> String? {
        guard let run = run(["console", "-e", expression]), run.status == 0 else { return nil }
        return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func run(_ arguments: [String]) -> (status: Int32, output: String)? {
        let process = Process()
        let pipe = Pipe()
        // the binary waits for ever on some texts, such as `$x`
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
        process.arguments = ["5", binary] + arguments
        process.environment = ["ICINGA2_USER": "root", "ICINGA2_GROUP": "root", "PATH": "/usr/bin"]
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { return nil }
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        // 124: out of time; a signal shows as 128 and more, or as the reason
        guard process.terminationReason == .exit, process.terminationStatus < 124 else {
            return nil
        }
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

/// A random sequence that is the same in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Texts made of real ones by changing tokens.
enum Mutations {
    static let seeds: [String] = [
        """
        object Host "a" {
          import "generic"
          address = "192.0.2.1"
          vars.os = "Linux"
        }

        """,
        """
        apply Service "d" for (disk => config in host.vars.disks) {
          vars += config
          assign where host.vars.os == "Linux" && !host.vars.x
        }

        """,
        """
        function f(a, b) use (c = 3) {
          if (a < b) {
            return a + [ 1, 2 ]
          } else {
            b.c += 1
          }
        }

        """,
        """
        template CheckCommand "x" default {
          command = [ PluginDir + "/x" ]
          arguments = {
            "-w" = { value = "$w$"; set_if = {{ macro("$y$") }} }
          }
        }

        """,
        """
        for (var k => v in { a = 1, b = x => x * 2 }) {
          while (k) { break }
          try { throw v } except { k = null }
        }

        """,
        """
        const A = (1m + 5) ? "a" in [ "b" ] : -3 % 2 | 4
        var x = &A; *x = this.y
        include "x"
        namespace N { z = 1 }

        """,
    ]

    private static let words = [
        "{", "}", "(", ")", "[", "]", "{{", "}}", ",", ";", "\n", "=", "+=", "=>", "==", "<", ">",
        "!",
        "&", "*", "-", "?", ":", ".", "in", "!in", "if", "else", "use", "for", "return", "var",
        "object", "apply", "assign where", "import", "\"s\"", "5m", "x", "null", "function", "@in",
    ]

    static func text(_ random: inout SeededGenerator) -> String {
        var pieces = pieces(of: seeds.randomElement(using: &random) ?? "")
        for _ in 0..<Int.random(in: 1...3, using: &random) where !pieces.isEmpty {
            let place = Int.random(in: 0..<pieces.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: pieces.remove(at: place)
            case 1: pieces.insert(words.randomElement(using: &random) ?? "", at: place)
            case 2: pieces[place] = words.randomElement(using: &random) ?? ""
            default: pieces.swapAt(place, Int.random(in: 0..<pieces.count, using: &random))
            }
        }
        return pieces.joined(separator: " ")
    }

    private static func pieces(of text: String) -> [String] {
        text.replacingOccurrences(of: "\n", with: " \n ").split(separator: " ").map(String.init)
    }
}
