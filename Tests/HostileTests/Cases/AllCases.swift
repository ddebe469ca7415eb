/// Everything that the scripted master does.
extension HostileCase {
    /// Each case once, in the order of docs/hostile-master.md.
    static let all =
        framing + stalling + texts + greetings + readings + verdicts + identities + transports
        + rechecks + clocks + rechecksByFalseClock

    /// The short form, which is part of the quick tests.
    static let short = all.filter(\.isShort)
}

extension Script.Reply {
    /// What an Icinga would not say, about every submission.
    static func text(_ status: String, _ body: String, headers: String = "") -> Self {
        .bytes(Answers.plain(status, body, headers: headers))
    }

    /// A head, and nothing behind it yet.
    static func head(_ lines: String...) -> [UInt8] {
        Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }
}

extension HostileCase.Guard {
    static let decoder = Self("Forwarder/Link/Connector.swift", "HTTPResponseDecoder(")
    static let answerTimeout = Self(
        "Forwarder/HTTP/PipelinedClient.swift", "now - quietSince >= limits.answerTimeout")
    static let bodyLimit = Self("Forwarder/HTTP/AnswerReader.swift", "count <= byteLimit")
    static let unverified = Self(
        "Forwarder/Icinga/IcingaAnswer.swift", "default: .effectUnverified")
}
