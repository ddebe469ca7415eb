import Foundation
import Testing

/// The real `icinga2 daemon -C`, and the objects it says it would run with.
enum IcingaOracle {
    /// Icinga's own program, without Debian's wrapper.
    static let binary: String? = {
        let root = "/usr/lib"
        // lost on purpose: a folder that cannot be listed holds no Icinga
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return names.map { "\(root)/\($0)/icinga2/sbin/icinga2" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// The attributes of all objects in `text`, by `Type full name`.
    static func load(_ text: String) throws -> [String: [String: Any]] {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("forwarder-oracle-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // lost on purpose: only /tmp
        for name in ["lib", "cache", "log", "spool", "run", "zones.d"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(name),
                withIntermediateDirectories: true
            )
        }
        let frame = """
            const NodeName = "master"
            const ZoneName = "master"
            include <itl>
            object Endpoint NodeName { }
            object Zone ZoneName { endpoints = [ NodeName ] }

            """
        try Data((frame + text).utf8).write(to: folder.appendingPathComponent("icinga2.conf"))
        try validate(folder)
        let dump = try Data(contentsOf: folder.appendingPathComponent("cache/icinga2.debug"))
        return try objects(dump)
    }

    private static func validate(_ folder: URL) throws {
        let program = try #require(binary)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.environment = ["ICINGA2_USER": "root", "ICINGA2_GROUP": "root", "PATH": "/usr/bin"]
        let folders = [
            "DataDir": "lib", "CacheDir": "cache", "LogDir": "log", "SpoolDir": "spool",
            "InitRunDir": "run", "ConfigDir": ".", "ZonesDir": "zones.d",
        ]
        process.arguments =
            ["daemon", "-C", "-c", folder.path + "/icinga2.conf"]
            + folders.flatMap { ["-D", "\($0.key)=\(folder.path)/\($0.value)"] }
        let log = folder.appendingPathComponent("said")
        try Data().write(to: log)
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = process.standardOutput
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let said = try String(decoding: Data(contentsOf: log), as: UTF8.self)
        try #require(process.terminationStatus == 0, "\(said.suffix(2000))")
    }

    /// The dump is a row of netstrings: `length:json,`.
    private static func objects(_ dump: Data) throws -> [String: [String: Any]] {
        var result: [String: [String: Any]] = [:]
        var rest = dump[...]
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            let length = try #require(Int(String(decoding: rest[..<colon], as: UTF8.self)))
            let start = colon + 1
            let object = try #require(
                JSONSerialization.jsonObject(with: rest[start..<(start + length)])
                    as? [String: Any]
            )
            let properties = try #require(object["properties"] as? [String: Any])
            let name = try #require(properties["__name"] as? String)
            let type = try #require(object["type"] as? String)
            result["\(type) \(name)"] = properties
            rest = rest[(start + length + 1)...]
        }
        return result
    }
}
