import Foundation
import Spool

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
    ///
    /// A daemon that starts owns the spool a moment before it listens: it is waited for.
    static func ofDaemon(_ configuration: ForwarderConfiguration) async throws -> ControlClient? {
        for _ in 0..<startSteps {
            if let client = try ControlClient(path: configuration.controlPath) { return client }
            guard SpoolQueue.isOwned(configuration.spool) else { return nil }
            try await Task.sleep(for: startStep)
        }
        return try ControlClient(path: configuration.controlPath)
    }

    fileprivate static let startSteps = 100
    fileprivate static let startStep = Duration.milliseconds(100)

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

/// The way to a spool: the daemon that owns it, or the spool itself, opened by this process.
enum SpoolWay<Own> {
    case daemon(ControlClient)
    case own(Own)

    /// The way that is open now.
    ///
    /// Whoever owns the spool for a moment, or is a daemon that does not listen yet, is waited for,
    /// some 10 s.
    ///
    /// - Parameter open: opens the spool, and does nothing before that may not be done twice.
    /// - Throws: `SpoolFault.owned` when somebody has it for long who is no daemon that listens;
    ///   what `open` throws.
    static func find(
        _ configuration: ForwarderConfiguration, open: () throws -> Own
    ) async throws -> SpoolWay {
        var stepsLeft = ControlClient.startSteps
        while true {
            if let client = try ControlClient(path: configuration.controlPath) {
                return .daemon(client)
            }
            // Before anything else is looked at, which an owner may just be making.
            if stepsLeft == 0 || !SpoolQueue.isOwned(configuration.spool) {
                do {
                    return .own(try open())
                } catch let fault as SpoolFault {
                    guard case .owned = fault, stepsLeft > 0 else { throw fault }
                }
            }
            stepsLeft -= 1
            try await Task.sleep(for: ControlClient.startStep)
        }
    }
}
