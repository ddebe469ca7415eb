import ConfigLanguage

@testable import ForwarderCommand

/// `forwarder.conf` from memory.
struct ConfigurationFixture: ConfigFileReader {
    static let path = "/etc/forwarder/forwarder.conf"
    private let text: String

    /// Loads this text, or throws what is wrong with it.
    static func load(_ text: String) throws(ConfigFault) -> ForwarderConfiguration {
        try ConfigurationLoader(
            reader: ConfigurationFixture(text: text), hostName: "web1", programFolder: "/usr/bin"
        ).load(path: path)
    }

    /// What is wrong with this text, one after the other; empty when nothing is.
    static func errors(in text: String) -> [String] {
        do {
            _ = try load(text)
            return []
        } catch {
            return error.diagnostics.map(\.description)
        }
    }

    /// A Master object with everything that it must have, and these lines.
    static func master(_ name: String, host: String = "192.0.2.1", _ lines: String = "") -> String {
        """
        object Master "\(name)" {
          host = "\(host)"
          certificate = "c", private_key = "k", ca = "a"
        \(lines)
        }

        """
    }

    func read(_ path: String) throws(ConfigFault) -> [UInt8] { Array(text.utf8) }
    func files(matching pattern: String) -> [String] { [] }
    func files(below directory: String, matching pattern: String) -> [String] { [] }
}
