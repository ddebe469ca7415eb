import Foundation
import TestSupport

/// Certificates for a master of this name, sound and not; made at run time.
struct Impostors: Sendable {
    let authority: CertificateAuthority
    let sound: MasterIdentity
    let expired: MasterIdentity
    let notYetValid: MasterIdentity
    let foreign: MasterIdentity
    let otherName: MasterIdentity
    let wildcard: MasterIdentity
    /// The right name as CN beside another one as alternative name.
    let nameBeside: MasterIdentity
    let selfSigned: MasterIdentity
    let clientsOnly: MasterIdentity
    /// Signed with a certificate that is no authority's.
    let signedByLeaf: MasterIdentity
    let rsa1024: MasterIdentity
    let rsa512: MasterIdentity
    let sha1: MasterIdentity

    /// Keep files while somebody holds these.
    private let folder: TemporaryDirectory
    private let stranger: CertificateAuthority

    init(name: String, alternativeNames: [String]? = nil) throws {
        let authority = try CertificateAuthority()
        let folder = try TemporaryDirectory("impostors")
        self.authority = authority
        self.folder = folder
        stranger = try CertificateAuthority()
        func identity(_ leaf: CertificateAuthority.Identity) -> MasterIdentity {
            MasterIdentity(
                certificate: leaf.certificate, key: leaf.key, authority: authority.certificate)
        }
        sound = identity(try authority.issue(name, alternativeNames: alternativeNames))
        expired = identity(try authority.issue(name, validity: .expired))
        notYetValid = identity(try authority.issue(name, validity: .notYet))
        foreign = identity(try stranger.issue(name))
        otherName = identity(try authority.issue("icinga2.example.org"))
        let parent = name.drop { $0 != "." }
        wildcard = identity(try authority.issue("wild", alternativeNames: ["*\(parent)"]))
        nameBeside = identity(try authority.issue(name, alternativeNames: ["other.example.org"]))
        clientsOnly = identity(
            try authority.issue(name, shape: .init(extensions: "extendedKeyUsage = clientAuth")))
        rsa1024 = identity(try authority.issue(name, shape: .init(rsaBits: 1024)))
        // Too short for the signatures of TLS 1.3.
        var short = identity(try authority.issue(name, shape: .init(rsaBits: 512)))
        short.newestVersion = MasterIdentity.tls12
        rsa512 = short
        sha1 = identity(try authority.issue(name, shape: .init(digest: "sha1")))
        let leaf = try authority.issue("web2")
        let child = try authority.issue(name, shape: .init(signer: leaf))
        signedByLeaf = MasterIdentity(
            certificate: try folder.write(
                Self.text(child.certificate) + Self.text(leaf.certificate), to: "chain.crt"),
            key: child.key, authority: authority.certificate)
        selfSigned = try Self.selfSigned(name, authority, folder)
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    private static func selfSigned(
        _ name: String, _ authority: CertificateAuthority, _ folder: TemporaryDirectory
    ) throws -> MasterIdentity {
        let (certificate, key) = (folder.path("self.crt"), folder.path("self.key"))
        try Command.require(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "30", "-subj", "/CN=\(name)", "-addext",
                "subjectAltName=DNS:\(name)", "-keyout", key, "-out", certificate,
            ])
        return MasterIdentity(
            certificate: certificate, key: key, authority: authority.certificate)
    }

    /// The sound certificate, up to this version of TLS.
    func sound(upTo version: Int32, ciphers: String? = nil) -> MasterIdentity {
        var identity = sound
        identity.newestVersion = version
        identity.ciphers = ciphers
        return identity
    }
}
