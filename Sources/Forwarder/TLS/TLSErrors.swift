internal import COpenSSL
internal import UplinkMessages

/// What OpenSSL's error queue of this thread held.
struct TLSErrors {
    /// The reasons, first one first.
    let text: String
    /// The number of the alert that the peer sent, if one is among them.
    let alert: Int32?
    /// True when the peer's certificate was refused.
    let isVerifyFailure: Bool
    /// True when the peer ended the connection without saying so.
    let isUnexpectedEnd: Bool

    /// Takes everything out of the queue; call right after the call that failed.
    static func drain() -> TLSErrors {
        var reasons: [String] = []
        var alert: Int32?
        var isVerifyFailure = false
        var isUnexpectedEnd = false
        while case let error = ERR_get_error(), error != 0 {
            if let reason = ERR_reason_error_string(error) {
                reasons.append(String(cString: reason))
            }
            let number = shim_alert_from_peer(error)
            if number != 0 { alert = number }
            isVerifyFailure = isVerifyFailure || shim_is_certificate_verify_failure(error) != 0
            isUnexpectedEnd = isUnexpectedEnd || shim_is_unexpected_eof(error) != 0
        }
        return TLSErrors(
            text: reasons.isEmpty ? "no reason given" : reasons.joined(separator: ", "),
            alert: alert,
            isVerifyFailure: isVerifyFailure,
            isUnexpectedEnd: isUnexpectedEnd
        )
    }
}

extension LinkFailure {
    /// What a failed TLS call means for the operator.
    static func tls(_ errors: TLSErrors, peer: String, verifyResult: Int) -> LinkFailure {
        if let alert = errors.alert { return refusedByPeer(alert: alert, peer: peer) }
        if errors.isVerifyFailure { return untrusted(peer: peer, flaw: verifyResult) }
        if errors.isUnexpectedEnd {
            return LinkFailure(.closed, "\(peer) ended the connection without a goodbye")
        }
        return LinkFailure(
            .tlsFailed,
            "TLS with \(peer) failed: \(errors.text). Is this the API port of an Icinga 2 master?"
        )
    }

    /// Why the peer's certificate is refused.
    ///
    /// - Source: OpenSSL 3.0 manual, X509_STORE_CTX_get_error(3).
    static func untrusted(peer: String, flaw: Int) -> LinkFailure {
        let code = Int32(truncatingIfNeeded: flaw)
        let text =
            switch code {
            case X509_V_ERR_HOSTNAME_MISMATCH:
                "the certificate shown is not for the name \(peer). The Master object must be "
                    + "named as the master's NodeName, and its host must lead to that master"
            case X509_V_ERR_CERT_HAS_EXPIRED:
                "the certificate of \(peer) or its CA has expired. Renew it on the master; if it "
                    + "is valid, check this host's clock"
            case X509_V_ERR_CERT_NOT_YET_VALID:
                "the certificate of \(peer) is not valid yet. Check the clocks of both hosts"
            case X509_V_ERR_INVALID_PURPOSE:
                "the certificate of \(peer) is not one for a server. Issue it again with "
                    + "server authentication allowed"
            case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_CERT_SIGNATURE_FAILURE,
                X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
                X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
                "the certificate of \(peer) was issued by another CA than the configured one. "
                    + "Nothing was sent. Compare ca with the master's ca.crt"
            default:
                "the certificate of \(peer) is refused: "
                    + String(cString: X509_verify_cert_error_string(flaw))
            }
        return LinkFailure(.untrusted, text)
    }

    /// What the peer's alert says about us.
    ///
    /// - Source: RFC 8446 section 6.2.
    private static func refusedByPeer(alert: Int32, peer: String) -> LinkFailure {
        let name = String(cString: SSL_alert_desc_string_long(alert))
        let advice =
            switch alert {
            case SSL_AD_CERTIFICATE_EXPIRED:
                "this host's certificate has expired for it; renew it"
            case SSL_AD_UNKNOWN_CA, SSL_AD_BAD_CERTIFICATE, SSL_AD_CERTIFICATE_UNKNOWN,
                SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_DECRYPT_ERROR:
                "it does not accept this host's certificate; have it signed by the master's CA"
            case SSL_AD_CERTIFICATE_REVOKED: "this host's certificate is revoked; get a new one"
            case SSL_AD_CERTIFICATE_REQUIRED, SSL_AD_HANDSHAKE_FAILURE, SSL_AD_PROTOCOL_VERSION:
                "it and this host agree on no TLS version, cipher or certificate"
            default: "see the master's log"
            }
        return LinkFailure(.tlsFailed, "\(peer) refused TLS with the alert \"\(name)\": \(advice)")
    }
}
