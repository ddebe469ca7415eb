import Foundation
import TestSupport
import Testing

/// Who may import whom, and proof that the build refuses what Package.swift does not list.
@Suite struct ImportTests {
    /// All modules that a target's files import; toolchain modules are in nobody's manifest.
    private static let allowed: [String: Set<String>] = [
        "Monitoring": ["Glibc"],
        "ConfigLanguage": ["CGlibc", "Glibc"],
        "Spool": ["Monitoring", "GRDB", "GRDBSQLite", "Foundation", "Glibc", "Synchronization"],
        "UplinkMessages": ["Monitoring"],
        "Policy": ["Monitoring"],
        "Delivery": [
            "Monitoring", "Policy", "Spool", "UplinkMessages", "DequeModule", "HeapModule",
            "Synchronization",
        ],
        "Collector": [
            "Monitoring", "ConfigLanguage", "CSpawn", "HeapModule", "OrderedCollections", "Logging",
            "Glibc", "Synchronization",
        ],
        "Forwarder": [
            "Monitoring", "UplinkMessages", "COpenSSL", "CSandbox", "NIOCore", "NIOPosix",
            "NIOHTTP1", "DequeModule", "Logging", "Glibc", "Synchronization",
        ],
        "ForwarderCommand": [
            "Monitoring", "ConfigLanguage", "Policy", "Spool", "Delivery", "Collector",
            "UplinkMessages", "CSpawn", "ArgumentParser", "Logging", "Foundation", "Glibc",
            "Synchronization",
        ],
        "ForwarderUplink": ["Forwarder", "UplinkMessages", "Logging", "Glibc"],
    ]

    @Test func `a file imports only what its target may`() throws {
        let files = try SourceFile.all(in: ["Sources"])
        #expect(!files.isEmpty)
        for file in files {
            let allowed = try #require(Self.allowed[file.target], "\(file.path): unknown target")
            for module in file.code.compactMap(Self.importedModule) {
                #expect(allowed.contains(module), "\(file.path) imports \(module)")
            }
        }
    }

    @Test(arguments: [
        ("import Glibc", "Glibc"), ("@testable import Spool", "Spool"),
        ("  package import struct NIOCore.ByteBuffer", "NIOCore"),
        ("@preconcurrency public import NIO", "NIO"), ("@_spi(Test) internal import func A.b", "A"),
    ])
    func `an import is seen in all its spellings`(line: String, module: String) {
        #expect(Self.importedModule(line) == module)
    }

    private static func importedModule(_ line: String) -> String? {
        let words = line.split(separator: " ")
        guard let position = words.firstIndex(of: "import"), position + 1 < words.count else {
            return nil
        }
        let modifiers: Set = ["public", "package", "internal", "private", "fileprivate"]
        let before = words[..<position].filter { !modifiers.contains(String($0)) }
        guard before.allSatisfy({ $0.hasPrefix("@") }) else { return nil }
        let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        let name = kinds.contains(String(words[position + 1])) ? words.last : words[position + 1]
        return name?.split(separator: ".").first.map(String.init)
    }

    /// Builds the real Package.swift over empty sources, so that nothing else has to be built.
    @Test func `the build refuses an import that Package.swift does not list`() throws {
        let package = try StubPackage()
        #expect(try package.build("Forwarder").isSuccess)
        let forbidden = [
            ("Forwarder", "Collector"), ("Forwarder", "Spool"), ("Collector", "Forwarder"),
            ("Collector", "Spool"), ("ForwarderUplink", "Delivery"),
            ("ForwarderCommand", "Forwarder"), ("UplinkMessages", "Spool"),
            ("Policy", "Spool"), ("Forwarder", "Policy"),
        ]
        for (target, module) in forbidden {
            let outcome = try package.build(target, importing: module)
            #expect(!outcome.isSuccess, "\(target) may import \(module)")
            let said = outcome.outputText + outcome.errorText
            #expect(said.contains("(\(module))"), "\(said.suffix(500))")
        }
        #expect(try package.build("Forwarder", importing: "UplinkMessages").isSuccess)
    }
}
