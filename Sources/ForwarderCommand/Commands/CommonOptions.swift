import ArgumentParser
import Collector
import ConfigLanguage
import Foundation
import Monitoring

/// What every subcommand that reads the configuration takes.
struct CommonOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = ConfigurationLoader.defaultPath

    /// Reads `forwarder.conf`; what is wrong with it goes to standard error.
    func load() throws -> ForwarderConfiguration {
        do throws(ConfigFault) {
            return try ConfigurationLoader.ofThisHost.load(path: path)
        } catch {
            Output.complain(ErrorListing.text(error.diagnostics))
            if case .unreadable = error { Output.complain(Self.withoutConfiguration) }
            throw ExitCode(1)
        }
    }

    private var path: String {
        config.hasPrefix("/") ? config : "\(FileManager.default.currentDirectoryPath)/\(config)"
    }

    /// Where this host's forwarder takes results; what is wrong with `forwarder.conf` is told, and
    /// ends nothing unless another file is named that cannot be read.
    func meetingPlace() throws(ExitCode) -> MeetingPlace {
        let named = config == ConfigurationLoader.defaultPath ? nil : path
        do throws(ConfigFault) {
            let place = try MeetingPlace(named: named, by: .ofThisHost)
            if let complaint = place.complaint { Output.complain(complaint) }
            return place
        } catch {
            Output.complain(ErrorListing.text(error.diagnostics))
            Output.complain(Self.withoutConfiguration)
            throw ExitCode(1)
        }
    }

    private static let withoutConfiguration = """
        Nothing can be done without it. Name another file with --config, or begin with the \
        documented sample conf/forwarder.conf.
        """

    /// Loads the definitions; what is wrong with them goes to standard error.
    func loadDefinitions(
        _ configuration: ForwarderConfiguration
    ) throws -> sending (DefinitionSummary, CheckPreparer) {
        try loaded(
            DefinitionSource(
                configuration: configuration, board: RuntimeBoard(time: SystemTime())))
    }

    /// Loads the definitions from a source that is used again later.
    func loaded(
        _ source: DefinitionSource
    ) throws -> sending (DefinitionSummary, CheckPreparer) {
        do throws(DefinitionsFault) {
            return try source.load()
        } catch {
            Output.complain(ErrorListing.text(error.errors))
            throw ExitCode(1)
        }
    }

}

extension ConfigurationLoader {
    /// Reads files of this host, if only root and this user can have written them.
    static var ofThisHost: ConfigurationLoader {
        ConfigurationLoader(
            reader: TrustedFileReader(
                files: DiskFiles(), trust: FileTrust(runningUser: geteuid())),
            hostName: ProcessInfo.processInfo.hostName,
            programFolder: programFolder
        )
    }

    /// The folder that this program was started from.
    private static var programFolder: String {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        return URL(fileURLWithPath: path ?? "/usr/bin/forwarder").deletingLastPathComponent().path
    }
}
