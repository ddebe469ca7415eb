internal import COpenSSL
import TestSupport

/// How a scripted master presents itself on a connection.
struct MasterIdentity: Sendable {
    /// Paths of the PEM files: certificate with its chain, key, and the CA of the clients.
    var certificate: String
    var key: String
    var authority: String
    /// The newest version of TLS that it speaks, such as `0x0303` for 1.2.
    var newestVersion = MasterIdentity.tls13
    /// What ciphers it takes up to TLS 1.2; OpenSSL's own choice if nil.
    var ciphers: String?

    static let tls10: Int32 = 0x0301
    static let tls11: Int32 = 0x0302
    static let tls12: Int32 = 0x0303
    static let tls13: Int32 = 0x0304
}

/// The TLS server's end of one connection, without a socket; nothing that it is told to do is too
/// weak for it.
///
/// Used by the one thread that serves the connection.
final class MasterTLS {
    /// What came of a step.
    enum Step { case done, needsMore, failed }

    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let fromClient: OpaquePointer
    private let toClient: OpaquePointer

    init(_ identity: MasterIdentity) throws {
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw SupportFault("SSL_CTX") }
        self.context = context
        SSL_CTX_set_security_level(context, 0)
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(MasterIdentity.tls10), nil)
        SSL_CTX_ctrl(
            context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(identity.newestVersion), nil)
        if let ciphers = identity.ciphers { SSL_CTX_set_cipher_list(context, ciphers) }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        guard
            SSL_CTX_use_certificate_chain_file(context, identity.certificate) == 1,
            SSL_CTX_use_PrivateKey_file(context, identity.key, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_load_verify_locations(context, identity.authority, nil) == 1,
            let ssl = SSL_new(context), let fromClient = shim_BIO_new_endless_mem(),
            let toClient = shim_BIO_new_endless_mem()
        else { throw SupportFault("the scripted master cannot use \(identity.certificate)") }
        SSL_set_bio(ssl, fromClient, toClient)
        SSL_set_accept_state(ssl)
        self.ssl = ssl
        self.fromClient = fromClient
        self.toClient = toClient
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    /// Takes bytes of the client in.
    func feed(_ bytes: [UInt8]) { BIO_write(fromClient, bytes, Int32(bytes.count)) }

    /// Takes out what is to go to the client.
    func takeCiphertext() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: shim_BIO_pending(toClient))
        if !bytes.isEmpty { BIO_read(toClient, &bytes, Int32(bytes.count)) }
        return bytes
    }

    func shakeHands() -> Step { step(SSL_do_handshake(ssl)) }

    /// What the client said; empty where it said nothing more yet.
    func read() -> (bytes: [UInt8], step: Step) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = SSL_read(ssl, &buffer, Int32(buffer.count))
        return count > 0 ? (Array(buffer[..<Int(count)]), .done) : ([], step(count))
    }

    func write(_ bytes: [UInt8]) {
        for start in stride(from: 0, to: bytes.count, by: 16_384) {
            let piece = Array(bytes[start..<min(start + 16_384, bytes.count)])
            SSL_write(ssl, piece, Int32(piece.count))
        }
    }

    func sayGoodbye() { SSL_shutdown(ssl) }

    /// Asks for another handshake (TLS 1.2).
    func renegotiate() {
        SSL_renegotiate(ssl)
        SSL_do_handshake(ssl)
    }

    /// How many handshakes were had.
    var handshakeCount: Int { SSL_CTX_ctrl(context, SSL_CTRL_SESS_ACCEPT_GOOD, 0, nil) }

    /// Has both sides make new keys (TLS 1.3).
    func updateKeys() {
        SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED)
        SSL_do_handshake(ssl)
    }

    private func step(_ status: Int32) -> Step {
        if status == 1 { return .done }
        let isWaiting = SSL_get_error(ssl, status) == SSL_ERROR_WANT_READ
        ERR_clear_error()
        return isWaiting ? .needsMore : .failed
    }
}
