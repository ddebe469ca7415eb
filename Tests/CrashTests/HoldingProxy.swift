import Foundation
import Synchronization
import TestSupport

/// A middlebox between uplink and master that can keep a client's bytes, and hand them over long
/// after the client has gone.
final class HoldingProxy: Sendable {
    /// What becomes of bytes that were held.
    enum Fate: CaseIterable {
        case handedOver
        case lost
    }

    private struct State {
        var isHolding = false
        var fate = Fate.handedOver
        /// Bytes that still pass before the holding begins; cuts a request in two.
        var allowance = 0
        /// Holding applies to connections that were made up to this one.
        var newestHeld = 0
        var connections = 0
        var heldBytes = 0
    }

    /// Where it listens on 127.0.0.1.
    let port: LoopbackPort
    private let target: Int
    private let listener: Int32
    private let state = Mutex(State())

    /// Listens in front of the master's port.
    init(before target: Int) throws {
        port = try LoopbackPort()
        self.target = target
        listener = try Self.socket(port.number, connecting: false)
        Thread { [self] in accept() }.start()
    }

    /// Ends it; connections that are open go on until one side ends them.
    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Keeps what clients of the present connections send from now on, after so many bytes more.
    func hold(afterBytes count: Int) {
        state.withLock { state in
            state.isHolding = true
            state.allowance = count
            state.newestHeld = state.connections
            state.heldBytes = 0
        }
    }

    /// Hands over what it kept, or ends those connections without it.
    func release(_ fate: Fate) {
        state.withLock { state in
            state.isHolding = false
            state.fate = fate
        }
    }

    /// How many bytes it has kept since the last ``hold(afterBytes:)``.
    var heldBytes: Int { state.withLock { $0.heldBytes } }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { break }
            guard let server = try? Self.socket(target, connecting: true) else {
                // lost on purpose: a master that is not there refuses its client
                Glibc.close(client)
                continue
            }
            let number = state.withLock { state in
                state.connections += 1
                return state.connections
            }
            Thread { [self] in pump(client, server, number) }.start()
            Thread { [self] in pump(server, client, nil) }.start()
        }
        Glibc.close(listener)
    }

    /// Moves bytes until one side ends; the descriptors stay until the process ends.
    private func pump(_ source: Int32, _ sink: Int32, _ number: Int?) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            let bytes = buffer[..<count]
            if let number {
                guard forward(Array(bytes), from: source, to: sink, number) else { break }
            } else if !Self.sendAll(bytes, to: sink) {
                break
            }
        }
        shutdown(sink, Int32(SHUT_WR))
        if number == nil { shutdown(source, Int32(SHUT_RDWR)) }
    }

    private func forward(
        _ bytes: [UInt8], from source: Int32, to sink: Int32, _ number: Int
    ) -> Bool {
        let passing = state.withLock { state in
            guard state.isHolding, number <= state.newestHeld else { return bytes.count }
            let passing = min(state.allowance, bytes.count)
            state.allowance -= passing
            return passing
        }
        guard Self.sendAll(bytes.prefix(passing), to: sink) else { return false }
        guard passing < bytes.count else { return true }
        let held = hold(Array(bytes.dropFirst(passing)), from: source)
        guard state.withLock({ $0.fate }) == .handedOver else { return false }
        return Self.sendAll(held, to: sink)
    }

    /// Takes in what comes until it may be handed over: what a killed client left unread would go.
    private func hold(_ bytes: [UInt8], from source: Int32) -> ArraySlice<UInt8> {
        var held = bytes
        var buffer = [UInt8](repeating: 0, count: 16_384)
        state.withLock { $0.heldBytes += held.count }
        while state.withLock({ $0.isHolding }) {
            let count = recv(source, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else {
                Thread.sleep(forTimeInterval: 0.005)
                continue
            }
            held += buffer[..<count]
            state.withLock { $0.heldBytes += count }
        }
        return held[...]
    }

    private static func sendAll(_ bytes: ArraySlice<UInt8>, to sink: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func socket(_ port: Int, connecting: Bool) throws -> Int32 {
        let handle = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connecting ? connect(handle, $0, size) : bind(handle, $0, size)
            }
        }
        guard status == 0, connecting || listen(handle, 64) == 0 else {
            Glibc.close(handle)
            throw SupportFault("port \(port): \(String(cString: strerror(errno)))")
        }
        return handle
    }
}
