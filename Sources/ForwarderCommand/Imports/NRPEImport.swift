import Monitoring

/// nrpe.cfg as definitions of this host.
struct NRPEImport: Sendable {
    let configuration: NRPEConfiguration
    /// What was read, for the first line.
    let origin: String

    private static let template = "nrpe-service"

    /// The definitions, and what is to be known of them.
    var outcome: ImportOutcome {
        var names = ImportedNames(reserved: [ObjectName.healthServiceName])
        var notes = configuration.notes
        var checks: [ImportedCheck] = []
        for command in configuration.commands {
            guard let check = self.check(command, &names) else {
                let note = ImportNote(
                    place: command.place, text: "Without arguments nothing is run. It is left out.")
                notes.append(note)
                continue
            }
            notes += check.remarks.map { ImportNote(place: command.place, text: $0) }
            checks.append(check)
        }
        let text =
            heading
            + configuration.notes.map { IcingaText.comment("\($0)") }.joined() + "\n"
            + checks.map { $0.text(template: Self.template) }.joined(separator: "\n")
        return ImportOutcome(text: text, notes: notes)
    }

    private func check(
        _ command: NRPEConfiguration.Command, _ names: inout ImportedNames
    ) -> ImportedCheck? {
        let whole = [configuration.prefix, command.line].compactMap { $0 }.joined(separator: " ")
        let line = NRPECommandLine(whole, takesArguments: configuration.takesArguments)
        guard line.text?.allSatisfy({ $0 == " " }) != true else { return nil }
        let name = names.give(command.name)
        var remarks: [String] = []
        if name != command.name {
            remarks.append("Named '\(name)': '\(command.name.printable)' is taken or no name here.")
        }
        if line.hasLoneDollar {
            remarks.append(
                "A dollar sign stands alone. NRPE adds one at the end, so that is what is run here."
            )
        }
        if let stop = command.unreadSince {
            remarks.append(
                "NRPE stopped to read at \(stop): it never had this command. Keep it, or do not."
            )
        }
        if whole.contains("$ARG") { remarks.append(argumentRemark(line)) }
        let commandLine: ImportedCheck.CommandLine =
            switch line.text {
            case nil: .template(line.pieces)
            case .some(let text):
                ShellLine.words(of: text).map { .words($0) } ?? .shell(text)
            }
        return ImportedCheck(
            place: command.place, original: "command[\(command.name)]=\(command.line)",
            commandName: "nrpe-\(name)", serviceName: name, commandLine: commandLine,
            timeoutSeconds: configuration.timeout, remarks: remarks)
    }

    private func argumentRemark(_ line: NRPECommandLine) -> String {
        guard line.text == nil else {
            guard !configuration.takesArguments else {
                return """
                    NRPE knows $ARG1$ to $ARG\(NRPECommandLine.argumentLimit)$; what else stands \
                    here for an argument is nothing, as it was.
                    """
            }
            return """
                NRPE takes no arguments here (dont_blame_nrpe is not 1), so $ARGn$ is nothing, as \
                it was.
                """
        }
        return """
            NRPE took arguments from whoever asked, and put them into a line for the shell. \
            Nothing comes from a master here: write what check_nrpe -a gave into the variables of \
            the service, one service for each set of arguments. Until then its result is UNKNOWN.
            """
    }

    private var heading: String {
        var lines = [
            "Imported from \(origin) by `forwarder import nrpe`, to be read before it is used.",
            """
            Each command has become a CheckCommand and a Service of this host. NRPE knows no \
            interval: the master asked. Write how often each check is to run.
            """,
        ]
        if let user = configuration.user {
            lines.append(
                """
                NRPE ran these as user '\(user)'. Here they run as the daemon's user, or as that \
                of the Checks object in forwarder.conf: user = "\(user)".
                """)
        }
        if let kept = configuration.keptVariables {
            lines.append(
                """
                NRPE handed on environment variables (\(kept)). Here the environment is clean: \
                what a plugin needs goes into env of its CheckCommand.
                """)
        }
        if !configuration.unneeded.isEmpty {
            lines.append(
                """
                Nothing listens here and nobody is let in, so these mean nothing: \
                \(configuration.unneeded.joined(separator: ", ")).
                """)
        }
        return lines.map(IcingaText.comment).joined() + "\n" + ImportTemplate(Self.template).text
    }
}

/// What the imported services of one program have in common.
struct ImportTemplate {
    private let name: String
    private let intervalSeconds: Int

    init(_ name: String, intervalSeconds: Int = 300) {
        self.name = name
        self.intervalSeconds = intervalSeconds
    }

    /// What brings it into an object.
    static func line(_ name: String) -> String { "import \(IcingaText.string(name))" }

    var text: String {
        """
        template Service \(IcingaText.string(name)) {
            host_name = NodeName
            check_interval = \(intervalSeconds)
            retry_interval = 60
            max_check_attempts = 3
        }


        """
    }
}
