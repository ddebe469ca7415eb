import ConfigLanguage
import Foundation

/// A real Icinga 2, run in a folder of its own, that says what it makes of a configuration.
///
/// It opens no port and finds no program to run: there is no ApiListener, PATH is an empty folder.
struct IcingaOracle {
    /// One netstring record of its files.
    typealias Record = [String: OracleValue]

    /// The real binary, past the wrapper that changes user; nil where icinga2 is not installed.
    static let binary: String? = {
        let root = "/usr/lib"
        // lost on purpose: without the folder there is no icinga2
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return folders.map { "\(root)/\($0)/icinga2/sbin/icinga2" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    let folder: URL

    /// Writes a configuration: `main` is Icinga's alone, `definitions` is for both.
    init(main: String, definitions: String) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("oracle-\(UUID().uuidString)")
        for name in ["lib", "cache", "log", "spool", "run", "zones.d", "empty", "conf.d"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(name),
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755]
            )
        }
        try write(main + "\ninclude_recursive \"conf.d\"\n", "main.conf")
        // the same places here and there, and none with a program in it
        let places = ["PluginDir", "ManubulonPluginDir", "PluginContribDir"]
        let constants =
            places.map { "const \($0) = \"/nonexistent\"\n" }.joined()
            + "const ConfigDir = \"\(folder.path)\"\n"
        try write(constants, "conf.d/constants.conf")
        try write(definitions, "conf.d/test.conf")
    }

    var definitions: String { folder.appendingPathComponent("conf.d").path }

    func remove() throws {
        try FileManager.default.removeItem(at: folder)
    }

    private func write(_ text: String, _ name: String) throws {
        let url = folder.appendingPathComponent(name)
        try Data(text.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: url.path)
    }

    /// Every object with its resolved attributes.
    func objects() throws -> [Record] {
        let process = try start(["-C"])
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw OracleFailure(text: log) }
        return try records("cache/icinga2.debug")
    }

    /// The state of every object after the checker worked for some seconds.
    ///
    /// The oracle checks by its own clock, so this is the one place that has to wait.
    func states(after seconds: Double) throws -> [Record] {
        let process = try start([])
        Thread.sleep(forTimeInterval: seconds)
        guard process.isRunning else { throw OracleFailure(text: log) }
        process.terminate()
        process.waitUntilExit()
        return try records("lib/icinga2.state")
    }

    private var log: String {
        // lost on purpose: it only explains a failure that is reported anyway
        (try? String(contentsOf: folder.appendingPathComponent("out"), encoding: .utf8)) ?? ""
    }

    private func start(_ options: [String]) throws -> Process {
        guard let binary = Self.binary else { throw OracleFailure(text: "no icinga2") }
        let path = folder.path
        let places = [
            "DataDir=\(path)/lib", "CacheDir=\(path)/cache", "LogDir=\(path)/log",
            "SpoolDir=\(path)/spool", "InitRunDir=\(path)/run", "ConfigDir=\(path)",
            "ZonesDir=\(path)/zones.d",
        ]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments =
            ["daemon", "-x", "critical"] + options + places.flatMap { ["-D", $0] }
            + ["-c", "\(path)/main.conf"]
        process.environment = [
            "ICINGA2_USER": "root", "ICINGA2_GROUP": "root", "PATH": "\(path)/empty",
        ]
        let output = folder.appendingPathComponent("out")
        try Data().write(to: output)
        let handle = try FileHandle(forWritingTo: output)
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func records(_ name: String) throws -> [Record] {
        var rest = try Data(contentsOf: folder.appendingPathComponent(name))[...]
        var records: [Record] = []
        let decoder = JSONDecoder()
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            let digits = String(decoding: rest[..<colon], as: UTF8.self)
            guard let count = Int(digits) else { throw OracleFailure(text: "length \(digits)") }
            let text = rest[(colon + 1)...].prefix(count)
            records.append(try decoder.decode(Record.self, from: Data(text)))
            rest = rest[(colon + 1)...].dropFirst(count + 1)
        }
        return records
    }
}

/// Why the oracle did not answer.
struct OracleFailure: Error {
    let text: String
}

/// A value of Icinga's files.
enum OracleValue: Decodable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([OracleValue])
    case table([String: OracleValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([OracleValue].self) {
            self = .list(list)
        } else {
            self = .table(try container.decode([String: OracleValue].self))
        }
    }

    subscript(key: String) -> OracleValue {
        if case .table(let table) = self { return table[key] ?? .null }
        return .null
    }

    var text: String? {
        if case .text(let text) = self { return text }
        return nil
    }

    /// The value in the language; a function reads as such values read in JSON here.
    var value: Value {
        switch self {
        case .null: .null
        case .flag(let flag): .boolean(flag)
        case .number(let number): .number(number)
        case .text(let text): .text(text)
        case .list(let list): .array(ArrayValue(list.map(\.value)))
        case .table(let table):
            if table["type"]?.text == "Function" {
                .text("Object of type 'Function'")
            } else {
                .dictionary(
                    table.reduce(into: DictionaryValue()) {
                        $0[ByteString($1.key)] = $1.value.value
                    }
                )
            }
        }
    }
}
