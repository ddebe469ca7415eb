import ConfigLanguage
import Foundation
import TestSupport

/// A real Icinga 2, run in a folder of its own, that says what it makes of a configuration.
///
/// It opens no port and finds no program to run but the recorder: there is no ApiListener, PATH
/// names a folder of the test's.
final class IcingaOracle {
    /// One netstring record of its files.
    typealias Record = [String: OracleValue]

    /// Whether there is an Icinga 2 to ask.
    static let isInstalled = IcingaInstallation.installed != nil
    /// What a skipped test says.
    static let absence = "no comparison: icinga2 is not installed"

    /// Whether a running Icinga 2 is asked, which waits for its clock: in the long form.
    static let isAsked = isInstalled && OracleRun.isFull
    /// What a skipped test says.
    static let silence = "needs Icinga 2 and `make oracle`; recordings are compared anyway"

    /// The folder, for the definitions that both read.
    let folder: TemporaryDirectory
    private let installation: IcingaInstallation

    /// Writes a configuration: `main` is Icinga's alone, `definitions` is for both.
    ///
    /// - Parameters:
    ///   - constants: for both, in place of those that say where plugins are.
    ///   - installation: which Icinga; this machine's own by default.
    init(
        main: String,
        definitions: String,
        files: [String: String] = [:],
        constants: String? = nil,
        installation: IcingaInstallation? = .installed
    ) throws {
        guard let installation else { throw OracleFailure(text: Self.absence) }
        self.installation = installation
        folder = try TemporaryDirectory("oracle")
        // an unpacked Icinga runs as another user
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: folder.path)
        for name in ["lib", "cache", "log", "spool", "run", "zones.d", "plugins"] {
            try folder.makeFolder(name)
        }
        try folder.write(main + "\ninclude_recursive \"conf.d\"\n", to: "main.conf", mode: 0o644)
        // the same places here and there
        let places = ["PluginDir", "ManubulonPluginDir", "PluginContribDir"]
        let defaults =
            places.map { "const \($0) = \"\(folder.path("plugins"))\"\n" }.joined()
        try folder.write(constants ?? defaults, to: "conf.d/constants.conf", mode: 0o644)
        try folder.write(definitions, to: "conf.d/test.conf", mode: 0o644)
        for (name, text) in files { try folder.write(text, to: "conf.d/" + name, mode: 0o644) }
    }

    /// Where the definitions are.
    var definitions: String { folder.path("conf.d") }

    /// Where its plugins are.
    var plugins: String { folder.path("plugins") }

    /// Every object with its resolved attributes.
    func objects() throws -> [Record] {
        try dumpObjects()
        return try records("cache/icinga2.debug")
    }

    private func dumpObjects() throws {
        // since 2.14 only when told to
        let help = installation.command(["daemon", "--help"], folder: folder.path)
        let told = try Command.run(help[0], Array(help.dropFirst()), environment: environment)
        let option = "--dump-objects"
        let verdict = try verdict(more: told.outputText.contains(option) ? [option] : [])
        guard verdict.isAccepted else { throw OracleFailure(text: verdict.text) }
    }

    /// What it says of the configuration.
    struct Verdict {
        let isAccepted: Bool
        let text: String
    }

    /// Whether it takes the configuration; nil from a program that crashed over it is an error.
    func verdict(level: String = "critical", more options: [String] = []) throws -> Verdict {
        let words = command(["-C"] + options, level: level)
        let outcome = try Command.run(
            words[0], Array(words.dropFirst()), environment: environment, patience: .seconds(600))
        // an abort is an exit status of the process that watches over it
        guard case .exited(let status) = outcome.ending, status < 124 else {
            throw OracleFailure(text: "icinga2 crashed: \(outcome.outputText)")
        }
        return Verdict(isAccepted: status == 0, text: outcome.outputText + outcome.errorText)
    }

    /// The state of every object after the checker worked for some seconds.
    ///
    /// The oracle checks by its own clock, so this is the one place that has to wait. Objects keep
    /// their results from one call to the next.
    func states(
        after seconds: Double, environment more: [String: String] = [:]
    ) throws -> [Record] {
        let words = command([], level: "critical")
        let child = try ChildProcess(
            words[0], Array(words.dropFirst()),
            environment: environment.merging(more) { $1 })
        Thread.sleep(forTimeInterval: seconds)
        guard child.poll() == nil else {
            throw OracleFailure(
                text: String(decoding: child.output, as: UTF8.self) + child.errorText)
        }
        // it alone: it stops its worker, and both told at once may wait for each other
        kill(child.pid, SIGTERM)
        // one that does not end was seen; it must not hold up the tests, nor live on
        do {
            _ = try child.wait(patience: .seconds(20))
        } catch {
            child.signal(SIGKILL)
            throw OracleFailure(text: "icinga2 did not end: \(error)")
        }
        return try records("lib/icinga2.state")
    }

    private var environment: [String: String] {
        [
            "ICINGA2_USER": "root", "ICINGA2_GROUP": "root", "HOME": "/", "LANG": "C.UTF-8",
            // nothing but the recorder may be found by name
            "PATH": installation.root == nil ? plugins : "/usr/sbin:/usr/bin:/sbin:/bin",
        ]
    }

    private func command(_ options: [String], level: String) -> [String] {
        let path = folder.path
        let places = [
            "DataDir=\(path)/lib", "CacheDir=\(path)/cache", "LogDir=\(path)/log",
            "SpoolDir=\(path)/spool", "InitRunDir=\(path)/run",
            "ZonesDir=\(path)/zones.d",
        ]
        return installation.command(
            ["daemon", "-x", level] + options + places.flatMap { ["-D", $0] }
                + ["-c", "\(path)/main.conf"],
            folder: path)
    }

    /// The JSON text of every object with its resolved attributes.
    func objectTexts() throws -> [String] {
        try dumpObjects()
        return try texts("cache/icinga2.debug")
    }

    private func records(_ name: String) throws -> [Record] {
        try texts(name).map { text in
            let json = try JSONSerialization.jsonObject(with: Data(text.utf8))
            guard case .table(let table) = OracleValue(json) else {
                throw OracleFailure(text: "no record: \(json)")
            }
            return table
        }
    }

    private func texts(_ name: String) throws -> [String] {
        let content = [UInt8](try Data(contentsOf: folder.url.appendingPathComponent(name)))
        var texts: [String] = []
        var position = 0
        while let colon = content[position...].firstIndex(of: UInt8(ascii: ":")) {
            let digits = String(decoding: content[position..<colon], as: UTF8.self)
            guard let count = Int(digits) else { throw OracleFailure(text: "length \(digits)") }
            texts.append(
                String(decoding: content[(colon + 1)..<(colon + 1 + count)], as: UTF8.self))
            position = colon + count + 2
        }
        return texts
    }
}

/// Why the oracle did not answer.
struct OracleFailure: Error {
    let text: String
}

/// A value of Icinga's files.
enum OracleValue {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([OracleValue])
    case table([String: OracleValue])

    /// What the JSON reader made.
    init(_ json: Any) {
        switch json {
        case let number as NSNumber:
            let isFlag = String(cString: number.objCType) == "c"
            self = isFlag ? .flag(number.boolValue) : .number(number.doubleValue)
        case let text as String: self = .text(text)
        case let list as [Any]: self = .list(list.map(OracleValue.init))
        case let table as [String: Any]: self = .table(table.mapValues(OracleValue.init))
        default: self = .null
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

    var number: Double? {
        if case .number(let number) = self { return number }
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
