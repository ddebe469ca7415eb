import Foundation

/// Asks a running daemon one thing.
struct ControlClient {
    private let descriptor: Descriptor

    /// Connects; nil when no daemon listens there.
    init?(path: String) {
        guard let connected = try? ControlSocket.connect(path: path) else { return nil }
        descriptor = connected
    }

    /// Asks, and hands over each answer as it comes.
    ///
    /// - Throws: `ControlFault` when the daemon goes away before its last answer.
    func ask(_ request: ControlRequest, _ take: (ControlReply) -> Void) throws {
        guard descriptor.writeAll(try ControlWire.line(request)) else { throw Self.gone }
        var buffer: [UInt8] = []
        while true {
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(buffer[..<end])
                buffer.removeFirst(end + 1)
                let reply = try JSONDecoder().decode(ControlReply.self, from: line)
                take(reply)
                if reply.isLast { return }
            }
            let bytes = descriptor.readSome()
            guard !bytes.isEmpty, buffer.count <= ControlWire.replyLimit else { throw Self.gone }
            buffer += bytes
        }
    }

    private static let gone = ControlFault(
        description: """
            The daemon went away before it had answered. Look into its log, and ask again.
            """)
}
