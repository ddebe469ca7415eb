import Foundation

/// The client ended a connection, or the scripted master did in its next breath.
struct ConnectionOver: Error {}

/// One connection of a client to a scripted master, as bytes; used by the thread that serves it.
final class MasterConnection {
    /// How a master ends it.
    enum Ending: Sendable, CaseIterable { case goodbye, cut, reset }

    /// A place in the stream at which the master stops: after so many bytes of ciphertext.
    struct Halt: Sendable {
        var after: Int
        /// Nil: nothing more is said, and the connection stays.
        var ending: Ending?
    }

    /// `POLLRDHUP`: the other side closed, or reset the connection.
    ///
    /// - Source: poll(2), include/uapi/asm-generic/poll.h.
    private static let hangUp: Int16 = 0x2000

    private let socket: Int32
    private var tls: MasterTLS?
    private var plaintext: [UInt8] = []
    private var rawByteCount = 0
    /// Where the bytes to the client end.
    var halt: Halt?

    init(socket: Int32) { self.socket = socket }

    // MARK: TLS

    /// Shakes hands as whoever `identity` says.
    func shakeHands(_ identity: MasterIdentity) throws {
        let tls = try MasterTLS(identity)
        self.tls = tls
        while true {
            let step = tls.shakeHands()
            try sendRaw(tls.takeCiphertext())
            switch step {
            case .done: return
            case .needsMore: tls.feed(try receive())
            case .failed:
                try awaitEnd()
                throw ConnectionOver()
            }
        }
    }

    /// How many handshakes were had on it.
    var handshakeCount: Int { tls?.handshakeCount ?? 0 }

    /// Does something to the TLS of the connection and sends what comes of it.
    func withTLS(_ body: (MasterTLS) -> Void) throws {
        guard let tls else { throw ConnectionOver() }
        body(tls)
        try sendRaw(tls.takeCiphertext())
    }

    // MARK: In

    /// The next request; throws when the connection ends before it.
    func nextRequest() throws -> MasterRequest {
        while true {
            if let request = MasterRequest(taking: &plaintext) { return request }
            plaintext += try readPlaintext()
        }
    }

    private func readPlaintext() throws -> [UInt8] {
        guard let tls else { throw ConnectionOver() }
        while true {
            let (bytes, step) = tls.read()
            try sendRaw(tls.takeCiphertext())
            if !bytes.isEmpty { return bytes }
            guard step == .needsMore else { throw ConnectionOver() }
            tls.feed(try receive())
        }
    }

    /// Some bytes as they come from the network.
    func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count > 0 else { throw ConnectionOver() }
        return Array(buffer[..<count])
    }

    /// Hears without answering until the client ends it.
    func awaitEnd() throws {
        while true { _ = try receive() }
    }

    /// Leaves all that comes unread until the client ends it; looks twice a second.
    func awaitResetUnread() throws {
        var watched = pollfd(fd: socket, events: Self.hangUp, revents: 0)
        while poll(&watched, 1, 500) == 0 {}
        throw ConnectionOver()
    }

    /// Waits, and ends as soon as the client does.
    func pause(milliseconds: Int32) throws {
        var watched = pollfd(fd: socket, events: Self.hangUp, revents: 0)
        guard poll(&watched, 1, milliseconds) == 0 else { throw ConnectionOver() }
    }

    // MARK: Out

    /// Sends bytes inside TLS.
    func send(_ bytes: some Sequence<UInt8>) throws {
        try withTLS { $0.write(Array(bytes)) }
    }

    /// Sends bytes below TLS, or instead of it.
    func sendRaw(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        if let halt { rest = rest.prefix(max(0, halt.after - rawByteCount)) }
        let isHalted = rest.count < bytes.count
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw ConnectionOver() }
            rawByteCount += count
            rest = rest.dropFirst(count)
        }
        guard isHalted else { return }
        let ending = halt?.ending
        if let ending { end(ending) }
        if ending == .reset { throw ConnectionOver() }
        try awaitEnd()
    }

    /// Ends it; the next thing that is tried on it throws.
    func end(_ ending: Ending) {
        halt = nil
        switch ending {
        case .goodbye:
            tls?.sayGoodbye()
            // lost on purpose: who is gone needs no goodbye
            if let bytes = tls?.takeCiphertext() { try? sendRaw(bytes) }
            shutdown(socket, Int32(SHUT_WR))
        case .cut: shutdown(socket, Int32(SHUT_WR))
        case .reset:
            var hard = linger(l_onoff: 1, l_linger: 0)
            let size = socklen_t(MemoryLayout<linger>.size)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, size)
        }
    }
}
