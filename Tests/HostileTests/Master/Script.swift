/// What a scripted master does to whoever comes to it.
struct Script: Sendable {
    /// What is done with a request.
    enum Reply: Sendable {
        /// What a sound master answers.
        case fair
        /// These bytes; then the next request is heard.
        case bytes([UInt8])
        /// These bytes, and the end.
        case bytesThenEnd([UInt8], MasterConnection.Ending)
        /// These bytes, and nothing more, ever.
        case bytesThenSilence([UInt8])
        /// These bytes, and then the same piece again and again.
        case endless([UInt8], piece: [UInt8])
        /// These bytes one by one, so many milliseconds after each other.
        case dribble([UInt8], milliseconds: Int32)
        /// The script said all itself.
        case said
        /// Nothing, ever.
        case silence
        /// Nothing, and not one byte more is read.
        case deafness
    }

    /// How a connection begins.
    enum Beginning: Sendable {
        /// As the master's own name wants it.
        case sound
        /// With another certificate, version or cipher.
        case tls(MasterIdentity)
        /// These bytes instead of TLS, and then the same piece again and again.
        case plaintext([UInt8], piece: [UInt8])
        /// With a sound handshake that stops.
        case halted(@Sendable () -> MasterConnection.Halt?)
    }

    typealias Answering = @Sendable (MasterRequest, MasterConnection, IcingaLedger) throws -> Reply

    var beginning = Beginning.sound
    var answering: Answering = { _, _, _ in .fair }
    /// True when it shows only on a new connection.
    var needsNewConnection = false

    static let fair = Script()

    /// The same reply to every request of these kinds, and fairness to others.
    static func to(_ kinds: MasterRequest.Kind..., reply: Reply) -> Script {
        to(kinds) { _, _ in reply }
    }

    /// A reply to every request of these kinds, and fairness to others.
    static func to(
        _ kinds: [MasterRequest.Kind],
        _ reply: @escaping @Sendable (MasterRequest, IcingaLedger) -> Reply
    ) -> Script {
        Script(
            answering: { request, _, ledger in
                kinds.contains(request.kind) ? reply(request, ledger) : .fair
            },
            needsNewConnection: !kinds.contains(.submission))
    }

    static func beginning(_ beginning: Beginning) -> Script {
        Script(beginning: beginning, needsNewConnection: true)
    }
}

extension Script.Reply {
    /// True for one that ends by itself never, or not soon.
    var isStuck: Bool {
        switch self {
        case .fair, .bytes, .bytesThenEnd, .said: false
        case .bytesThenSilence, .endless, .dribble, .silence, .deafness: true
        }
    }
}
