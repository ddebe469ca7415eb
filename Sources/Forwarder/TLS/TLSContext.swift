internal import COpenSSL

/// What all TLS connections of one identity share: certificate, key and the one CA they trust.
///
/// Owned by one event loop.
///
/// - Source: OpenSSL 3.0 manual, SSL_CTX_new(3).
package final class TLSContext {
    /// Which end of connections it is for.
    package enum Side {
        /// Opens connections; the peer must prove the name that each ``TLSSession`` is made with.
        case client
        /// Accepts connections from holders of a certificate of the CA; scripted masters are this.
        case server
    }

    let pointer: OpaquePointer
    let side: Side

    /// Takes the material in and makes sure that its parts belong together.
    ///
    /// - Throws: `.file` with the path of the part that cannot be used.
    package init(_ material: KeyMaterial, side: Side = .client) throws(ForwarderFault) {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(side == .client ? TLS_client_method() : TLS_server_method())
        else {
            throw .file(path: material.certificate.path, problem: TLSErrors.drain().text)
        }
        self.pointer = pointer
        self.side = side
        guard shim_SSL_CTX_set_min_proto_version(pointer, TLS1_2_VERSION) == 1 else {
            throw .file(
                path: "openssl.cnf",
                problem: "forbids TLS 1.2 and later, which Icinga needs"
            )
        }
        let level = SSL_CTX_get_security_level(pointer)
        SSL_CTX_set_security_level(pointer, max(level, Self.securityLevel))
        shim_SSL_CTX_session_cache_off(pointer)
        shim_SSL_CTX_release_buffers(pointer)
        SSL_CTX_set_verify(
            pointer,
            SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
            nil
        )
        try trust(material.authority)
        try use(certificate: material.certificate)
        try use(key: material.key, certificate: material.certificate)
    }

    deinit { SSL_CTX_free(pointer) }

    /// The weakest that keys, signatures and ciphers may be, whatever this host's openssl.cnf says.
    ///
    /// 2: 112 bits, as RSA keys of 2,048 have, no SHA-1, and nothing without a certificate or
    /// encryption. A host that asks for more gets it.
    /// - Source: OpenSSL 3.0 manual, SSL_CTX_set_security_level(3).
    private static let securityLevel: Int32 = 2

    private func trust(_ file: PEMFile) throws(ForwarderFault) {
        let certificates = Self.certificates(in: file)
        defer { certificates.forEach(X509_free) }
        let store = SSL_CTX_get_cert_store(pointer)
        guard !certificates.isEmpty,
            certificates.allSatisfy({ X509_STORE_add_cert(store, $0) == 1 })
        else {
            throw .file(
                path: file.path,
                problem: "holds no CA certificate in PEM; copy ca.crt from the master"
            )
        }
    }

    private func use(certificate file: PEMFile) throws(ForwarderFault) {
        let certificates = Self.certificates(in: file)
        defer { certificates.forEach(X509_free) }
        guard let own = certificates.first, SSL_CTX_use_certificate(pointer, own) == 1 else {
            throw .file(
                path: file.path,
                problem: "holds no usable certificate in PEM (\(TLSErrors.drain().text))"
            )
        }
        for link in certificates.dropFirst() {
            guard shim_SSL_CTX_add1_chain_cert(pointer, link) == 1 else {
                throw .file(path: file.path, problem: TLSErrors.drain().text)
            }
        }
    }

    private func use(key file: PEMFile, certificate: PEMFile) throws(ForwarderFault) {
        ERR_clear_error()
        // The callback keeps OpenSSL from asking for a pass phrase on the terminal.
        let key = Self.withReader(of: file) {
            PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let key else {
            throw .file(
                path: file.path,
                problem: "holds no private key in PEM that can be read without a pass phrase "
                    + "(\(TLSErrors.drain().text))"
            )
        }
        defer { EVP_PKEY_free(key) }
        guard SSL_CTX_use_PrivateKey(pointer, key) == 1,
            SSL_CTX_check_private_key(pointer) == 1
        else {
            _ = TLSErrors.drain()
            throw .file(
                path: file.path,
                problem: "is not the key of the certificate \(certificate.path)"
            )
        }
    }

    /// All certificates of a file, to be freed by the caller.
    private static func certificates(in file: PEMFile) -> [OpaquePointer] {
        ERR_clear_error()
        defer { ERR_clear_error() }  // the end of the file reads as an error
        return withReader(of: file) { reader in
            var certificates: [OpaquePointer] = []
            while let one = PEM_read_bio_X509(reader, nil, nil, nil) { certificates.append(one) }
            return certificates
        }
    }

    private static func withReader<Result>(
        of file: PEMFile,
        _ body: (OpaquePointer?) -> Result
    ) -> Result {
        file.bytes.withUnsafeBytes { bytes in
            let reader = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
            defer { BIO_free(reader) }
            return body(reader)
        }
    }
}
