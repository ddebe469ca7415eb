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
        var loaded = evaluate(paths, .asDefined)
        if isOwnHostMissed(loaded) {
            // rules may apply to it, so it has to be there from the start
            let other = evaluate(paths, .added)
            if other.errors.count < max(1, loaded.errors.count) { loaded = other }
        }
        let rules = SchedulingRules(loaded.session.registry)
        let errors = loaded.errors + rules.errors
        guard errors.isEmpty else { throw .invalid(missingLibrary(errors) + errors) }
        return Definitions(session: loaded.session, settings: settings, rules: rules)
    }

    /// True when nothing defines the own host, and something may name it or there is no other.
    private func isOwnHostMissed(_ loaded: Loaded) -> Bool {
        let isDeclared = loaded.session.isDeclared(
            type: "Host", name: ByteString(settings.nodeName))
        guard !isDeclared else { return false }
        let registry = loaded.session.registry
        let names: [(type: String, attribute: ByteString)] = [
            ("Service", "host_name"), ("Dependency", "parent_host_name"),
            ("Dependency", "child_host_name"),
        ]
        return registry.objects(ofType: "Host").isEmpty || !loaded.errors.isEmpty
            || names.contains { type, attribute in
                registry.objects(ofType: type).contains {
                    $0[attribute].toText == ByteString(settings.nodeName)
                }
            }
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

    /// A session after all that is in the files was evaluated and looked at.
    private struct Loaded {
        let session: ConfigSession
        let errors: [Diagnostic]
    }

    /// Whether the own host is what the files say, or is there in any case.
    private enum OwnHost {
        case asDefined
        case added
    }

    private func evaluate(_ paths: [String], _ ownHost: OwnHost) -> Loaded {
        let session = ConfigSession(
            schemas: Self.schemas,
            constants: BuiltIns.constants(
                nodeName: settings.nodeName,
                zoneName: settings.zoneName
            ),
            includePaths: [settings.templateLibrary],
            reader: TrustedFileReader(files: files, trust: trust)
        )
        session.validator = { [settings] object, session in
            ObjectValidation.errors(of: object, in: session, settings)
        }
        session.load(text: BuiltIns.templates, name: "(built-in templates)")
        if hasLibrary {
            let includes = Self.library.map { "include <\($0)>\n" }.joined()
            session.load(text: Array(includes.utf8), name: "(template library)")
        }
        if ownHost == .added {
            session.load(text: Array("object Host NodeName { }\n".utf8), name: "(own host)")
        }
        for path in paths { session.load(path: path) }
        let application = ByteString(BuiltIns.applicationName)
        if !session.isDeclared(type: SchemaIgnored.application, name: application) {
            session.load(text: BuiltIns.application, name: BuiltIns.applicationSource)
        }
        // what could be evaluated is looked at in any case: one run tells all errors
        do {
            try session.commit()
            return Loaded(session: session, errors: errors(in: session))
        } catch {
            return Loaded(session: session, errors: error.diagnostics + errors(in: session))
        }
    }

    /// Every type that definitions can name.
    static let schemas: [ObjectTypeSchema] =
        ([
            SchemaChecked.host, SchemaChecked.service, SchemaOthers.checkCommand,
            SchemaOthers.timePeriod, SchemaOthers.hostGroup, SchemaOthers.serviceGroup,
            SchemaOthers.dependency,
        ] + SchemaIgnored.all).map { $0.derived(from: SchemaBases.of($0.name)) }

    // MARK: Validation

    private func errors(in session: ConfigSession) -> [Diagnostic] {
        let health = HealthService(nodeName: settings.nodeName)
        var validation = ObjectValidation(session, settings)
        validation.validateAll()
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
