import Foundation

/// A throw-away certificate authority, and what it signs: for masters, clients and impostors.
package final class CertificateAuthority: Sendable {
    /// A certificate with its key, as PEM files.
    package struct Identity: Sendable {
        /// The common name.
        package let name: String
        /// Path of the certificate.
        package let certificate: String
        /// Path of the private key.
        package let key: String
        /// Keeps the files while somebody holds this.
        fileprivate let files: TemporaryDirectory
    }

    /// When a certificate is valid.
    package enum Validity: Sendable {
        /// From yesterday on, for 1,000 days; Icinga renews what has less than 30 days left.
        case current
        /// Ended yesterday.
        case expired
        /// Starts tomorrow.
        case notYet

        fileprivate var days: (from: Double, to: Double) {
            switch self {
            case .current: (-1, 1000)
            case .expired: (-10, -1)
            case .notYet: (1, 10)
            }
        }
    }

    private let folder: TemporaryDirectory

    /// Makes a new authority with a key of its own, valid since yesterday so that clients whose
    /// clock is behind can verify it.
    package init(name: String = "Icinga CA") throws {
        folder = try TemporaryDirectory("ca")
        try Command.require(
            "openssl",
            [
                "req", "-new", "-subj", "/CN=\(name)",
                "-keyout", folder.path("ca.key"), "-out", folder.path("ca.csr"),
            ] + Self.newKey
        )
        try folder.write(Self.configuration, to: "ca.conf")
        try folder.write(
            """
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign, cRLSign
            subjectKeyIdentifier = hash
            """,
            to: "ca.extensions"
        )
        try folder.write("", to: "ca.index")
        try sign("ca", from: -1, to: 5000, options: ["-selfsign"])
    }

    /// Path of its own certificate.
    package var certificate: String { folder.path("ca.crt") }

    /// What is unusual about a certificate; nothing unless told.
    package struct Shape: Sendable {
        /// Bits of an RSA key; nil for a P-256 one.
        package var rsaBits: Int?
        /// What is signed of it.
        package var digest = "sha256"
        /// More extensions, one a line, as openssl's configuration writes them.
        package var extensions = ""
        /// Who signs it in the authority's place: the holder of another certificate.
        package var signer: Identity?

        /// An ordinary certificate until it is changed.
        package init(
            rsaBits: Int? = nil, digest: String = "sha256", extensions: String = "",
            signer: Identity? = nil
        ) {
            self.rsaBits = rsaBits
            self.digest = digest
            self.extensions = extensions
            self.signer = signer
        }
    }

    /// Signs a new key for `name`; each call makes another key.
    package func issue(
        _ name: String,
        validity: Validity = .current,
        alternativeNames: [String]? = nil,
        shape: Shape = Shape()
    ) throws -> Identity {
        let stem = "issued-\(UUID().uuidString)"
        try Command.require(
            "openssl",
            [
                "req", "-new", "-subj", "/CN=\(name)", "-keyout", folder.path("\(stem).key"),
                "-out", folder.path("\(stem).csr"),
            ] + (shape.rsaBits.map { ["-newkey", "rsa:\($0)", "-nodes"] } ?? Self.newKey)
        )
        let names = (alternativeNames ?? [name]).map { "DNS:\($0)" }.joined(separator: ",")
        try folder.write(
            "basicConstraints = critical, CA:FALSE\nsubjectAltName = \(names)\n"
                + "\(shape.extensions)\n",
            to: "\(stem).extensions"
        )
        try folder.write("", to: "\(stem).index")
        let signer = shape.signer.map { ["-cert", $0.certificate, "-keyfile", $0.key] } ?? []
        try sign(
            stem,
            from: validity.days.from,
            to: validity.days.to,
            options: ["-md", shape.digest] + signer
        )
        return Identity(
            name: name,
            certificate: folder.path("\(stem).crt"),
            key: folder.path("\(stem).key"),
            files: folder
        )
    }

    private func sign(
        _ stem: String,
        from start: Double,
        to end: Double,
        options: [String] = []
    ) throws {
        try Command.require(
            "env",
            [
                "FOLDER=\(folder.path)", "INDEX=\(folder.path("\(stem).index"))",
                "openssl", "ca", "-batch", "-notext", "-config", folder.path("ca.conf"),
                "-startdate", Self.date(daysFromNow: start),
                "-enddate", Self.date(daysFromNow: end),
                "-extfile", folder.path("\(stem).extensions"),
                "-in", folder.path("\(stem).csr"), "-out", folder.path("\(stem).crt"),
            ] + options
        )
    }

    private static func date(daysFromNow days: Double) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "yyyyMMddHHmmss'Z'"
        return format.string(from: Date(timeIntervalSinceNow: days * 86_400))
    }

    /// P-256: made in milliseconds, where Icinga's own 4,096-bit RSA keys take seconds each.
    private static let newKey = [
        "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
    ]

    private static let configuration = """
        [ca]
        default_ca = test
        [test]
        database = $ENV::INDEX
        new_certs_dir = $ENV::FOLDER
        certificate = $ENV::FOLDER/ca.crt
        private_key = $ENV::FOLDER/ca.key
        rand_serial = yes
        default_md = sha256
        policy = any
        [any]
        commonName = supplied
        """
}
