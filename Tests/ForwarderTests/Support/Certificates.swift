import Foundation

@testable import Forwarder

/// Certificates for tests, made by the `openssl` command in a folder of their own.
struct Certificates: Sendable {
    struct Failed: Error { var output: String }

    let folder: String

    /// Made once for the whole run: a CA, another CA of the same name, and leaves of both.
    static let shared = Result { try Certificates() }

    private init() throws {
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("forwarder-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        for authority in ["ca", "otherca"] {
            try openssl(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 "
                    + "-keyout \(authority).key -out \(authority).crt -subj /CN=TestCA"
            )
        }
        try leaf("icinga1", by: "ca")
        try leaf("icinga2", by: "ca")
        try leaf("client", by: "ca")
        try leaf("icinga1", by: "otherca", as: "stranger")
        try leaf("client", by: "otherca", as: "strangeclient")
        try leaf("icinga1", by: "ca", as: "expired", days: "-1")
    }

    private func leaf(
        _ name: String,
        by authority: String,
        as file: String? = nil,
        days: String = "30"
    ) throws {
        let file = file ?? name
        try openssl(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                + "-keyout \(file).key -out \(file).csr -subj /CN=\(name)"
        )
        try openssl(
            "x509 -req -in \(file).csr -CA \(authority).crt -CAkey \(authority).key "
                + "-set_serial \(abs(file.hashValue)) -days \(days) -out \(file).crt"
        )
    }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(output: String(decoding: text, as: UTF8.self))
        }
    }

    func path(_ file: String) -> String { "\(folder)/\(file)" }

    /// What a process with this leaf and this CA reads at its start.
    func material(_ leaf: String, trusting authority: String = "ca") throws -> KeyMaterial {
        try KeyMaterial(
            name: leaf,
            certificate: path("\(leaf).crt"),
            key: path("\(leaf).key"),
            authority: path("\(authority).crt")
        )
    }
}
