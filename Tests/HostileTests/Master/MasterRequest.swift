import Foundation
import TestSupport

/// One request as a master reads it.
struct MasterRequest: Sendable {
    /// What a forwarder asks for.
    enum Kind: Sendable, Hashable { case probe, submission, readBack, schedule, other }

    let path: String
    let body: JSON

    /// Takes the first request out of these bytes; nil while it is not whole.
    init?(taking bytes: inout [UInt8]) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            .components(separatedBy: "\r\n")
        let length = lines.lazy.map { $0.lowercased() }
            .first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
        guard bytes.count >= end.upperBound + (length ?? 0) else { return nil }
        path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let text = bytes[end.upperBound..<(end.upperBound + (length ?? 0))]
        // lost on purpose: a body that is none reads as null
        body = (try? JSON(parsing: Data(text))) ?? .null
        bytes.removeFirst(end.upperBound + (length ?? 0))
    }

    var kind: Kind {
        switch path {
        case "/v1": .probe
        case "/v1/actions/process-check-result": .submission
        case "/v1/objects/hosts", "/v1/objects/services":
            body["attrs"].elements.contains("next_check") ? .schedule : .readBack
        default: .other
        }
    }

    /// The objects that it is about.
    var objects: [String] {
        let one = [body["service"].string, body["host"].string].compactMap(\.self)
        let asked = body["services"].elements + body["hosts"].elements
        return one + asked.compactMap(\.string)
    }
}
