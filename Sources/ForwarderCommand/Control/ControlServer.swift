import Foundation
import Logging
import Synchronization

/// Why the control socket cannot be had.
struct ControlFault: Error, CustomStringConvertible {
    let description: String
    /// True when the daemon ended the conversation or said nothing for too long.
    var isSilence = false
}

/// Listens for subcommands on a local socket; each connection asks one thing.
///
/// - Who may: ``ControlRights`` says, by the credentials the kernel gives. Who may ask nothing is
///   hung up on before a byte is read, and takes no connection from others.
/// - Bounds: ``ConnectionShares`` at a time, a request line of ``ControlWire/requestLimit`` bytes
///   within ``patience``; more is turned away.
final class ControlServer: Sendable {
    /// How long a client may take to ask, and to take an answer.
    static let patience = timeval(tv_sec: 10, tv_usec: 0)

    private let path: String
    private let listener: Descriptor
    private let rights: RightsBoard
    private let patience: timeval
    private let log: Logger
    private let open = Mutex(ConnectionShares())
    /// What was asked, with the way to answer.
    let requests: AsyncStream<(ControlRequest, ControlConnection)>
    private let inbox: AsyncStream<(ControlRequest, ControlConnection)>.Continuation

    /// Binds the socket; replaces one that nobody listens on any more, and nothing else.
    ///
    /// Mode 0600, or 0666 where groups have rights: who connects is judged then.
    init(
        path: String, rights: RightsBoard = RightsBoard(), patience: timeval = patience,
        log: Logger
    ) throws(ControlFault) {
        self.path = path
        self.rights = rights
        self.patience = patience
        self.log = log
        (requests, inbox) = AsyncStream.makeStream()
        try ControlSocket.prepareFolder(of: path)
        try ControlSocket.removeAbandoned(path: path)
        listener = try ControlSocket.listen(
            path: path, mode: rights.current.isPrivate ? 0o600 : 0o666)
    }

    /// Starts to listen on a thread of its own.
    func start() {
        Thread { [self] in acceptUntilClosed() }.start()
    }

    /// Ends listening; connections end with their answers.
    func stop() {
        shutdown(listener.number, Int32(SHUT_RDWR))
        unlink(path)
        inbox.finish()
    }

    private func acceptUntilClosed() {
        ControlSocket.acceptAll(on: listener) { descriptor in
            let (connection, rights) = (ControlConnection(descriptor), rights.current)
            guard let asker = connection.asker, !rights.isStranger(asker) else {
                return connection.refuseNow(Self.refusal(of: connection.asker))
            }
            let holder: ConnectionShares.Holder = rights.isOwner(asker) ? .owner : .user(asker.user)
            if let obstacle = open.withLock({ $0.enter(holder) }) {
                return connection.endNow(.busy(reason: "\(obstacle) Try again."))
            }
            Thread { [self] in
                serve(connection, to: asker)
                open.withLock { $0.leave(holder) }
            }.start()
        }
    }

    private static func refusal(of asker: ControlRights.Asker?) -> String {
        """
        This user\(asker.map { " (uid \($0.user))" } ?? "") may not use this socket: in \
        forwarder.conf, as the daemon read it at its start, it is in no group of the Control \
        object and in no Submitter object, or it is the Uplink object's.
        """
    }

    private func serve(_ connection: ControlConnection, to asker: ControlRights.Asker) {
        connection.setPatience(patience)
        let request: ControlRequest
        do throws(RequestFault) {
            request = try connection.readRequest(within: patience)
        } catch .malformed {
            return connection.refuseNow("This is no request.")
        } catch {
            return connection.endNow(
                .busy(
                    reason: """
                        The request did not come within \(patience.tv_sec) s, so nobody \
                        looked at it. Try again.
                        """))
        }
        let rights = rights.current
        guard rights.allow(request.right, to: asker) else {
            if rights.mayStillAllow(request.right, to: asker), let reason = rights.complaint {
                return connection.endNow(.busy(reason: reason))
            }
            log.notice(
                "request refused",
                metadata: ["uid": "\(asker.user)", "right": "\(request.right.rawValue)"])
            return connection.refuseNow(
                """
                This user (uid \(asker.user)) may not ask for that: it is in none of the \
                \(request.right.attribute) of the Control object in forwarder.conf\
                \(request.right == .submit ? ", and no Submitter object names it" : "").
                """)
        }
        // Asked here, on a thread that may wait.
        if request.isSigned { connection.sign(asker.userName, asker) }
        inbox.yield((request, connection))
        connection.writeUntilLast()
    }
}

/// Why there is no request.
private enum RequestFault: Error {
    /// Its end did not come in time.
    case stalled
    /// It is none, too long, or without an end.
    case malformed
}

/// One asker and the way to answer it; answers are written by the connection's own thread.
final class ControlConnection: Sendable {
    /// Most replies that wait to be written; progress beyond it is dropped.
    static let replyLimit = 256

    private let descriptor: Descriptor
    private let replies = Mutex<[ControlReply]>([])
    private let hasEnded = Mutex(false)
    private let signature = Mutex((name: "unknown", asker: ControlRights.Asker?.none))
    private let work = DispatchSemaphore(value: 0)

    init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// False once the asker is known to be gone.
    var isOpen: Bool { !hasEnded.withLock { $0 } }

    /// Who asks, for what is kept with its author's name.
    var author: String { signature.withLock { $0.name } }

    /// Who asks, for what depends on who it is; nil where that was not asked for.
    var submitter: SubmissionDesk.Submitter? {
        signature.withLock { signature in
            signature.asker.map { SubmissionDesk.Submitter(asker: $0, name: signature.name) }
        }
    }

    fileprivate func sign(_ name: String, _ asker: ControlRights.Asker) {
        signature.withLock { $0 = (name, asker) }
    }

    /// Queues an answer; never blocks.
    func reply(_ reply: ControlReply) {
        replies.withLock { waiting in
            if waiting.count < Self.replyLimit || reply.isLast { waiting.append(reply) }
        }
        work.signal()
    }

    fileprivate func refuseNow(_ reason: String) { endNow(.refused(reason: reason)) }

    fileprivate func endNow(_ reply: ControlReply) {
        // lost on purpose: a refusal is no more than a courtesy
        guard let line = try? ControlWire.line(reply) else { return }
        _ = descriptor.writeAll(line)
    }

    fileprivate func setPatience(_ patience: timeval) {
        ControlSocket.setPatience(patience, of: descriptor)
    }

    /// Who is at the other side, as the kernel knows it.
    fileprivate var asker: ControlRights.Asker? {
        ControlSocket.asker(at: descriptor.number)
    }

    /// - Throws: when no request came in time, or something else.
    fileprivate func readRequest(
        within patience: timeval
    ) throws(RequestFault) -> ControlRequest {
        var line: [UInt8] = []
        let deadline = ContinuousClock.now + .seconds(patience.tv_sec)
        while line.count <= ControlWire.requestLimit, ContinuousClock.now < deadline {
            let bytes = descriptor.readSome()
            // An end is no wait: who ends has nothing more to say.
            if bytes.isEmpty { throw ContinuousClock.now < deadline ? .malformed : .stalled }
            let known = line.count
            line += bytes
            if let end = line[known...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(line[..<end])
                // lost on purpose: what is wrong with it helps nobody who writes such bytes
                let request = try? JSONDecoder().decode(ControlRequest.self, from: line)
                guard let request else { throw .malformed }
                return request
            }
        }
        throw line.count > ControlWire.requestLimit ? .malformed : .stalled
    }

    fileprivate func writeUntilLast() {
        while true {
            work.wait()
            let batch = replies.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            for reply in batch {
                // lost on purpose: an answer that cannot be put in words, or that nobody takes,
                // ends the conversation
                guard let line = try? ControlWire.line(reply), descriptor.writeAll(line) else {
                    hasEnded.withLock { $0 = true }
                    return
                }
                if reply.isLast { return }
            }
        }
    }
}
