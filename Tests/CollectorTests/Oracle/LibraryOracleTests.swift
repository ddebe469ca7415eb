@testable import Collector
import ConfigLanguage
import Foundation
import Monitoring
import TestSupport
import Testing

/// The template libraries of several Icingas, read as they are installed.
@Suite(.serialized) struct LibraryOracleTests {
    /// A template library, and the Icinga that it belongs to where that can be run.
    struct Library: Sendable, CustomTestStringConvertible {
        let name: String
        let folder: String
        let installation: IcingaInstallation?

        var testDescription: String { name }
    }

    /// The machine's own, those of the systems that scripts/unpack-icinga unpacked, and one that
    /// FORWARDER_TEMPLATE_LIBRARY names.
    static let libraries: [Library] = {
        let own = Library(
            name: "installed", folder: DefinitionSettings.defaultTemplateLibrary,
            installation: .installed)
        let environment = ProcessInfo.processInfo.environment
        let unpacked =
            environment["FORWARDER_COMPAT"]
            ?? BuiltProducts.repository.appendingPathComponent(".build/icinga").path
        let systems = ["trixie", "sid"].map { suite in
            let root = unpacked + "/" + suite
            return Library(
                name: "debian \(suite)", folder: root + DefinitionSettings.defaultTemplateLibrary,
                installation: IcingaInstallation(root: root))
        }
        let named = environment["FORWARDER_TEMPLATE_LIBRARY"].map {
            Library(name: $0, folder: $0, installation: nil)
        }
        return ([own] + systems + [named].compactMap { $0 }).filter { one in
            DiskFiles().facts(of: one.folder + "/itl") != nil
        }
    }()

    private static let includes = """
        const NscpPath = "/nscp"
        include <windows-plugins>
        include <nscp>

        """

    private static func load(_ library: Library, _ text: String) throws -> Definitions {
        var files = MemoryFiles(content: ["/d/test.conf": text])
        files.passThrough = library.folder
        return try Definitions.load(
            DefinitionSettings(
                directory: "/d", nodeName: "sandbox", templateLibrary: library.folder),
            files: files,
            trust: FileTrust(runningUser: DiskFiles().facts(of: library.folder)?.owner ?? 0)
        )
    }

    @Test func `which libraries are here is said`() {
        let names = Self.libraries.map(\.name).joined(separator: ", ")
        print("oracle: template libraries: \(names.isEmpty ? "none, skipped" : names)")
        if Self.libraries.count < 2 {
            print("oracle: no newer library: skipped; scripts/unpack-icinga sid gets one")
        }
    }

    @Test(
        .enabled(if: !libraries.isEmpty, "no template library is installed"),
        arguments: libraries
    )
    func `every check command of the library loads and can be prepared`(library: Library) throws {
        let commands = try Self.load(library, Self.includes).session.registry
            .objects(ofType: "CheckCommand")
        if library.name == "installed" { #expect(commands.count == 244) }
        #expect(commands.count >= 244)
        let services = commands.map { command in
            """
            object Service "\(command.fullName)" {
              host_name = NodeName
              check_command = "\(command.fullName)"
            }
            """
        }
        let definitions = try Self.load(
            library,
            Self.includes + "object Host NodeName { address = \"192.0.2.1\" }\n"
                + services.joined(separator: "\n"))
        let preparer = CheckPreparer(definitions, runtime: NothingKnown())
        var built = 0
        for command in commands {
            let name = ObjectName(host: "sandbox", service: command.fullName.text)
            switch preparer.prepare(name).action {
            case .plugin: built += 1
            case .unbuildable(let reason):
                // what a plugin cannot do without is not there, or it is Icinga's own business
                let isExpected =
                    reason.hasPrefix("Non-optional macro") || reason.contains("not available")
                    || reason.contains("Error: Test")
                    // by_ssh and negate without their command, as in Icinga
                    || reason.contains("Invalid type in for expression")
                #expect(isExpected, "\(name): \(reason)")
            case .immediate, .later, .health, .link: built += 1
            }
        }
        #expect(built > 170)
        print("oracle: \(library.name): \(commands.count) check commands, \(built) run as is")
    }

    @Test(
        .enabled(
            if: libraries.contains { $0.installation != nil }, "\(IcingaOracle.absence)"),
        arguments: libraries.filter { $0.installation != nil }
    )
    func `every check command of the library is resolved as its icinga resolves it`(
        library: Library
    ) throws {
        let main = """
            const NodeName = "sandbox"
            const ZoneName = NodeName
            include <itl>
            include <plugins>
            include <plugins-contrib>
            include <manubulon>

            """
        let host = "object Host NodeName { check_command = \"dummy\" }\n"
        let oracle = try IcingaOracle(
            main: main, definitions: Self.includes + host, installation: library.installation)
        let records = try oracle.objects()
        let definitions = try Definitions.load(
            DefinitionSettings(
                directory: oracle.definitions, nodeName: "sandbox",
                templateLibrary: library.folder),
            files: DiskFiles(),
            trust: FileTrust(runningUser: DiskFiles().facts(of: library.folder)?.owner ?? 0)
        )
        var comparison = ObjectComparison("library of \(library.name)", definitions)
        records.forEach { comparison.compare($0) }
        comparison.finish()
        print(comparison.agreement)
        #expect(comparison.count(of: "CheckCommand") >= 244)
        #expect(comparison.agreement.differences.isEmpty, "\(comparison.agreement.shown)")
    }
}
