import ArgumentParser
import Collector
import ConfigLanguage
import Foundation
import Monitoring

/// `forwarder validate`: whether configuration and definitions are in order.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check configuration and definitions without running anything.",
        discussion: """
            Prints every error with file, line and column and shows the line, then what was \
            loaded and what was ignored. The policy is judged as `forwarder policy check` does. \
            Certificates, keys and the network process are judged \
            as that process would judge them: run it as the daemon's user. Users and groups that \
            are named must be on this host. A drop directory that the daemon could not use is \
            warned of. Exit status as `icinga2 daemon -C`: 0 valid, 1 not.
            """)

    @OptionGroup var common: CommonOptions

    func run() throws {
        let configuration = try common.load()
        let (definitions, preparing) = try common.loadDefinitions(configuration)
        for warning in definitions.warnings { Output.complain(warning.description) }
        let policy = CheckedPolicy(
            PolicySource(configuration), definitions.policyObjects(preparing))
        for finding in policy.errors + policy.warnings { Output.complain(finding.text) }
        if !policy.isPresent { Output.complain(PolicySource(configuration).absence) }
        guard policy.errors.isEmpty else { throw ExitCode(1) }
        // Only root can judge for a daemon of another user: the directory's owner.
        let user = geteuid() == 0 ? nil : geteuid()
        if let fault = DropDirectory(path: configuration.dropPath).complaint(for: user) {
            Output.complain(Diagnostic(fault.description, severity: .warning).description)
        }
        // lost on purpose: what is wrong with them is one of the complaints below
        if let doubt = (try? ControlRights(configuration))?.complaint {
            Output.complain(Diagnostic(doubt, severity: .warning).description)
        }
        let complaints = Self.complaints(about: configuration)
        guard complaints.isEmpty else {
            Output.complain(ErrorListing.text(complaints))
            throw ExitCode(1)
        }
        let hosts = definitions.entries.count(where: \.name.isHost)
        let services = definitions.entries.count - hosts
        let counted = Words.counted
        try Output.write(
            """
            Valid: \(counted(hosts, "host")), \(counted(services, "service")), \
            \(definitions.activeCount) of them checked from here, \
            \(counted(definitions.checkCommands.count, "check command")), \
            \(counted(configuration.destinations.count, "master")).

            """)
        for (type, count) in definitions.ignored.sorted(by: { $0.key < $1.key }) {
            try Output.write("Ignored: \(count) of type \(type), which a client has no use for.\n")
        }
        for object in definitions.foreign {
            try Output.write(
                "Not ours: \(object.name.fullName) (\(object.reason)), defined at "
                    + "\(object.location).\n")
        }
        if definitions.foreign.contains(where: { $0.reason.hasPrefix("zone") }) {
            try Output.write(Self.zones)
        }
    }

    private static let zones = """
        A zone is this node's where a Zone object has the node among its 'endpoints', or the \
        definitions name it with const ZoneName = "…".

        """

    /// What the daemon or the network process would not start with.
    private static func complaints(about configuration: ForwarderConfiguration) -> [Diagnostic] {
        var complaints = UplinkInspection(configuration).complaintsAndWait().map {
            Diagnostic($0.text)
        }
        complaints += SubmissionRights.unknownNames(in: configuration.submitters)
        var others = configuration
        others.submitters = []
        do throws(ControlFault) {
            _ = try ControlRights(others)
        } catch {
            complaints.append(Diagnostic(error.description))
        }
        do throws(PluginUserFault) {
            _ = try configuration.runnerSettings()
        } catch {
            complaints.append(Diagnostic(error.description))
        }
        return complaints
    }
}
