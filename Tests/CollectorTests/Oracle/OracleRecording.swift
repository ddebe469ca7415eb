@testable import Collector
import Foundation
import Monitoring
import TestSupport

/// Inputs that our generators made, with what a real Icinga 2 made of them, for machines without
/// one.
///
/// `FORWARDER_ORACLE_RECORD=1` writes it anew, wherever icinga2 is installed.
struct OracleRecording: Codable {
    /// One execution: what the plugin got, or what was said instead.
    struct Execution: Codable {
        var object: String
        /// What the recorder printed, or the error.
        var output: String
    }

    /// One set of definition files and what became of them: records of `icinga2.debug`.
    struct Resolved: Codable {
        var files: [String: String]
        /// Each as JSON text.
        var objects: [String]
    }

    /// Which Icinga answered.
    var version: String
    /// The definitions of the executions.
    var definitions: String
    var executions: [Execution]
    var resolved: [Resolved]

    /// Where plugins were when it was recorded; no such folder needs to exist.
    static let plugins = "/recorded/plugins"

    static let file = BuiltProducts.repository
        .appendingPathComponent("Tests/Recordings/definitions.json")

    static var isWanted: Bool {
        ProcessInfo.processInfo.environment["FORWARDER_ORACLE_RECORD"] != nil
    }

    static func load() throws -> OracleRecording {
        try JSONDecoder().decode(OracleRecording.self, from: Data(contentsOf: file))
    }

    func save() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try FileManager.default.createDirectory(
            at: Self.file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try (encoder.encode(self) + Data("\n".utf8)).write(to: Self.file)
    }
}
