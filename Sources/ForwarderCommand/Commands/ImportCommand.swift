import ArgumentParser
import Collector
import Foundation
import Monitoring

/// `forwarder import`: what another program's configuration is here, to be read and kept.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Print what another program's configuration becomes here.",
        discussion: """
            Prints definitions, with the lines that they come from, and writes no file: read it, \
            then keep it below conf.d. What could not be translated stands at its place as a \
            comment, and on standard error. Needs no forwarder.conf.

              forwarder import nrpe > /etc/forwarder/conf.d/nrpe.conf && forwarder validate

            Exit status 0: printed, whatever was noted; 1: nothing could be read.
            """,
        subcommands: [NRPE.self, NSCAServer.self, SendNSCA.self, MRPE.self])

    struct NRPE: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "nrpe", abstract: "Commands of nrpe.cfg become checks of this host.",
            discussion: """
                A folder is read as include_dir does. A line that only names a program and its \
                arguments becomes a list of words; any other stays a line for the shell.
                """)

        @Argument(help: "Files and folders; /etc/nagios/nrpe.cfg when left out.")
        var paths: [String] = []

        func run() throws {
            let paths = self.paths.isEmpty ? ["/etc/nagios/nrpe.cfg"] : self.paths
            try ImportCommand.print { source throws(ImportFault) in
                var reader = NRPEReader(source)
                for path in paths { try reader.read(ImportCommand.absolute(path)) }
                return NRPEImport(
                    configuration: reader.configuration, origin: paths.joined(separator: ", ")
                ).outcome
            }
        }
    }

    struct NSCAServer: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "nsca-ng",
            abstract: "Authorisations of nsca-ng's server become passive objects.",
            discussion: """
                Says of each pattern what it really let through. Passwords are not printed.
                """)

        @Argument(help: "The server's file, or a folder of such.")
        var path = "/etc/nsca-ng/nsca-ng.cfg"

        @Option(
            help: ArgumentHelp(
                "Only what this identity could submit; the block \"*\" where it has none.",
                valueName: "name"))
        var identity: String?

        func run() throws {
            try ImportCommand.print { source throws(ImportFault) in
                var reader = NSCAServerReader(
                    source, environment: ProcessInfo.processInfo.environment)
                var configuration = try reader.read(ImportCommand.absolute(path))
                if let identity {
                    guard
                        let selected = NSCAServerImport.select(identity, from: configuration)
                    else {
                        throw .unreadable(
                            "\(path) authorises neither '\(identity.printable)' nor \"*\".")
                    }
                    configuration = selected
                }
                return NSCAServerImport(configuration: configuration, origin: path).outcome
            }
        }
    }

    struct SendNSCA: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "send-nsca", abstract: "What send_nsca.cfg means here.")

        @Argument(help: "The file.")
        var path = "/etc/send_nsca.cfg"

        func run() throws {
            try ImportCommand.print { source throws(ImportFault) in
                SendNSCAImport(try source.read(ImportCommand.absolute(path)), path: path).outcome
            }
        }
    }

    struct MRPE: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "mrpe",
            abstract: "Lines of Checkmk's mrpe.cfg become checks of this host.")

        @Argument(help: "The file.")
        var path = "/etc/check_mk/mrpe.cfg"

        func run() throws {
            try ImportCommand.print { source throws(ImportFault) in
                MRPEImport(try source.read(ImportCommand.absolute(path)), path: path).outcome
            }
        }
    }

    /// Prints what `read` comes to; notes go to standard error.
    private static func print(
        _ read: (ImportSource) throws(ImportFault) -> ImportOutcome
    ) throws {
        let source = ImportSource(files: DiskFiles(), trust: FileTrust(runningUser: geteuid()))
        let outcome: ImportOutcome
        do throws(ImportFault) {
            outcome = try read(source)
        } catch {
            Output.complain("forwarder import: \(error)")
            throw ExitCode(1)
        }
        for note in outcome.notes { Output.complain("\(note)") }
        try Output.write(outcome.text)
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}
