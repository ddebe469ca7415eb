internal import Monitoring
internal import NIOCore
internal import UplinkMessages

/// What a master's answers mean; pure functions over status and body, for 2.13 to 2.16.
///
/// - Source: docs/protocol.md, "What the master answers and what it means".
enum IcingaAnswer {
    /// A verdict on one submission with the master's words.
    struct Verdict: Hashable {
        var outcome: SubmissionOutcome
        var text: String
    }

    /// What became of a submission.
    static func submission(_ answer: HTTPAnswer) -> Verdict {
        let json = JSONValue(answer.body.readableBytesView)
        if let results = json?["results"]?.elements, answer.status != 401 {
            guard results.count == 1, let code = results[0]["code"]?.wholeNumber else {
                return Verdict(
                    outcome: .effectUnverified,
                    text: "status \(answer.status) with \(results.count) results for one object"
                )
            }
            let text = results[0]["status"]?.text ?? ""
            guard code == answer.status else {
                return Verdict(
                    outcome: .effectUnverified,
                    text: "status \(answer.status) around result \(code): \(text)"
                )
            }
            return Verdict(outcome: perResult(code: code, text: text), text: text)
        }
        let text = json?["status"]?.text ?? "status \(answer.status) without an explanation"
        return Verdict(outcome: perRequest(status: answer.status), text: text)
    }

    private static func perResult(code: UInt, text: String) -> SubmissionOutcome {
        switch code {
        case 200 where text.hasBytePrefix("Successfully processed"): .processed
        case 200 where text.hasBytePrefix("Ignoring"): .ignored
        case 400: .rejected
        case 403: .passiveChecksDisabled
        case 404: .objectUnknown
        case 409: .discardedAsOlder
        case 503: .unavailable
        default: .effectUnverified
        }
    }

    private static func perRequest(status: UInt) -> SubmissionOutcome {
        switch status {
        // A 400 without results is about the request, which may have been cut off on the way: the
        // result is read back and sent again, and rejected if that goes on.
        case 401: .unauthorized
        case 403: .permissionMissing
        case 404: .objectUnknown
        case 503: .unavailable
        default: .effectUnverified
        }
    }

    /// What an answer to `GET /v1` says.
    static func probe(_ answer: HTTPAnswer) -> ProbeAnswer {
        let json = JSONValue(answer.body.readableBytesView)
        guard answer.status == 200 else {
            let failure = failure(status: answer.status, json)
            return .failed(failure.fault, text: failure.text)
        }
        guard let result = json?["results"]?.elements?.first,
            let version = result["version"]?.text
        else {
            return .failed(
                .protocolViolation,
                text: "GET /v1 was not answered as Icinga 2 does. Is this an Icinga 2 API port?"
            )
        }
        let permissions = result["permissions"]?.elements?.compactMap(\.text) ?? []
        return .answered(MasterGreeting(version: version, permissions: permissions))
    }

    /// What an answer to a read-back of these objects says.
    static func readBack(_ answer: HTTPAnswer, of asked: Set<ObjectName>) -> ReadBackAnswer {
        query(answer, of: asked, reading)
    }

    /// What an answer to a look at when these objects are due says.
    static func schedule(_ answer: HTTPAnswer, of asked: Set<ObjectName>) -> ScheduleAnswer {
        query(answer, of: asked, scheduleReading)
    }

    private static func query<Reading>(
        _ answer: HTTPAnswer, of asked: Set<ObjectName>,
        _ read: (ObjectName, JSONValue) -> Reading?
    ) -> QueryAnswer<Reading> {
        switch answer.status {
        case 200: break
        case 403: return .permissionMissing
        case 404: return .objectUnknown
        default:
            let failure = failure(
                status: answer.status,
                JSONValue(answer.body.readableBytesView)
            )
            return .failed(failure.fault, text: failure.text)
        }
        guard let results = JSONValue(answer.body.readableBytesView)?["results"]?.elements else {
            return .failed(.protocolViolation, text: "the query's answer is not readable")
        }
        var unread = asked
        var readings: [Reading] = []
        for result in results {
            guard let name = result["name"]?.text.flatMap(ObjectName.init(fullName:)),
                let attributes = result["attrs"], unread.remove(name) != nil
            else { continue }  // what was not asked for, or twice, is nobody's business
            if let reading = read(name, attributes) { readings.append(reading) }
        }
        return .readings(readings)
    }

    private static func reading(of name: ObjectName, _ attributes: JSONValue) -> ObjectReading? {
        let start = attributes["last_check_result"]?["execution_start"]?.number
        return ObjectReading(
            object: name,
            executionStart: start.flatMap(Timestamp.init(seconds:)),
            lastCheck: lastCheck(attributes)
        )
    }

    /// Nil where the master tells no time for the next check.
    private static func scheduleReading(
        of name: ObjectName, _ attributes: JSONValue
    ) -> ScheduleReading? {
        guard let next = attributes["next_check"]?.number.flatMap(Timestamp.init(seconds:)) else {
            return nil
        }
        return ScheduleReading(
            object: name, nextCheck: next,
            isForced: attributes["force_next_check"] == .bool(true),
            lastCheck: lastCheck(attributes)
        )
    }

    private static func lastCheck(_ attributes: JSONValue) -> Timestamp? {
        attributes["last_check"]?.number.flatMap { $0 > 0 ? Timestamp(seconds: $0) : nil }
    }

    /// Joins the answers about hosts and about services: the worst one counts.
    static func joined<Reading>(
        _ first: QueryAnswer<Reading>, _ second: QueryAnswer<Reading>
    ) -> QueryAnswer<Reading> {
        switch (first, second) {
        case (.failed, _): first
        case (_, .failed): second
        case (.permissionMissing, _), (_, .permissionMissing): .permissionMissing
        case (.objectUnknown, _), (_, .objectUnknown): .objectUnknown
        case (.readings(let some), .readings(let others)): .readings(some + others)
        }
    }

    private static func failure(status: UInt, _ json: JSONValue?) -> LinkFailure {
        let words = json?["status"]?.text ?? "no explanation"
        return switch status {
        case 401:
            LinkFailure(
                .unauthorized,
                "the master knows no ApiUser for this host's certificate (\(words)). Create one "
                    + "whose client_cn is the certificate's CN"
            )
        case 503:
            LinkFailure(.unavailable, "the master is starting, reloading or stopping (\(words))")
        default: LinkFailure(.protocolViolation, "the master answered \(status): \(words)")
        }
    }
}

extension String {
    /// True when the text begins with these bytes.
    fileprivate func hasBytePrefix(_ prefix: StaticString) -> Bool {
        prefix.withUTF8Buffer { utf8.starts(with: $0) }
    }
}
