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

    package func files(matching pattern: String) throws(ConfigFault) -> [String] {
        try files.files(matching: pattern)
    }

    package func files(
        below directory: String,
        matching pattern: String
    ) throws(ConfigFault) -> [String] {
        try files.files(below: directory, matching: pattern)
    }
}
