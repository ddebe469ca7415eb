import Foundation
import TestSupport

/// A real Icinga 2 of its own on loopback, thrown away with its folder.
///
/// Runs the installed binary as the user of the tests, beside whatever else runs.
final class PrivateMaster {
    struct Failed: Error { var what: String }

    let folder: String
    var port: UInt16 { UInt16(loopback.number) }
    private let loopback: LoopbackPort
    private let process = Process()

    static let binary = [
        "/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2",
        "/usr/lib/aarch64-linux-gnu/icinga2/sbin/icinga2", "/usr/lib/icinga2/sbin/icinga2",
    ].first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Starts a master named `icinga1` and waits until it listens.
    init() throws {
        guard let binary = Self.binary else { throw Failed(what: "icinga2-bin is not installed") }
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("forwarder-icinga-\(UUID().uuidString)").path
        loopback = try LoopbackPort()
        for part in ["lib/certs", "cache", "log", "spool", "run", "zones.d"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(part)",
                withIntermediateDirectories: true
            )
        }
        try makeCertificates(with: binary)
        try Self.configuration(port: port).write(
            toFile: "\(folder)/icinga2.conf",
            atomically: true,
            encoding: .utf8
        )
        let output = Pipe()
        prepare(process, binary, ["daemon", "-c", "\(folder)/icinga2.conf"], output: output)
        try process.run()
        var log = ""
        while !log.contains("Activated all objects") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw Failed(what: log) }
            log += String(decoding: data, as: UTF8.self)
        }
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    func stop() throws {
        let file = try String(contentsOfFile: "\(folder)/run/icinga2.pid", encoding: .utf8)
        guard let pid = pid_t(file.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Failed(what: "no pid in \(file)")
        }
        kill(pid, SIGTERM)
        process.waitUntilExit()
        try FileManager.default.removeItem(atPath: folder)
    }

    private func prepare(
        _ process: Process,
        _ binary: String,
        _ arguments: [String],
        output: Pipe
    ) {
        let folders = [
            "DataDir=lib", "CacheDir=cache", "LogDir=log", "SpoolDir=spool", "InitRunDir=run",
            "ZonesDir=zones.d",
        ].map { $0.replacingOccurrences(of: "=", with: "=\(folder)/") }
        let defines = (folders + ["ConfigDir=\(folder)"]).flatMap { ["-D", $0] }
        var environment = ProcessInfo.processInfo.environment
        environment["ICINGA2_USER"] = getuid() == 0 ? "root" : NSUserName()
        environment["ICINGA2_GROUP"] = environment["ICINGA2_USER"]
        process.environment = environment
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = arguments + defines
        process.standardOutput = output
        process.standardError = output
    }

    private func makeCertificates(with binary: String) throws {
        try run(binary, ["pki", "new-ca"])
        for (name, file) in [("icinga1", "lib/certs/icinga1"), ("client", "client"), ("x", "poor")]
        {
            let path = "\(folder)/\(file)"
            try run(
                binary,
                [
                    "pki", "new-cert", "--cn", name == "x" ? "poor" : name, "--key",
                    "\(path).key", "--csr", "\(path).csr",
                ]
            )
            try run(binary, ["pki", "sign-csr", "--csr", "\(path).csr", "--cert", "\(path).crt"])
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600],
                ofItemAtPath: "\(path).key"
            )
        }
        try FileManager.default.copyItem(
            atPath: "\(folder)/lib/ca/ca.crt",
            toPath: "\(folder)/lib/certs/ca.crt"
        )
    }

    private func run(_ binary: String, _ arguments: [String]) throws {
        let process = Process()
        let output = Pipe()
        prepare(process, binary, arguments, output: output)
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(what: String(decoding: text, as: UTF8.self))
        }
    }

    private static func configuration(port: UInt16) -> String {
        """
        const NodeName = "icinga1"
        const ZoneName = "master"
        include <itl>
        object Endpoint "icinga1" { }
        object Zone "master" { endpoints = [ "icinga1" ] }
        object Zone "web1" { parent = "master" }
        object CheckerComponent "checker" { }
        object ApiListener "api" { bind_host = "127.0.0.1"; bind_port = \(port) }
        object ApiUser "web1" {
          client_cn = "client"
          permissions = [
            { permission = "actions/process-check-result", filter = {{ host.name == "web1" }} },
            { permission = "objects/query/Host", filter = {{ host.name == "web1" }} },
            { permission = "objects/query/Service", filter = {{ host.name == "web1" }} }
          ]
        }
        object ApiUser "poor" { client_cn = "poor"; permissions = [ "status/query" ] }
        template Host "passive" {
          zone = "web1"; check_command = "dummy"; enable_active_checks = false
        }
        template Service "passive" {
          zone = "web1"; check_command = "dummy"; enable_active_checks = false
        }
        object Host "web1" { import "passive" }
        object Host "web2" { import "passive" }
        object Service "parked" {
          import "passive"
          host_name = "web1"
          enable_passive_checks = false
        }
        for (i in range(100)) {
          object Service "s" + i { import "passive"; host_name = "web1" }
        }
        """
    }
}
