import Foundation
import Synchronization
import TestSupport

/// A TLS server on one port of loopback that is a sound master until it is told to play a script.
///
/// Each connection has a thread of its own, so that a script may stand still wherever it likes.
final class HostileMaster: Sendable {
    /// What was seen since the present script began.
    struct Sight: Sendable, Hashable {
        /// Replies, or beginnings, that were not fair.
        var hits = 0
        /// Connections that the client ended after a hit.
        var endedByClient = 0
        /// Requests that came on a connection after a hit on it.
        var requestsAfterHit = 0
        /// Connections that were made.
        var connections = 0
        /// Connections on which TLS came about.
        var handshakes = 0
        /// Requests that were answered by the script.
        var kinds: Set<MasterRequest.Kind> = []
        /// Why this master itself could not do what it was to do.
        var faults: [String] = []
    }

    private struct State {
        var script = Script.fair
        var sight = Sight()
        var age = 0
        var connections: [Int32: Peer] = [:]
        /// Ever, whatever the script.
        var seenKinds: Set<MasterRequest.Kind> = []

        /// Another script begins: what stands still is cut off, and what was hit, or all, ends
        /// with its next answer, so that what was said before is heard.
        mutating func turnTo(_ script: Script, leavingAll: Bool) {
            self.script = script
            age += 1
            for (socket, peer) in connections {
                connections[socket]?.isLeaving = leavingAll || peer.hitAt != nil
                guard peer.isStuck else { continue }
                connections[socket]?.isCut = true
                shutdown(socket, Int32(SHUT_RDWR))
            }
        }
    }

    private struct Peer {
        /// The age of the script that did something on it; nil while none did.
        var hitAt: Int?
        /// True while the script stands still on it, or says something without end.
        var isStuck = false
        /// True once it is to end with its next answer.
        var isLeaving = false
        /// True once this master ended it to begin something else.
        var isCut = false
    }

    let ledger = IcingaLedger()
    private let identity: MasterIdentity
    private let listener: LoopbackListener
    private let state = Mutex(State())

    /// Listens on `port`; the client may come.
    init(_ identity: MasterIdentity, port: LoopbackPort) throws {
        self.identity = identity
        listener = try LoopbackListener(port: port)
        let listener = self.listener
        Thread { [weak self] in
            while let socket = listener.next() { self?.meet(socket) }
        }.start()
    }

    deinit { listener.stop() }

    /// What was seen since the present script began.
    var sight: Sight { state.withLock { $0.sight } }

    /// Kinds of requests that ever came.
    var seenKinds: Set<MasterRequest.Kind> { state.withLock { $0.seenKinds } }

    /// Plays a script from now on, on connections that are up too.
    func play(_ script: Script) {
        state.withLock { state in
            state.sight = Sight()
            state.turnTo(script, leavingAll: script.needsNewConnection)
        }
    }

    /// Is sound from now on; what a script began ends.
    func playFair() { state.withLock { $0.turnTo(.fair, leavingAll: false) } }

    private func meet(_ socket: Int32) {
        state.withLock { state in
            state.connections[socket] = Peer()
            state.sight.connections += 1
        }
        Thread { [self] in
            serve(socket)
            _ = state.withLock { $0.connections.removeValue(forKey: socket) }
            close(socket)
        }.start()
    }

    private func serve(_ socket: Int32) {
        let connection = MasterConnection(socket: socket)
        do {
            try begin(connection, socket)
            while true { try answer(connection.nextRequest(), on: connection, socket) }
        } catch {
            state.withLock { state in
                if !(error is ConnectionOver) { state.sight.faults.append("\(error)") }
                guard let peer = state.connections[socket], peer.hitAt == state.age, !peer.isCut
                else { return }
                state.sight.endedByClient += 1
            }
        }
    }

    private func begin(_ connection: MasterConnection, _ socket: Int32) throws {
        let (beginning, age) = state.withLock { ($0.script.beginning, $0.age) }
        switch beginning {
        case .sound: try connection.shakeHands(identity)
        case .tls(let other):
            hit(socket, isStuck: true)
            try connection.shakeHands(other)
        case .halted(let halt):
            connection.halt = halt()
            if connection.halt != nil { hit(socket, isStuck: true) }
            try connection.shakeHands(identity)
        case .plaintext(let bytes, let piece):
            hit(socket, isStuck: true)
            try connection.sendRaw(bytes)
            while !piece.isEmpty { try connection.sendRaw(piece) }
            try connection.awaitEnd()
        }
        // one that began before this script says nothing about it
        state.withLock { if $0.age == age { $0.sight.handshakes += 1 } }
    }

    private func answer(
        _ request: MasterRequest, on connection: MasterConnection, _ socket: Int32
    ) throws {
        let (script, isLast) = state.withLock { state in
            state.seenKinds.insert(request.kind)
            if state.connections[socket]?.hitAt == state.age { state.sight.requestsAfterHit += 1 }
            return (state.script, state.connections[socket]?.isLeaving == true)
        }
        let reply = try script.answering(request, connection, ledger)
        if case .fair = reply {
            let answer = ledger.answer(request)
            guard isLast else { return try connection.send(answer) }
            try connection.send(Answers.last(answer))
            connection.end(.goodbye)
            return try connection.awaitEnd()
        }
        state.withLock { _ = $0.sight.kinds.insert(request.kind) }
        hit(socket, isStuck: reply.isStuck)
        try carryOut(reply, on: connection)
    }

    private func carryOut(_ reply: Script.Reply, on connection: MasterConnection) throws {
        switch reply {
        case .fair, .said: break
        case .bytes(let bytes): try connection.send(bytes)
        case .bytesThenEnd(let bytes, let ending):
            try connection.send(bytes)
            connection.end(ending)
            if ending == .reset { throw ConnectionOver() }
            try connection.awaitEnd()
        case .endless(let start, let piece):
            try connection.send(start)
            while true { try connection.send(piece) }
        case .dribble(let bytes, let milliseconds):
            for byte in bytes {
                try connection.send([byte])
                if milliseconds > 0 { try connection.pause(milliseconds: milliseconds) }
            }
        case .bytesThenSilence(let bytes):
            try connection.send(bytes)
            try connection.awaitEnd()
        case .silence: try connection.awaitEnd()
        case .deafness: try connection.awaitResetUnread()
        }
    }

    private func hit(_ socket: Int32, isStuck: Bool) {
        state.withLock { state in
            state.sight.hits += 1
            state.connections[socket]?.hitAt = state.age
            state.connections[socket]?.isStuck = isStuck
        }
    }
}
