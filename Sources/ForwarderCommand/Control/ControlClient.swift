import Foundation

/// Asks a running daemon one thing.
struct ControlClient {
    /// How long the daemon may say nothing.
    ///
    /// 15 s: it answers within milliseconds, tells of progress ten times a second, and says every
    /// ``ControlAnswers/workingInterval`` that it still works on an answer.
    static let patience = timeval(tv_sec: 15, tv_usec: 0)

    private let descriptor: Descriptor

    /// Connects; nil when no daemon listens there.
    ///
    /// - Throws: when one may listen but cannot be talked to by this user.
    init?(path: String, patience: timeval = Self.patience) throws(ControlFault) {
        guard let connected = try ControlSocket.connect(path: path, patience: patience) else {
            return nil
        }
        descriptor = connected
    }

    /// The way to this host's daemon; nil when none runs.
    static func ofDaemon(_ configuration: ForwarderConfiguration) async throws -> ControlClient? {
        switch try await SpoolWay.find(configuration, open: {}) {
        case .daemon(let client): client
        case .own: nil
        }
    }

    /// Asks, and hands over each answer as it comes.
    ///
    /// - Throws: `ControlFault` when the daemon goes away before its last answer.
    func ask(_ request: ControlRequest, _ take: (ControlReply) throws -> Void) throws {
        // Lost on purpose: who is turned away at once cannot ask, but finds the reason to read.
        _ = descriptor.writeAll(try ControlWire.line(request))
        var buffer: [UInt8] = []
        while true {
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(buffer[..<end])
                buffer.removeFirst(end + 1)
                let reply = try JSONDecoder().decode(ControlReply.self, from: line)
                try take(reply)
                if reply.isLast { return }
            }
            let bytes = descriptor.readSome()
            guard !bytes.isEmpty, buffer.count <= ControlWire.replyLimit else { throw Self.gone }
            buffer += bytes
        }
    }

    /// Asks one thing, and returns what `pick` makes of the answer.
    ///
    /// - Throws: `ControlFault` when the daemon refuses, goes away, or answers something else.
    func answer<Answer>(
        to request: ControlRequest, _ pick: (ControlReply) -> Answer?
    ) throws -> Answer {
        var answer: Answer?
        var refusal = "The daemon answered another question."
        try ask(request) { reply in
            switch reply {
            case .refused(let reason), .busy(let reason): refusal = reason
            default: break
            }
            answer = answer ?? pick(reply)
        }
        guard let answer else { throw ControlFault(description: refusal) }
        return answer
    }

    private static let gone = ControlFault(
        description: """
            The daemon did not answer: it went away, or it hangs. Look into its log, and ask again.
            """, isSilence: true)
}
