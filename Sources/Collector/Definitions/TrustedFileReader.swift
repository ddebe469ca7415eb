package import ConfigLanguage

/// Reads configuration, and only what nobody but its owner can have written.
package struct TrustedFileReader: ConfigFileReader {
    private let files: any DefinitionFileSystem
    private let trust: FileTrust

    /// Reads these files with this trust.
    package init(files: any DefinitionFileSystem, trust: FileTrust) {
        self.files = files
        self.trust = trust
    }

    /// Deepest directory below the definitions that is read; what lies deeper is left out.
    ///
    /// 32: ends loops of symbolic links.
    static let deepestDirectory = 32

    package func read(_ path: String) throws(ConfigFault) -> [UInt8] {
        let opened: (facts: FileFacts, content: [UInt8])
        do {
            opened = try files.open(path)
        } catch {
            throw .unreadable(Diagnostic("Cannot read '\(path)': \(error.reason)."))
        }
        if let complaint = trust.complaint(about: path, opened.facts) {
            throw .unreadable(Diagnostic(complaint))
        }
        return opened.content
    }

    package func files(matching pattern: String) -> [String] {
        files.paths(matching: pattern).filter { files.facts(of: $0)?.isDirectory == false }
    }

    package func files(below directory: String, matching pattern: String) -> [String] {
        walk(directory, pattern, depth: 0)
    }

    private func walk(_ directory: String, _ pattern: String, depth: Int) -> [String] {
        guard depth < Self.deepestDirectory else { return [] }
        return files.names(in: directory).flatMap { name -> [String] in
            let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
            guard let facts = files.facts(of: path) else { return [] }
            if facts.isDirectory { return walk(path, pattern, depth: depth + 1) }
            return files.matches(name, pattern) ? [path] : []
        }
    }
}
