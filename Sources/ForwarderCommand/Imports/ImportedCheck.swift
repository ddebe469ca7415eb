import Monitoring

/// One check of another program as definitions: a CheckCommand and a Service of the own host.
struct ImportedCheck: Sendable, Hashable {
    /// What is run.
    enum CommandLine: Sendable, Hashable {
        /// These words, without a shell.
        case words([String])
        /// A line for `/bin/sh -c`.
        case shell(String)
        /// A line for this shell.
        case otherShell(path: String, String)
        /// A line for `/bin/sh -c` with texts of custom variables put in as they are.
        case template([Piece])
    }

    /// A part of a line.
    enum Piece: Sendable, Hashable {
        case text(String)
        /// The value of the custom variable of this name.
        case variable(String)
    }

    /// A variable of a plugin's environment.
    struct EnvironmentVariable: Sendable, Hashable {
        var name: String
        var value: String
    }

    var place: ImportPlace
    /// The line that it comes from, for whoever compares.
    var original: String
    var commandName: String
    var serviceName: String
    var commandLine: CommandLine
    /// Seconds until it is ended; nil for the command's default.
    var timeoutSeconds: Int?
    /// Seconds between checks; nil for the template's.
    var intervalSeconds: Int?
    /// Environment variables of the plugin, by name and value.
    var environment: [EnvironmentVariable] = []
    /// What whoever reads it has to know.
    var remarks: [String] = []

    /// The two objects, with what they come from above them.
    func text(template: String) -> String {
        let variables = self.variables.map { name in
            "    // vars.\(name) = \"...\"    // to be written: see above\n"
        }
        let interval = intervalSeconds.map { "    check_interval = \($0)\n" } ?? ""
        let timeout = timeoutSeconds.map { "    timeout = \($0)\n" } ?? ""
        let comments = (["\(place): \(original)"] + remarks).map(IcingaText.comment).joined()
        return """
            \(comments)\
            object CheckCommand \(IcingaText.string(commandName)) {
                command = \(command)
            \(arguments)\(variablesText)\(timeout)}
            object Service \(IcingaText.string(serviceName)) {
                \(ImportTemplate.line(template))
                check_command = \(IcingaText.string(commandName))
            \(interval)\(variables.joined())}

            """
    }

    /// Names of custom variables that the line needs, each once.
    var variables: [String] {
        guard case .template(let pieces) = commandLine else { return [] }
        var names: [String] = []
        for case .variable(let name) in pieces where !names.contains(name) { names.append(name) }
        return names
    }

    private var variablesText: String {
        environment.map { variable in
            "    env.\(variable.name) = \(IcingaText.macroFreeString(variable.value))\n"
        }.joined()
    }

    /// Without a value nothing is run; values are also the shell's own arguments, which no line
    /// uses.
    private var arguments: String {
        guard !variables.isEmpty else { return "" }
        let lines = variables.map { name in
            "        \"\(name)\" = { value = \"$\(name)$\", required = true, skip_key = true }\n"
        }
        return "    arguments = {\n\(lines.joined())    }\n"
    }

    private var command: String {
        switch commandLine {
        case .words(let words): IcingaText.array(words.map(IcingaText.macroFreeString))
        case .shell(let line) where !line.utf8.contains(UInt8(ascii: "$")): IcingaText.string(line)
        case .shell(let line):
            // in a string a dollar sign comes in quotes, in which it does nothing
            IcingaText.array(["/bin/sh", "-c", line].map(IcingaText.macroFreeString))
        case .otherShell(let path, let line):
            IcingaText.array([path, "-c", line].map(IcingaText.macroFreeString))
        case .template(let pieces):
            // in an array values are put in as they are; in a string each would be quoted
            IcingaText.array(
                ["/bin/sh", "-c"].map(IcingaText.string) + [IcingaText.string(Self.text(pieces))])
        }
    }

    private static func text(_ pieces: [Piece]) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): IcingaText.macroFree(text)
            case .variable(let name): "$\(name)$"
            }
        }.joined()
    }
}

/// What an import comes to: text to be read and kept, and what is said on standard error.
struct ImportOutcome: Sendable, Hashable {
    var text: String
    var notes: [ImportNote]
}
