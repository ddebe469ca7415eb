package import Monitoring

/// What became of one submission, reduced to what delivery decides by.
///
/// - Source: docs/protocol.md, "What the master answers and what it means".
package enum SubmissionOutcome: UInt8, Sendable, CaseIterable {
    /// 200, "Successfully processed". On 2.13 an older result is discarded under the same words.
    case processed = 1
    /// 200, "Ignoring …": a dependency makes the object unreachable, the result is gone.
    case ignored = 2
    /// 409: the master holds a newer result.
    case discardedAsOlder = 3
    /// 400: the master will never take this result.
    case rejected = 4
    /// 403 for this object: passive checks are disabled.
    case passiveChecksDisabled = 5
    /// 404: no such object, or none that this user may touch; on 2.13 also a missing permission.
    case objectUnknown = 6
    /// 403 for the request: the user may not submit results at all.
    case permissionMissing = 7
    /// 401: the master does not know the certificate's user.
    case unauthorized = 8
    /// 503: the master is reloading or the object inactive; certainly not processed.
    case unavailable = 9
    /// 500, an unreadable answer or one that makes no sense: handled, effect unverified.
    case effectUnverified = 10
    /// The connection ended or the answer did not come, after bytes of it may have left.
    case lost = 11
    /// Not one byte of it left.
    case notSent = 12

    /// True when only reading back can tell whether the result took effect.
    package var isAmbiguous: Bool { self == .effectUnverified || self == .lost }
}

/// The outcome of one submission with its evidence.
package struct OutcomeReport: Hashable, Sendable {
    /// The submission's id.
    package var id: UInt64
    /// What became of it.
    package var outcome: SubmissionOutcome
    /// The master's words or the fault, cut to ``Wire/textByteLimit``.
    package var text: String
    /// When its first byte was handed to the connection, by this host's clock.
    package var sentAt: Timestamp
    /// When its answer was complete or its loss was known, by this host's clock.
    package var answeredAt: Timestamp

    /// A report with all its parts.
    package init(
        id: UInt64, outcome: SubmissionOutcome, text: String, sentAt: Timestamp,
        answeredAt: Timestamp
    ) {
        self.id = id
        self.outcome = outcome
        self.text = text.cut(toByteCount: Wire.textByteLimit)
        self.sentAt = sentAt
        self.answeredAt = answeredAt
    }
}

/// Why a connection or a question failed.
package enum LinkFault: UInt8, Sendable, CaseIterable {
    /// No address, no route, or no connection within the time allowed.
    case unreachable = 1
    /// The host took the connection, and nothing was said on it within the time allowed.
    case timedOut = 2
    /// The certificate is not the master's: another CA, another name, expired, wrong purpose.
    case untrusted = 3
    /// TLS failed otherwise; an alert from the master about our certificate counts here.
    case tlsFailed = 4
    /// The master's bytes are not HTTP/1.1 as agreed, or over a limit.
    case protocolViolation = 5
    /// 401.
    case unauthorized = 6
    /// Own certificate, key or CA cannot be used.
    case keysUnusable = 7
    /// The connection ended before the answer was complete.
    case closed = 8
    /// 503: the master is reloading or not ready.
    case unavailable = 9
    /// The host refused the connection: no process listens there.
    case refused = 10
}

/// What an answered `GET /v1` says.
package struct MasterGreeting: Hashable, Sendable {
    /// The master's version as it prints it, such as `r2.13.6-1`.
    package var version: String
    /// The permissions of our user, as the master lists them.
    package var permissions: [String]

    /// A greeting with its parts.
    package init(version: String, permissions: [String]) {
        self.version = version
        self.permissions = permissions
    }
}

/// How a probe ended.
package enum ProbeAnswer: Hashable, Sendable {
    /// The master answered on a new connection.
    case answered(MasterGreeting)
    /// It did not.
    case failed(LinkFault, text: String)
}

/// What the uplink tells the daemon.
///
/// All of it is hostile until checked.
package enum UplinkMessage: Hashable, Sendable {
    /// Keys are read, settings are taken, the sandbox is closed, work can start.
    case ready(SandboxReport)
    /// What became of a submission; exactly one for each.
    case outcome(OutcomeReport)
    /// What became of a probe; exactly one for each.
    case probeAnswer(id: UInt64, ProbeAnswer)
    /// What became of a read-back; exactly one for each.
    case readBackAnswer(id: UInt64, ReadBackAnswer)
    /// What became of a look at when objects are due; exactly one for each.
    case scheduleAnswer(id: UInt64, ScheduleAnswer)
    /// A node has its first connection, or lost its last one.
    case link(node: NodeID, isUp: Bool)
    /// All known addresses of a node failed; resolve its name again.
    case addressWanted(node: NodeID)
    /// There are new keys, which need a new process: hang up once nothing is out.
    case renewalWanted
}

extension UplinkMessage {
    /// The frame to write.
    package var frame: [UInt8] {
        var out: FrameWriter
        switch self {
        case .ready(let sandbox):
            out = FrameWriter(type: 1)
            out.write(sandbox)
        case .outcome(let report):
            out = FrameWriter(type: 2)
            out.write(report.id)
            out.write(report.outcome.rawValue)
            out.write(report.text)
            out.write(report.sentAt)
            out.write(report.answeredAt)
        case .probeAnswer(let id, let answer):
            out = FrameWriter(type: 3)
            out.write(id)
            out.write(answer)
        case .readBackAnswer(let id, let answer):
            out = FrameWriter(type: 4)
            out.write(id)
            out.write(answer, limit: Wire.objectLimit) { $0.write($1) }
        case .link(let node, let isUp):
            out = FrameWriter(type: 5)
            out.write(node.index)
            out.write(isUp)
        case .addressWanted(let node):
            out = FrameWriter(type: 6)
            out.write(node.index)
        case .scheduleAnswer(let id, let answer):
            out = FrameWriter(type: 7)
            out.write(id)
            out.write(answer, limit: Wire.scheduleLimit) { $0.write($1) }
        case .renewalWanted: out = FrameWriter(type: 8)
        }
        return out.finished()
    }

    /// Reads a frame as ``FrameAccumulator/next()`` gives it.
    package init(frame: ArraySlice<UInt8>) throws(MessageFault) {
        var reader = FrameReader(payload: frame)
        let type = try reader.readByte()
        switch type {
        case 1: self = .ready(try reader.readSandbox())
        case 2: self = .outcome(try reader.readReport())
        case 3:
            self = .probeAnswer(
                id: try reader.readInteger(UInt64.self), try reader.readProbeAnswer())
        case 4:
            self = .readBackAnswer(
                id: try reader.readInteger(UInt64.self),
                try reader.readQueryAnswer(limit: Wire.objectLimit) {
                    (one) throws(MessageFault) in try one.readObjectReading()
                })
        case 5: self = .link(node: try reader.readNode(), isUp: try reader.readBool("link state"))
        case 6: self = .addressWanted(node: try reader.readNode())
        case 7:
            self = .scheduleAnswer(
                id: try reader.readInteger(UInt64.self),
                try reader.readQueryAnswer(limit: Wire.scheduleLimit) {
                    (one) throws(MessageFault) in try one.readScheduleReading()
                })
        case 8: self = .renewalWanted
        default: throw .unknownType(type)
        }
        try reader.finish()
    }
}

extension FrameWriter {
    fileprivate mutating func write(_ answer: ProbeAnswer) {
        switch answer {
        case .answered(let greeting):
            write(UInt8(0))
            write(greeting.version.cut(toByteCount: Wire.textByteLimit))
            write(list: Array(greeting.permissions.prefix(64))) {
                $0.write($1.cut(toByteCount: Wire.textByteLimit))
            }
        case .failed(let fault, let text): write(fault, text)
        }
    }

    mutating func write(_ fault: LinkFault, _ text: String) {
        write(UInt8(3))
        write(fault.rawValue)
        write(text.cut(toByteCount: Wire.textByteLimit))
    }
}

extension FrameReader {
    fileprivate mutating func readReport() throws(MessageFault) -> OutcomeReport {
        let id = try readInteger(UInt64.self)
        guard let outcome = SubmissionOutcome(rawValue: try readByte()) else {
            throw .outOfBounds(field: "outcome")
        }
        return OutcomeReport(
            id: id, outcome: outcome, text: try readText(),
            sentAt: try readTimestamp(), answeredAt: try readTimestamp())
    }

    fileprivate mutating func readProbeAnswer() throws(MessageFault) -> ProbeAnswer {
        switch try readByte() {
        case 0:
            let version = try readText()
            let permissions = try readList("permissions", limit: 64) {
                (one) throws(MessageFault) in try one.readText()
            }
            return .answered(MasterGreeting(version: version, permissions: permissions))
        case 3: return .failed(try readFault(), text: try readText())
        default: throw .outOfBounds(field: "probe answer")
        }
    }

    mutating func readFault() throws(MessageFault) -> LinkFault {
        guard let fault = LinkFault(rawValue: try readByte()) else {
            throw .outOfBounds(field: "fault")
        }
        return fault
    }

    mutating func readText() throws(MessageFault) -> String {
        try readString("text", limit: Wire.textByteLimit)
    }
}

extension String {
    /// The longest prefix that has at most `limit` bytes and ends between characters.
    func cut(toByteCount limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, String.Index(end, within: unicodeScalars) == nil {
            end = utf8.index(before: end)
        }
        return String(self[..<end])
    }
}
