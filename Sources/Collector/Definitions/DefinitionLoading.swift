package import ConfigLanguage
internal import Monitoring

/// Where definitions are and whose they are.
package struct DefinitionSettings: Sendable {
    /// The definitions: every `*.conf` and `*.json` below this directory is read.
    package var directory: String
    /// This node's name, the constant `NodeName`; its own host has the same name.
    package var nodeName: String
    /// The constant `ZoneName`; by default the node's name.
    package var zoneName: String
    /// Where `include <itl>` looks for Icinga's template library.
    package var templateLibrary: String

    /// Debian's icinga2-common installs the template library here.
    package static let defaultTemplateLibrary = "/usr/share/icinga2/include"

    /// Settings with all their parts.
    package init(
        directory: String,
        nodeName: String,
        zoneName: String? = nil,
        templateLibrary: String = Self.defaultTemplateLibrary
    ) {
        self.directory = directory
        self.nodeName = nodeName
        self.zoneName = zoneName ?? nodeName
        self.templateLibrary = templateLibrary
    }
}

/// Why there are no definitions.
package enum DefinitionsFault: Error, Sendable {
    /// The files have these errors, all of them.
    case invalid([Diagnostic])

    /// What is wrong, the most telling first.
    package var errors: [Diagnostic] {
        switch self {
        case .invalid(let errors): errors
        }
    }
}

extension DefinitionsFault: CustomStringConvertible {
    /// Every error with its place and its line.
    package var description: String {
        switch self {
        case .invalid(let errors): errors.map(\.description).joined(separator: "\n")
        }
    }
}

extension Definitions {
    /// Reads, evaluates and validates the definitions below a directory.
    ///
    /// - Throws: `.invalid` with every error that was found; nothing is half loaded.
    package static func load(
        _ settings: DefinitionSettings,
        files: any DefinitionFileSystem,
        trust: FileTrust
    ) throws(DefinitionsFault) -> sending Definitions {
        let loading = DefinitionLoading(settings, files: files, trust: trust)
        return try loading.load()
    }
}

/// One attempt to load definitions.
struct DefinitionLoading {
    private let settings: DefinitionSettings
    private let files: any DefinitionFileSystem
    private let trust: FileTrust

    /// The parts of the template library that stock Icinga includes and that Linux can use.
    private static let library = ["itl", "plugins", "plugins-contrib", "manubulon"]

    init(
        _ settings: DefinitionSettings,
        files: any DefinitionFileSystem,
        trust: FileTrust
    ) {
        self.settings = settings
        self.files = files
        self.trust = trust
    }

    func load() throws(DefinitionsFault) -> Definitions {
        let paths = try definitionPaths()
        var session = try commit(paths, ownHost: false)
        if session.registry.object(type: "Host", name: ByteString(settings.nodeName)) == nil {
            // rules may apply to it, so it has to be there from the start
            session = try commit(paths, ownHost: true)
        }
        let rules = SchedulingRules(session.registry)
        let errors = errors(in: session) + rules.errors
        guard errors.isEmpty else { throw .invalid(missingLibrary(errors) + errors) }
        return Definitions(session: session, settings: settings, rules: rules)
    }

    // MARK: Files

    /// The files to read, after the directories that hold them were found trustworthy.
    private func definitionPaths() throws(DefinitionsFault) -> [String] {
        let directory = settings.directory
        guard let name = ObjectName(fullName: settings.nodeName), name.isHost else {
            throw Self.fault(
                "'\(settings.nodeName)' cannot be this node's name: a name is not empty, has no "
                    + "'!' and no control characters. Set NodeName."
            )
        }
        guard files.facts(of: directory)?.isDirectory == true else {
            throw Self.fault(
                "The definitions directory '\(directory)' does not exist or cannot be read. "
                    + "Nothing can be checked. Create it, or name another one."
            )
        }
        let reader = TrustedFileReader(files: files, trust: trust)
        let paths: [String]
        do throws(ConfigFault) {
            paths =
                try reader.files(below: directory, matching: "*.conf")
                + reader.files(below: directory, matching: "*.json")
        } catch {
            throw .invalid(error.diagnostics)
        }
        let folders = [directory] + Set(paths.map(Self.folder)).subtracting([directory]).sorted()
        let complaints = folders.compactMap { folder in
            files.facts(of: folder).flatMap { trust.complaint(about: folder, $0) }
        }
        guard complaints.isEmpty else { throw .invalid(complaints.map { Diagnostic($0) }) }
        return paths
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return String(path[..<slash])
    }

    // MARK: Evaluation

    private var hasLibrary: Bool {
        files.facts(of: settings.templateLibrary + "/itl") != nil
    }

    private func commit(
        _ paths: [String],
        ownHost: Bool
    ) throws(DefinitionsFault) -> ConfigSession {
        let session = ConfigSession(
            schemas: Self.schemas,
            constants: BuiltIns.constants(
                nodeName: settings.nodeName,
                zoneName: settings.zoneName
            ),
            includePaths: [settings.templateLibrary],
            reader: TrustedFileReader(files: files, trust: trust)
        )
        session.load(text: BuiltIns.templates, name: "(built-in templates)")
        if hasLibrary {
            let includes = Self.library.map { "include <\($0)>\n" }.joined()
            session.load(text: Array(includes.utf8), name: "(template library)")
        }
        if ownHost {
            session.load(text: Array("object Host NodeName { }\n".utf8), name: "(own host)")
        }
        for path in paths { session.load(path: path) }
        do {
            try session.commit()
        } catch {
            // what could be evaluated is looked at all the same: one run tells all errors
            let found = error.diagnostics + errors(in: session)
            throw .invalid(missingLibrary(found) + found)
        }
        return session
    }

    private static let schemas: [ObjectTypeSchema] =
        [
            SchemaChecked.host, SchemaChecked.service, SchemaOthers.checkCommand,
            SchemaOthers.timePeriod, SchemaOthers.hostGroup, SchemaOthers.serviceGroup,
            SchemaOthers.dependency,
        ] + SchemaIgnored.all

    // MARK: Validation

    private func errors(in session: ConfigSession) -> [Diagnostic] {
        let health = HealthService(nodeName: settings.nodeName)
        let own = ObjectName(host: settings.nodeName)
        var validation = ObjectValidation(session, settings)
        // the own host is never checked from here, and what health runs is not a definition's
        validation.validateAll { $0.objectName == own || $0.objectName == health.name }
        let definition = session.registry.object(
            type: "Service",
            name: ByteString(health.name.fullName)
        )
        return validation.errors + (definition.map(health.errors) ?? [])
    }

    /// The reason behind errors about names that the template library would have defined; it goes
    /// before them.
    private func missingLibrary(_ errors: [Diagnostic]) -> [Diagnostic] {
        guard !hasLibrary, errors.contains(where: Self.mayBeOfLibrary) else { return [] }
        return [
            Diagnostic(
                "The Icinga Template Library was not found in '\(settings.templateLibrary)', so "
                    + "none of its check commands exist. Install the package icinga2-common, or "
                    + "set the path where it is."
            )
        ]
    }

    private static func mayBeOfLibrary(_ error: Diagnostic) -> Bool {
        error.message.contains("of type 'CheckCommand' does not exist")
            || error.message.hasPrefix("The template '") || error.message.contains("include")
    }

    private static func fault(_ message: String) -> DefinitionsFault {
        .invalid([Diagnostic(message)])
    }
}
