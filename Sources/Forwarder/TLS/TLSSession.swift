internal import COpenSSL
internal import NIOCore
internal import UplinkMessages

/// One end of one TLS connection, without a socket: ciphertext goes in and comes out as bytes.
///
/// A client's session cannot be made without the name that the peer must prove.
///
/// - Source: OpenSSL 3.0 manual, SSL_read(3), BIO_s_mem(3), X509_check_host(3).
package final class TLSSession {
    /// What came of a step.
    enum Step {
        /// It is done.
        case done
        /// More bytes of the peer are needed.
        case needsMore
        /// The peer said goodbye; nothing follows.
        case ended
        /// The connection is of no more use.
        case failed(LinkFailure)
    }

    /// Most plaintext of one record.
    ///
    /// - Source: RFC 8446 section 5.1.
    static let recordByteLimit = 16_384

    private let ssl: OpaquePointer
    private let context: TLSContext
    private let fromPeer: OpaquePointer
    private let toPeer: OpaquePointer
    private let peer: String

    /// Begins as a client that talks to `name` and nobody else.
    ///
    /// - Throws: `.untrusted` for a name that no certificate can be checked against.
    package static func connecting(
        to name: String,
        with context: TLSContext
    ) throws(LinkFailure) -> TLSSession {
        precondition(context.side == .client, "a server's context cannot connect")
        return try TLSSession(context, peer: name)
    }

    /// Begins as a server; the client's certificate is verified against the CA only.
    package static func accepting(with context: TLSContext) throws(LinkFailure) -> TLSSession {
        precondition(context.side == .server, "a client's context cannot accept")
        return try TLSSession(context, peer: "client")
    }

    private init(_ context: TLSContext, peer: String) throws(LinkFailure) {
        ERR_clear_error()
        guard let ssl = SSL_new(context.pointer) else {
            throw LinkFailure(.tlsFailed, "OpenSSL cannot begin: \(TLSErrors.drain().text)")
        }
        guard let fromPeer = shim_BIO_new_endless_mem() else {
            SSL_free(ssl)
            throw LinkFailure(.tlsFailed, "OpenSSL has no memory")
        }
        guard let toPeer = shim_BIO_new_endless_mem() else {
            BIO_free(fromPeer)
            SSL_free(ssl)
            throw LinkFailure(.tlsFailed, "OpenSSL has no memory")
        }
        SSL_set_bio(ssl, fromPeer, toPeer)  // the session owns both from here on
        self.ssl = ssl
        self.context = context
        self.fromPeer = fromPeer
        self.toPeer = toPeer
        self.peer = peer
        switch context.side {
        case .client:
            SSL_set_connect_state(ssl)
            try demand(name: peer)
        case .server: SSL_set_accept_state(ssl)
        }
    }

    deinit { SSL_free(ssl) }

    /// Makes the handshake fail unless the peer's certificate is a server's and carries the name.
    private func demand(name: String) throws(LinkFailure) {
        let parameters = SSL_get0_param(ssl)
        // An empty name switches the check off, a leading dot matches every name below it.
        let isCheckable = !name.isEmpty && !name.utf8.contains(0) && name.utf8.first != 0x2E
        X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_WILDCARDS))
        guard isCheckable,
            X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count) == 1,
            X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER) == 1
        else {
            throw LinkFailure(
                .untrusted,
                "\"\(name)\" is no name that a certificate can be checked against"
            )
        }
        // Lost on purpose: names over 255 bytes do not fit into SNI, which Icinga does not need.
        _ = shim_SSL_set_tlsext_host_name(ssl, name)
        ERR_clear_error()
    }

    /// Takes ciphertext of the peer in.
    func feed(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { bytes in
            guard bytes.count > 0 else { return }
            let count = BIO_write(fromPeer, bytes.baseAddress, Int32(bytes.count))
            precondition(count == Int32(bytes.count), "a memory BIO takes everything")
        }
    }

    /// Moves ciphertext for the peer to the end of `buffer`.
    func moveCiphertext(to buffer: inout ByteBuffer) {
        let pending = shim_BIO_pending(toPeer)
        guard pending > 0 else { return }
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: pending) { space in
            max(0, Int(BIO_read(toPeer, space.baseAddress, Int32(pending))))
        }
    }

    /// Goes on with the handshake as far as the bytes reach.
    func handshake() -> Step {
        ERR_clear_error()
        let status = SSL_do_handshake(ssl)
        return status == 1 ? .done : step(after: status)
    }

    /// Appends all plaintext that can be read to `buffer`; `.done` never comes back.
    func read(into buffer: inout ByteBuffer) -> Step {
        while true {
            ERR_clear_error()
            var status: Int32 = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.recordByteLimit) {
                status = SSL_read(ssl, $0.baseAddress, Int32(Self.recordByteLimit))
                return max(0, Int(status))
            }
            guard status > 0 else { return step(after: status) }
        }
    }

    /// Encrypts all of `buffer`.
    func write(_ buffer: ByteBuffer) -> Step {
        buffer.withUnsafeReadableBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                ERR_clear_error()
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.recordByteLimit))
                let status = SSL_write(ssl, piece.baseAddress, Int32(piece.count))
                guard status > 0 else { return step(after: status) }
                rest = rest.dropFirst(Int(status))
            }
            return .done
        }
    }

    /// Says goodbye; the peer's own is not waited for.
    func sayGoodbye() {
        ERR_clear_error()
        _ = SSL_shutdown(ssl)
        ERR_clear_error()
    }

    private func step(after status: Int32) -> Step {
        switch SSL_get_error(ssl, status) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsMore
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            return .failed(
                .tls(TLSErrors.drain(), peer: peer, verifyResult: SSL_get_verify_result(ssl))
            )
        }
    }
}
