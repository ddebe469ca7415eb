import Foundation
import Synchronization
import TestSupport

/// What a sound Icinga 2.14 does with requests: it takes results in the order of their stamps,
/// tells what it holds, and remembers all that took effect.
final class IcingaLedger: Sendable {
    /// A result that took effect.
    struct Effect: Sendable, Hashable {
        var object: String
        /// Its `execution_start` in microseconds.
        var stamp: Int
        var output: String
        /// True when the object held a result of this very stamp before.
        var isAgain: Bool
    }

    private struct Held {
        var stamp: Int
        var lastCheck: Double
        var lifetime: Double
    }

    private struct State {
        var held: [String: Held] = [:]
        var effects: [Effect] = []
    }

    private let state = Mutex(State())

    /// All that took effect, in order.
    var effects: [Effect] { state.withLock { $0.effects } }

    /// The answer of a sound master, whose clock is this many seconds ahead.
    func answer(_ request: MasterRequest, clock offset: Double = 0) -> [UInt8] {
        switch request.kind {
        case .probe: return Answers.greeting
        case .submission: return take(request, clock: offset)
        case .readBack, .schedule: return tell(request)
        case .other: return Answers.plain("404 Not Found", #"{"error":404,"status":"No."}"#)
        }
    }

    /// Has a submission take effect, and says what became of it.
    @discardableResult
    func take(_ request: MasterRequest, clock offset: Double = 0) -> [UInt8] {
        guard let object = request.objects.first,
            let start = request.body["execution_start"].number
        else { return Answers.result(400, "Parameters are missing.") }
        let now = Date().timeIntervalSince1970 + offset
        let stamp = Int((start * 1_000_000).rounded())
        return state.withLock { state in
            let before = state.held[object]
            if let before, stamp < before.stamp, Double(before.stamp) <= now * 1_000_000 {
                return Answers.result(409, "Newer check result already present.")
            }
            let effect = Effect(
                object: object, stamp: stamp,
                output: request.body["plugin_output"].string ?? "",
                isAgain: before?.stamp == stamp)
            state.effects.append(effect)
            state.held[object] = Held(
                stamp: stamp, lastCheck: now, lifetime: request.body["ttl"].number ?? 300)
            return Answers.processed(object)
        }
    }

    /// What it holds of what is asked about, behind more attributes: of two the first counts.
    func tell(_ request: MasterRequest, behind more: [String] = []) -> [UInt8] {
        let held = state.withLock { $0.held }
        let results = request.objects.map { name in
            Answers.reading(
                name, attributes: more + (held[name].map { Self.attributes($0) } ?? []))
        }
        return Answers.results(results)
    }

    private static func attributes(_ held: Held) -> [String] {
        [
            #""last_check":\#(held.lastCheck)"#,
            #""next_check":\#(held.lastCheck + held.lifetime)"#, #""force_next_check":false"#,
            #""last_check_result":{"execution_start":\#(Answers.seconds(held.stamp))}"#,
        ]
    }
}

/// Answers as bytes.
enum Answers {
    static let permissions = #"["actions/process-check-result","objects/query/*"]"#
    static let greeting = plain(
        "200 OK",
        #"{"results":[{"info":"","permissions":\#(permissions),"user":"u","version":"r2.14.6-1"}]}"#
    )

    /// A whole answer; its length is told.
    static func plain(_ status: String, _ body: String, headers: String = "") -> [UInt8] {
        plain(status, Array(body.utf8), headers: headers)
    }

    static func plain(_ status: String, _ body: [UInt8], headers: String = "") -> [UInt8] {
        let head =
            "HTTP/1.1 \(status)\r\nServer: Icinga/r2.14.6-1\r\n\(headers)"
            + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }

    /// The same answer with word that the connection ends behind it.
    static func last(_ answer: [UInt8]) -> [UInt8] {
        guard let end = answer.firstRange(of: Array("\r\n".utf8)) else { return answer }
        return answer[..<end.upperBound] + Array("Connection: close\r\n".utf8)
            + answer[end.upperBound...]
    }

    /// An answer about one submission.
    static func result(_ code: Int, _ text: String) -> [UInt8] {
        plain("\(code) Said", #"{"results":[{"code":\#(code).0,"status":"\#(text)"}]}"#)
    }

    static func processed(_ object: String) -> [UInt8] {
        result(200, "Successfully processed check result for object '\(object)'.")
    }

    /// One object's part of an answer to a query.
    static func reading(_ name: String, attributes: [String]) -> String {
        #"{"attrs":{\#(attributes.joined(separator: ","))},"joins":{},"meta":{},"#
            + #""name":"\#(name)","type":"Service"}"#
    }

    static func results(_ results: [String]) -> [UInt8] {
        plain("200 OK", #"{"results":[\#(results.joined(separator: ","))]}"#)
    }

    /// Microseconds as the decimal seconds that Icinga prints.
    static func seconds(_ microseconds: Int) -> String {
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)."
            + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}
