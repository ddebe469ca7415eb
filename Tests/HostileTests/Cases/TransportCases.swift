import TestSupport

/// Who is not the master, and TLS that is weaker than agreed.
extension HostileCase {
    private static let session = "Forwarder/TLS/TLSSession.swift"
    private static let context = "Forwarder/TLS/TLSContext.swift"
    private static let otherCA = "issued by another CA"

    static let identities: [HostileCase] = [
        impostor(
            "a certificate that has expired", Guard(context, "SSL_VERIFY_PEER"), "has expired",
            isShort: true, \.expired),
        impostor(
            "a certificate of tomorrow", Guard(context, "SSL_VERIFY_PEER"), "not valid yet",
            \.notYetValid),
        impostor(
            "a certificate of another CA of the same name",
            Guard(context, "try trust(material.authority)"), otherCA, isShort: true, \.foreign),
        impostor(
            "a certificate that it signed itself", Guard(context, "SSL_VERIFY_PEER"), otherCA,
            \.selfSigned),
        impostor(
            "a certificate signed by a host's", Guard(context, "SSL_VERIFY_PEER"), "is refused",
            \.signedByLeaf),
        impostor(
            "another host's certificate", Guard(session, "X509_VERIFY_PARAM_set1_host"),
            "not for the name", isShort: true, \.otherName),
        impostor(
            "a certificate for every host of the domain",
            Guard(session, "X509_CHECK_FLAG_NO_WILDCARDS"), "not for the name", \.wildcard),
        impostor(
            "the name beside another one", Guard(session, "X509_VERIFY_PARAM_set1_host"),
            "not for the name", \.nameBeside),
        impostor(
            "a certificate for clients", Guard(session, "X509_PURPOSE_SSL_SERVER"),
            "not one for a server", isShort: true, \.clientsOnly),
        impostor(
            "an RSA key of 1,024 bits", Guard(context, "SSL_CTX_set_security_level"),
            "key too weak", isShort: true, \.rsa1024),
        impostor(
            "an RSA key of 512 bits", Guard(context, "SSL_CTX_set_security_level"),
            "key too weak", \.rsa512),
        impostor(
            "a certificate signed with SHA-1", Guard(context, "SSL_CTX_set_security_level"),
            "digest algorithm too weak", \.sha1),
    ]

    private static func impostor(
        _ name: String, _ guards: Guard, _ says: String, isShort: Bool = false,
        _ identity: @escaping @Sendable (Impostors) -> MasterIdentity
    ) -> HostileCase {
        HostileCase(
            name: name, does: "shows \(name)", guards: [guards],
            holds: "TLS is not completed, and not a byte is said inside it.",
            reaction: .sendsNothing, says: says, isShort: isShort
        ) { .beginning(.tls(identity($0.impostors))) }
    }

    private static let nothing = "TLS is not completed, and not a byte is said inside it."

    static let transports: [HostileCase] = [
        HostileCase(
            name: "TLS 1.1", does: "speaks TLS up to 1.1",
            guards: [Guard(context, "shim_SSL_CTX_set_min_proto_version")], holds: nothing,
            reaction: .sendsNothing, says: "TLS with", isShort: true
        ) { .beginning(.tls($0.impostors.sound(upTo: MasterIdentity.tls11))) },
        HostileCase(
            name: "TLS 1.0", does: "speaks TLS up to 1.0",
            guards: [Guard(context, "shim_SSL_CTX_set_min_proto_version")], holds: nothing,
            reaction: .sendsNothing, says: "TLS with"
        ) { .beginning(.tls($0.impostors.sound(upTo: MasterIdentity.tls10))) },
        HostileCase(
            name: "TLS without certificate", does: "takes anonymous ciphers of TLS 1.2 alone",
            guards: [Guard(context, "SSL_CTX_set_security_level")], holds: nothing,
            reaction: .sendsNothing, says: "TLS with"
        ) {
            let ciphers = "aNULL:@SECLEVEL=0"
            return .beginning(
                .tls($0.impostors.sound(upTo: MasterIdentity.tls12, ciphers: ciphers)))
        },
        HostileCase(
            name: "TLS without secrecy", does: "takes ciphers that encrypt nothing",
            guards: [Guard(context, "SSL_CTX_set_security_level")], holds: nothing,
            reaction: .sendsNothing, says: "TLS with"
        ) {
            let ciphers = "eNULL:@SECLEVEL=0"
            return .beginning(
                .tls($0.impostors.sound(upTo: MasterIdentity.tls12, ciphers: ciphers)))
        },
        HostileCase(
            name: "renegotiation", does: "wants another handshake before each answer (TLS 1.2)",
            guards: [Guard("COpenSSL/shim.h", "SSL_OP_NO_RENEGOTIATION")],
            holds: "There is none; the answers count, or the connection ends.",
            reaction: .bears(10), isShort: true
        ) { stage in
            var script = Script.beginning(
                .tls(stage.impostors.sound(upTo: MasterIdentity.tls12)))
            script.answering = { request, connection, ledger in
                guard request.kind == .submission else { return .fair }
                try connection.withTLS { $0.renegotiate() }
                guard connection.handshakeCount == 1 else {
                    throw SupportFault("shook hands twice")
                }
                try connection.send(ledger.answer(request))
                return .said
            }
            return script
        },
        HostileCase(
            name: "new keys without end", does: "changes keys 2,000 times before each answer",
            guards: [Guard(session, "func read(into buffer: inout ByteBuffer)")],
            holds: "Keys are changed; memory and time stay bounded.", reaction: .bears(2)
        ) { _ in
            Script(answering: { request, connection, ledger in
                guard request.kind == .submission else { return .fair }
                for _ in 0..<2_000 { try connection.withTLS { $0.updateKeys() } }
                try connection.send(ledger.answer(request))
                return .said
            })
        },
        plaintext(
            "HTTP without TLS", "answers the handshake in plain HTTP", Answers.greeting,
            isShort: true),
        plaintext(
            "another service", "greets as an SMTP server",
            Array("220 mail.example.org ESMTP\r\n".utf8)),
        plaintext(
            "alerts without end", "sends warnings of TLS for ever", [],
            piece: [21, 3, 3, 0, 2, 1, 90]),
        plaintext(
            "empty records without end", "sends empty records of TLS for ever", [],
            piece: [22, 3, 3, 0, 0]),
        plaintext(
            "a handshake message of 16 MiB", "announces a ServerHello of 2^24 - 1 bytes",
            [22, 3, 3, 0x40, 0, 2, 0xFF, 0xFF, 0xFF],
            piece: [UInt8](repeating: 3, count: 16_380)
                + [22, 3, 3, 0x40, 0, 3, 3, 3, 3]),
    ]

    private static func plaintext(
        _ name: String, _ does: String, _ bytes: [UInt8], piece: [UInt8] = [],
        isShort: Bool = false
    ) -> HostileCase {
        HostileCase(
            name: name, does: does,
            guards: [Guard("Forwarder/TLS/TLSHandler.swift", "state = .ended")],
            holds: nothing, reaction: .sendsNothing, says: "TLS with", isShort: isShort
        ) { _ in .beginning(.plaintext(bytes, piece: piece)) }
    }
}
