import Foundation

/// Every result that a master processes, as its event stream tells them, in order.
///
/// One recording ends with the master; take another after each start, and join them.
package final class ProcessedResults: Sendable {
    /// A result that took effect.
    package struct Entry: Sendable, Hashable {
        /// `host` or `host!service`.
        package let object: String
        /// Its place in the object's order, in seconds since 1970.
        package let executionStart: Double
        /// The state as a plugin's exit status.
        package let state: Int
        /// The object's check attempt afterwards.
        package let attempt: Int
        /// True when the object's state is hard afterwards.
        package let isHard: Bool
        /// The plugin's output.
        package let output: String
        /// When the master processed it, in seconds since 1970.
        package let processedAt: Double
    }

    /// A host that ``drain()`` uses; ``ForwarderSite/renderInto(_:)`` loads it into the master.
    package static let markerDefinition = """
        object Host "\(marker)" { check_command = "dummy", enable_active_checks = false }

        """
    private static let marker = "test-marker"

    private let master: PrivateMaster
    private let stream: ChildProcess

    /// Subscribes, and returns when nothing that is processed from now on can be missed.
    package init(_ master: PrivateMaster) throws {
        self.master = master
        let folder = try TemporaryDirectory("events")
        stream = try ChildProcess(
            "curl",
            [
                "--silent", "--show-error", "--no-buffer", "--noproxy", "*", "--insecure",
                "--user", master.administrator, "--header", "Accept: application/json",
                "--dump-header", folder.path("head"),
                "--data", #"{"types": ["CheckResult"], "queue": "test"}"#,
                "https://127.0.0.1:\(master.port)/v1/events",
            ]
        )
        try eventually("the event stream begins") {
            guard stream.poll() == nil else { throw SupportFault("curl: \(stream.errorText)") }
            // lost on purpose: no head yet reads as empty
            let head = try? String(contentsOfFile: folder.path("head"), encoding: .utf8)
            return head?.contains(" 200 ") == true
        }
    }

    /// Everything that was processed before this call.
    ///
    /// The stream lags by up to some seconds: a result of the test's own marks the place.
    package func drain() throws -> [Entry] {
        let mark = "mark \(UUID().uuidString)"
        let answer = try master.submit(Self.marker, state: 0, output: mark)
        guard answer.status == 200 else { throw SupportFault("no marker: \(answer)") }
        return try eventually("the event stream shows the mark") {
            // Thousands of events take their time to read.
            guard stream.output.range(of: Data(mark.utf8)) != nil else { return nil }
            let entries = try self.entries
            guard entries.contains(where: { $0.output == mark }) else { return nil }
            return entries.filter { $0.object != Self.marker }
        }
    }

    /// True until the master's process ends.
    package var isOpen: Bool { stream.poll() == nil }

    /// What is known by now; all there is once the master has ended.
    package var entries: [Entry] {
        get throws {
            let output = stream.output
            let lines = output.split(separator: UInt8(ascii: "\n"))
            // A line that has no end yet is not there yet.
            let isWhole = output.last == UInt8(ascii: "\n")
            return try lines.dropLast(isWhole ? 0 : 1).map { try Entry(JSON(parsing: $0)) }
        }
    }
}

extension ProcessedResults.Entry {
    fileprivate init(_ event: JSON) throws {
        let result = event["check_result"]
        guard let host = event["host"].string, let start = result["execution_start"].number else {
            throw SupportFault("no event of a result: \(event)")
        }
        object = event["service"].string.map { "\(host)!\($0)" } ?? host
        executionStart = start
        state = Int(result["state"].number ?? -1)
        attempt = Int(result["vars_after"]["attempt"].number ?? -1)
        isHard = result["vars_after"]["state_type"].number == 1
        output = result["output"].string ?? ""
        processedAt = event["timestamp"].number ?? 0
    }
}
