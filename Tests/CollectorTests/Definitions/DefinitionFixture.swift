@testable import Collector
import ConfigLanguage
import Monitoring

/// Files in memory, beside those of the disk that a test names.
struct MemoryFiles: DefinitionFileSystem {
    var content: [String: String]
    var facts = FileFacts(owner: 0, permissions: 0o644)
    /// Below here the disk is read.
    var passThrough = DefinitionSettings.defaultTemplateLibrary

    func facts(of path: String) -> FileFacts? {
        if path.hasPrefix(passThrough) { return DiskFiles().facts(of: path) }
        if content[path] != nil { return facts }
        let isFolder = content.keys.contains { $0.hasPrefix(path + "/") }
        return isFolder ? FileFacts(owner: 0, permissions: 0o755, isDirectory: true) : nil
    }

    func open(_ path: String) throws(FileProblem) -> (facts: FileFacts, content: [UInt8]) {
        if path.hasPrefix(passThrough) { return try DiskFiles().open(path) }
        guard let text = content[path] else { throw FileProblem(reason: "No such file") }
        return (facts, Array(text.utf8))
    }

    func exists(_ path: String) -> Bool { facts(of: path) != nil }

    func kind(of path: String) -> PathEntry.Kind? {
        if path.hasPrefix(passThrough) { return DiskFiles().kind(of: path) }
        if passThrough.hasPrefix(path + "/") { return .directory }
        return facts(of: path).map { $0.isDirectory ? .directory : .file }
    }

    func entries(of directory: String, limit: Int) throws(PathFault) -> [PathEntry] {
        if directory.hasPrefix(passThrough) {
            return try DiskFiles().entries(of: directory, limit: limit)
        }
        let below = content.keys.filter { $0.hasPrefix(directory + "/") }
            .map { $0.dropFirst(directory.count + 1).prefix { $0 != "/" } }
        let names = Set(below.map(String.init))
        guard names.count <= limit else { throw .tooManyNames }
        guard !names.isEmpty || kind(of: directory) == .directory else {
            throw .unreadable(directory: directory, code: 2)  // ENOENT
        }
        return names.map(PathEntry.init(name:))
    }
}

/// Definitions from a text, on the node `node1`.
enum DefinitionFixture {
    static let files = "/etc/forwarder/conf.d/test.conf"

    /// Whether a second file defines the own host.
    enum OwnHost {
        case defined
        case missing
    }

    static func load(
        _ text: String,
        library: String = DefinitionSettings.defaultTemplateLibrary,
        ownHost: OwnHost = .defined
    ) throws(DefinitionsFault) -> Definitions {
        var content = [files: text]
        if ownHost == .defined, !text.contains("object Host NodeName") {
            content["/etc/forwarder/conf.d/zz-own.conf"] = "object Host NodeName { }"
        }
        return try load(files: content, library: library)
    }

    static func load(
        files content: [String: String],
        library: String = DefinitionSettings.defaultTemplateLibrary
    ) throws(DefinitionsFault) -> Definitions {
        try Definitions.load(
            DefinitionSettings(
                directory: "/etc/forwarder/conf.d",
                nodeName: "node1",
                templateLibrary: library
            ),
            files: MemoryFiles(content: content),
            trust: FileTrust(runningUser: 0)
        )
    }

    /// The errors of a text, each as one line without the source line.
    static func errors(
        _ text: String,
        library: String = DefinitionSettings.defaultTemplateLibrary
    ) -> [String] {
        do {
            _ = try load(text, library: library)
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
                .filter { $0.contains("error: ") }
        }
    }
}

/// Nothing has been checked yet.
struct NothingKnown: RuntimeFactsSource {
    func facts(of objects: [ObjectName]) -> RuntimeFacts {
        RuntimeFacts(
            now: Timestamp(microseconds: 1_700_000_100_000_000),
            started: Timestamp(microseconds: 1_700_000_000_000_000)
        )
    }
}
