package import Monitoring
package import NIOCore

/// One request as the pipeline sends it.
package struct HTTPRequest: Sendable {
    /// What is asked of the path.
    package enum Method: Sendable {
        /// A plain GET.
        case get
        /// A POST.
        case post
        /// A GET whose parameters are in its body: Icinga takes it as a POST with
        /// `X-HTTP-Method-Override: GET`.
        case getWithBody
    }

    /// Most bytes of a body.
    ///
    /// 1 MiB: Icinga closes the connection on more, with all behind it.
    package static let bodyByteLimit = 1 << 20

    /// How it is asked.
    package var method: Method
    /// The path; a constant of ours, never anything from outside.
    package var path: String
    /// JSON, or nothing.
    package var body: ByteBuffer
    /// Most bytes of the answer's body; a longer one ends the connection.
    package var answerByteLimit: Int

    /// A request with all its parts.
    package init(method: Method, path: String, body: ByteBuffer, answerByteLimit: Int) {
        self.method = method
        self.path = path
        self.body = body
        self.answerByteLimit = answerByteLimit
    }
}

/// A complete answer.
package struct HTTPAnswer: Hashable, Sendable {
    /// The status code.
    package var status: UInt
    /// The body without its framing.
    package var body: ByteBuffer

    /// An answer with its parts.
    package init(status: UInt, body: ByteBuffer) {
        self.status = status
        self.body = body
    }
}

/// How an exchange ended, and when.
package struct HTTPReport: Sendable {
    /// The three ways to end.
    package enum End: Sendable {
        /// The answer is complete.
        case answered(HTTPAnswer)
        /// Bytes of the request may have left, and no answer came.
        case lost(LinkFailure)
        /// Not one byte of the request was handed to a connection.
        case notSent(LinkFailure)
    }

    /// How it ended.
    package var end: End
    /// When it was handed to the connection; for `.notSent`, when that was given up.
    package var sentAt: Timestamp
    /// When the answer was complete or its absence was certain.
    package var endedAt: Timestamp
}

/// A request with the one who waits for its end; every one is ended exactly once.
package struct HTTPExchange {
    /// What to send.
    package var request: HTTPRequest
    /// Called once, on the event loop.
    package var whenEnded: (HTTPReport) -> Void

    /// Ends it without its having been sent.
    func giveUp(_ failure: LinkFailure, at time: Timestamp) {
        whenEnded(HTTPReport(end: .notSent(failure), sentAt: time, endedAt: time))
    }
}
