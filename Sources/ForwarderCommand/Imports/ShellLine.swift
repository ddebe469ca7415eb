/// A line that another program hands to a shell, and what it needs one for.
enum ShellLine {
    /// Its words, when a shell would do nothing but cut it at blanks and run the first one; nil
    /// when it does more, or when that cannot be told for certain.
    ///
    /// - Source: POSIX.1-2017, Shell Command Language, sections 2.2 to 2.6 and 2.9.1.
    static func words(of line: String) -> [String]? {
        let words = line.split(omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
            .map(String.init)
        guard let program = words.first, words.allSatisfy(isPlain) else { return nil }
        // an assignment, or what the shell itself does
        guard !program.contains("="), !shellWords.contains(program) else { return nil }
        return words
    }

    /// True when a shell takes every character of a word as it is.
    static func isPlain(_ word: some StringProtocol) -> Bool {
        word.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9": true
            case "_", "@", "%", "+", "=", ":", ",", ".", "/", "-": true
            default: scalar.value > 0xA0
            }
        }
    }

    /// The variables that a line names and does not set itself, in order, each once.
    ///
    /// Takes time with the line's length.
    ///
    /// - Source: POSIX.1-2017, Shell Command Language, sections 2.2.2 and 2.6.2.
    static func variables(in line: String) -> [String] {
        var names: [String] = []
        var known = settings(in: line)
        var rest = Substring.UnicodeScalarView(line.unicodeScalars)
        var isQuoted = false
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\\": rest = rest.dropFirst()
            case "\"": isQuoted.toggle()
            case "'" where !isQuoted: rest = rest.drop { $0 != "'" }.dropFirst()
            case "$":
                if rest.first == "{" { rest = rest.dropFirst() }
                let name = String(Substring(rest.prefix(while: isNameScalar)))
                rest = rest.dropFirst(name.unicodeScalars.count)
                guard let first = name.first, !first.isNumber else { break }
                if known.insert(name).inserted { names.append(name) }
            default: break
            }
        }
        return names
    }

    /// The names in front of a `=`, or behind `for` or `read`.
    private static func settings(in line: String) -> Set<String> {
        var names: Set<String> = []
        var rest = Substring.UnicodeScalarView(line.unicodeScalars)
        var setter: String?
        while !rest.isEmpty {
            let name = String(Substring(rest.prefix(while: isNameScalar)))
            rest = rest.drop(while: isNameScalar)
            let next = rest.first
            if next == "=" || setter == "read" || (setter == "for" && next == " ") {
                names.insert(name)
            }
            setter = next == " " ? name : nil
            if !rest.isEmpty { rest = rest.dropFirst() }
        }
        return names
    }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }

    /// Reserved words and what shells do themselves, with or without a program of that name.
    private static let shellWords: Set = [
        "!", ".", ":", "[", "alias", "bg", "bind", "break", "builtin", "case", "cd", "chdir",
        "command", "continue", "coproc", "declare", "dirs", "disown", "do", "done", "echo", "elif",
        "else", "enable", "esac", "eval", "exec", "exit", "export", "false", "fc", "fg", "fi",
        "for",
        "function", "getopts", "hash", "help", "history", "if", "in", "jobs", "kill", "let",
        "local", "logout", "mapfile", "popd", "printf", "pushd", "pwd", "read", "readarray",
        "readonly", "return", "select", "set", "shift", "shopt", "source", "suspend", "test",
        "then",
        "time", "times", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias", "unset",
        "until", "wait", "while",
    ]
}
