import ArgumentParser
import Collector
import ConfigLanguage
import Foundation
import Monitoring
import Policy

/// `forwarder policy`: what the policy file says, and what follows from it.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Check policy.ini, and explain what it means for an object.",
        discussion: """
            policy.ini says what each master gets of this host's results and what it may ask for. \
            Nothing is asked of a running daemon: `forwarder status` shows what it has in force.
            """,
        subcommands: [Check.self, Explain.self])
}

extension PolicyCommand {
    /// `forwarder policy check`.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what is wrong with a policy file, and what looks like a mistake.",
            discussion: """
                Reads the file as the daemon would at its start or at SIGHUP; another file can be \
                tried before it takes the place of the one in use. Errors and warnings name file, \
                line and column. Exit status 0: the file can be used; 1: it cannot.
                """)

        @OptionGroup var common: CommonOptions

        @Argument(help: "The file; by default the one that forwarder.conf names.")
        var file: String?

        @Flag(help: "Print as JSON.")
        var json = false

        func run() throws {
            let configuration = try common.load()
            let (definitions, preparing) = try common.loadDefinitions(configuration)
            let source = PolicySource(configuration, path: file)
            var report = CheckedPolicy(source, definitions.policyObjects(preparing))
            // the one in use may be missing, another one was named to be read
            if file != nil, !report.isPresent, report.errors.isEmpty {
                report.errors.append(.init("There is no file '\(source.path)'."))
            }
            try show(report)
            if !report.errors.isEmpty { throw ExitCode(1) }
        }

        private func show(_ report: CheckedPolicy) throws {
            if json { return try Output.writeJSON(report) }
            for finding in report.errors + report.warnings { Output.complain(finding.text) }
            guard report.errors.isEmpty else { return }
            let roles = Words.counted(report.roles.count, "role")
            let warnings = Words.counted(report.warnings.count, "warning")
            try Output.write(
                report.isPresent
                    ? "\(report.path.printable) can be used: \(roles), \(warnings).\n"
                    : "There is no \(report.path.printable): own health alone leaves.\n")
        }
    }

    /// `forwarder policy explain`.
    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what a master gets of an object, and which line of which role says so.",
            discussion: """
                Results, output, rechecks, definition, groups and custom variables, each with the \
                line that allows, denies or masks it, by the policy file and the definitions as \
                they are now. Results that wait are judged by what their object was when it was \
                checked. Exit status 0: it could be told, whatever it is; 1: it could not.
                """)

        @OptionGroup var common: CommonOptions

        @Argument(
            help: "HOST or HOST!SERVICE; a service of this host may be given by its name alone.")
        var object: String

        @Option(help: "Only this destination (the zone, or the Master object's name).")
        var master: String?

        @Flag(help: "Print as JSON.")
        var json = false

        func run() throws {
            let configuration = try common.load()
            let (definitions, preparing) = try common.loadDefinitions(configuration)
            let destinations = try master.map { [try configuration.destination(named: $0)] }
            let reading = try PolicySource(configuration).readOrExit()
            let found = definitions.policyObjects(preparing)
            let names = [
                ObjectName(fullName: object),
                ObjectName(host: configuration.nodeName, service: object),
            ].compactMap { $0 }
            guard let object = found.objects.first(where: { names.contains($0.name) }) else {
                found.faults.forEach { Output.complain($0.description) }
                Output.complain(
                    """
                    '\(object)' is not defined here, or cannot be judged. `forwarder list` shows \
                    what is.
                    """)
                throw ExitCode(1)
            }
            if !reading.isPresent { Output.complain(PolicySource(configuration).absence) }
            let explanations = (destinations ?? configuration.destinations.map(\.zone)).map {
                reading.rules.explain(object, for: $0)
            }
            if json {
                try Output.writeJSON(explanations.map(ExplainedObject.init))
            } else {
                try Output.write(explanations.map { "\($0)\n" }.joined())
            }
        }
    }
}
