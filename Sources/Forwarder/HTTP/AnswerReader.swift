internal import NIOCore
internal import NIOHTTP1
internal import UplinkMessages

/// Collects the parts of one answer and refuses what was not agreed.
///
/// Every answer must be framed by Content-Length or chunks: one that ends with the connection
/// cannot be told from one that was cut off.
struct AnswerReader {
    /// Bounds of an answer's head.
    ///
    /// Icinga sends some 200 bytes; over it the connection ends.
    static var headLimits: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 8_192
        limits.maxHeaderListSize = 16_384
        limits.maxHeaderFieldCount = 64
        return limits
    }

    /// A finished answer.
    struct Finished {
        var answer: HTTPAnswer
        /// True when the server will not answer anything that was sent behind it.
        var isLastOnConnection: Bool
    }

    private var answer: HTTPAnswer?
    private var isLastOnConnection = false
    private var byteLimit = 0

    /// Takes the next part; the finished answer with its last one.
    mutating func take(
        _ part: HTTPClientResponsePart,
        limit: Int?,
        peer: String
    ) throws(LinkFailure) -> Finished? {
        switch part {
        case .head(let head):
            guard let limit else { throw .violation(peer, "an answer that nobody asked for") }
            try begin(head, limit: limit, peer: peer)
            return nil
        case .body(var bytes):
            guard answer != nil else { throw .violation(peer, "a body without a head") }
            let count = (answer?.body.readableBytes ?? 0) + bytes.readableBytes
            guard count <= byteLimit else { throw .tooLong(peer, limit: byteLimit) }
            answer?.body.writeBuffer(&bytes)
            return nil
        case .end:
            guard let answer else { throw .violation(peer, "an end without a beginning") }
            self.answer = nil
            return Finished(answer: answer, isLastOnConnection: isLastOnConnection)
        }
    }

    private mutating func begin(
        _ head: HTTPResponseHead,
        limit: Int,
        peer: String
    ) throws(LinkFailure) {
        guard head.version.major == 1 else {
            throw .violation(peer, "HTTP/\(head.version.major)")
        }
        let status = head.status.code
        guard (200...599).contains(status) else {
            throw .violation(peer, "status \(status) where a final one belongs")
        }
        let length = head.headers.first(name: "content-length")
        let isChunked = head.headers.contains(name: "transfer-encoding")
        guard length != nil || isChunked || status == 204 || status == 304 else {
            throw .violation(peer, "an answer without a length")
        }
        if let length, let count = UInt64(length), count > UInt64(limit) {
            throw .tooLong(peer, limit: limit)
        }
        byteLimit = limit
        isLastOnConnection = !head.isKeepAlive
        answer = HTTPAnswer(status: status, body: ByteBuffer())
    }
}

extension LinkFailure {
    /// The peer does not speak HTTP/1.1 as agreed.
    static func violation(_ peer: String, _ what: String) -> LinkFailure {
        LinkFailure(
            .protocolViolation,
            "\(peer) sent \(what). The connection is given up. Is this an Icinga 2 API port?"
        )
    }

    /// The peer's answer is over its bound.
    static func tooLong(_ peer: String, limit: Int) -> LinkFailure {
        LinkFailure(
            .protocolViolation,
            "\(peer) sent an answer of more than \(limit) bytes. The connection is given up"
        )
    }
}
