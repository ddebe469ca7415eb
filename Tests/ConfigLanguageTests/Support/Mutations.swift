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

    static let words = [
        "{", "}", "(", ")", "[", "]", "{{", "}}", ",", ";", "\n", "=", "+=", "=>", "==", "<", ">",
        "!",
        "&", "*", "-", "?", ":", ".", "in", "!in", "if", "else", "use", "for", "return", "var",
        "object", "apply", "assign where", "import", "\"s\"", "5m", "x", "null", "function", "@in",
        " ", "\n\n", "}}}", "{{{ x }}}", "template", "const", "this", "globals", "while", "break",
        "continue", "throw", "try", "except", "namespace", "using", "include", "library", "default",
        "ignore where", "ignore_on_error", "to", "where", "true", "current_line", "locals", "||",
        "<<", "%", "^", "~", "|", "!=", "<=", "-=", "&=", "# c\n", "// c\n", "/* c */", "<p>",
        "\"a\\nb\"", "\"a\\qb\"", "0.5", "1.", "d", "$", "\\", "'", "\t",
    ]

    static func text(_ random: inout SeededGenerator) -> String {
        mutated(random.pick(seeds), &random)
    }

    /// A text with one to three of its words changed.
    static func mutated(_ text: String, _ random: inout SeededGenerator) -> String {
        var pieces = pieces(of: text)
        for _ in 0..<Int.random(in: 1...3, using: &random) where !pieces.isEmpty {
            let place = Int.random(in: 0..<pieces.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: pieces.remove(at: place)
            case 1: pieces.insert(random.pick(words), at: place)
            case 2: pieces[place] = random.pick(words)
            case 3: pieces.insert(pieces[place], at: place)
            case 4 where place + 1 < pieces.count: pieces.swapAt(place, place + 1)
            default: pieces.swapAt(place, Int.random(in: 0..<pieces.count, using: &random))
            }
        }
        return pieces.joined()
    }

    /// The words and signs of a text and what is between them.
    private static func pieces(of text: String) -> [String] {
        var pieces: [String] = []
        var rest = Substring(text)
        while let first = rest.first {
            let end: Substring.Index
            if first == "\"" {
                let close = rest.dropFirst().firstIndex { $0 == "\"" || $0 == "\n" }
                end = close.map { rest.index(after: $0) } ?? rest.endIndex
            } else if first.isLetter || first.isNumber || first == "_" {
                end =
                    rest.firstIndex { !($0.isLetter || $0.isNumber || $0 == "_") }
                    ?? rest.endIndex
            } else if let pair = pairs.first(where: { rest.hasPrefix($0) }) {
                end = rest.index(rest.startIndex, offsetBy: pair.count)
            } else {
                end = rest.index(after: rest.startIndex)
            }
            pieces.append(String(rest[..<end]))
            rest = rest[end...]
        }
        return pieces
    }

    private static let pairs = [
        "{{{", "}}}", "{{", "}}", "=>", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "<<", ">>",
    ]
}
