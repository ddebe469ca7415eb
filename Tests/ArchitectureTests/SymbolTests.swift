import Foundation
import TestSupport
import Testing

/// The built objects: the network process cannot start programs, the daemon cannot talk TLS.
@Suite struct SymbolTests {
    /// Everything in the C library that makes a process or runs a program.
    private static let processSymbols: Set = [
        "execl", "execle", "execlp", "execv", "execve", "execveat", "execvp", "execvpe", "fexecve",
        "posix_spawn", "posix_spawnp", "pidfd_spawn", "pidfd_spawnp", "fork", "_Fork", "__fork",
        "vfork", "__vfork", "forkpty", "daemon", "clone", "__clone", "__clone2", "clone3",
        "system", "popen", "wordexp",
    ]

    /// The objects that the linker puts into an executable, from the build's own list.
    private static func objects(of product: String) throws -> [String] {
        let list = try BuiltProducts.folder.appendingPathComponent(
            "\(product).product/Objects.LinkFileList"
        )
        let text = try String(contentsOf: list, encoding: .utf8)
        return text.split(separator: "\n")
            .map { $0.trimmingCharacters(in: ["'", "\"", " "]) }
            .filter { $0.hasSuffix(".o") }
    }

    private static func processSymbols(in objects: [String]) throws -> [String] {
        var found: [String] = []
        var file = ""
        let said = try Command.require("nm", ["--undefined-only", "--print-file-name"] + objects)
        for line in said.outputText.split(separator: "\n") {
            guard let symbol = line.split(separator: " ").last else { continue }
            file = String(line.prefix { $0 != ":" })
            let plain = symbol.prefix { $0 != "@" }
            if processSymbols.contains(String(plain)) { found.append("\(file): \(plain)") }
        }
        return found
    }

    @Test func `nothing that goes into the uplink can start a program`() throws {
        let objects = try Self.objects(of: "forwarder-uplink")
        for module in ["Forwarder", "ForwarderUplink", "NIOPosix", "CNIOLinux"] {
            #expect(
                objects.contains { $0.contains("/\(module).build/") },
                "\(module) not looked at"
            )
        }
        for object in objects {
            #expect(FileManager.default.fileExists(atPath: object))
        }
        #expect(try Self.processSymbols(in: objects) == [])
    }

    @Test func `nothing of collector, spool, definitions or policy goes into the uplink`() throws {
        let objects = try Self.objects(of: "forwarder-uplink")
        let strangers: Set = [
            "Collector", "Spool", "Delivery", "ConfigLanguage", "CSpawn", "ForwarderCommand",
            "Policy", "GRDB", "ArgumentParser",
        ]
        for object in objects {
            let folder =
                URL(fileURLWithPath: object).pathComponents
                .first { $0.hasSuffix(".build") && $0 != ".build" } ?? ""
            #expect(!strangers.contains(String(folder.dropLast(6))), "\(object)")
        }
    }

    @Test(arguments: ["forwarder", "forwarder-uplink"])
    func `no product contains what tests break its disk with`(product: String) throws {
        let tests = [
            "CFaultyDisk", "CBrokenDisk", "CUplinkProbe", "CChildren", "TestSupport", "SpoolTests",
        ]
        let objects = try Self.objects(of: product)
        #expect(objects.contains { $0.contains("/Monitoring.build/") }, "nothing was looked at")
        for name in tests {
            #expect(!objects.contains { $0.contains("/\(name).build/") }, "\(name) in \(product)")
        }
        let executable =
            try product == "forwarder" ? BuiltProducts.forwarder : BuiltProducts.uplink
        let said = try Command.require("nm", [executable]).outputText
        #expect(!said.contains("faulty_disk"))
        #expect(said.contains(" main"))
        let libraries = try Self.libraries(executable)
        for name in ["BrokenDisk", "UplinkProbe"] {
            #expect(!libraries.contains { $0.contains(name) }, "\(product) links \(name)")
        }
    }

    @Test(arguments: ["execve", "posix_spawnp", "fork", "vfork", "system", "popen"])
    func `the look at the objects sees a call when there is one`(symbol: String) throws {
        let folder = try TemporaryDirectory("symbols")
        try folder.write("int \(symbol)(void); int f(void) { return \(symbol)(); }", to: "a.c")
        let object = folder.path("a.o")
        try Command.require("clang", ["-w", "-c", folder.path("a.c"), "-o", object])
        #expect(try Self.processSymbols(in: [object]) == ["\(object): \(symbol)"])
    }

    @Test func `each executable links only the libraries that its task needs`() throws {
        let uplink = try Self.libraries(BuiltProducts.uplink)
        #expect(uplink.contains { $0.hasPrefix("libc.so") })
        let notInUplink = [
            "libsqlite3", "libFoundation.so", "libFoundationInternationalization",
            "lib_FoundationICU", "libFoundationNetworking", "libcurl",
        ]
        for name in notInUplink {
            #expect(!uplink.contains { $0.hasPrefix(name) }, "forwarder-uplink links \(name)")
        }
        let daemon = try Self.libraries(BuiltProducts.forwarder)
        #expect(daemon.contains { $0.hasPrefix("libc.so") })
        for name in ["libssl", "libcrypto", "libgnutls", "libFoundationNetworking", "libcurl"] {
            #expect(!daemon.contains { $0.hasPrefix(name) }, "forwarder links \(name)")
        }
    }

    private static func libraries(_ executable: String) throws -> [String] {
        try Command.require("readelf", ["--dynamic", "--wide", executable]).outputText
            .split(separator: "\n")
            .filter { $0.contains("(NEEDED)") }
            .compactMap { $0.split(separator: "[").last.map { String($0.dropLast()) } }
    }
}
