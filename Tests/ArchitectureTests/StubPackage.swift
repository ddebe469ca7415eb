import Foundation
import TestSupport

/// The repository's real Package.swift over empty sources and empty dependencies: the directions
/// between the targets and nothing else, so that it builds in seconds.
struct StubPackage {
    private let folder: TemporaryDirectory
    private let manifest: String

    /// Copies the manifest and makes a source for each target and product that it names.
    init() throws {
        folder = try TemporaryDirectory("stub-package")
        let real = BuiltProducts.repository.appendingPathComponent("Package.swift")
        let text = try String(contentsOf: real, encoding: .utf8)
        manifest = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map(Self.withLocalDependency).joined(separator: "\n")
        try folder.write(manifest, to: "Package.swift")
        try writeDependencies()
        try writeTargets()
    }

    /// Builds one target whose only source imports `module`.
    func build(_ target: String, importing module: String? = nil) throws -> Command.Outcome {
        let source = "Sources/\(target)/Stub.swift"
        let stub = target.hasSuffix("Command") || target.hasSuffix("Uplink") ? Self.main : "// stub"
        try folder.write((module.map { "internal import \($0)\n" } ?? "") + stub, to: source)
        defer {
            // lost on purpose: the next build says so
            _ = try? folder.write(stub, to: source)
        }
        return try Command.run(
            "swift",
            [
                "build", "--package-path", folder.path, "--target", target, "--jobs", "2",
                "--disable-sandbox", "--explicit-target-dependency-import-check", "error",
            ],
            patience: .seconds(1800)
        )
    }

    private static let cTargets = [
        "CGlibc", "CSpawn", "CSandbox", "CFaultyDisk", "CBrokenDisk", "CUplinkProbe",
        "CChildren",
    ]
    private static let main = "@main struct Main { static func main() {} }"

    /// `.package(url: "https://…/name", from: …)` becomes `.package(path: "stubs/name")`.
    private static func withLocalDependency(_ line: Substring) -> Substring {
        guard line.contains(".package(url:"),
            let url = line.split(separator: "\"").dropFirst().first,
            let name = url.split(separator: "/").last
        else { return line }
        return "        .package(path: \"stubs/\(name)\"),"
    }

    private func writeDependencies() throws {
        // .product(name: "NIOCore", package: "swift-nio")
        var products: [String: [String]] = [:]
        for line in manifest.split(separator: "\n") where line.contains(".product(name:") {
            let quoted = line.split(separator: "\"").enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
            guard quoted.count == 2 else { throw SupportFault("not understood: \(line)") }
            products[quoted[1], default: []].append(quoted[0])
        }
        for (name, modules) in products {
            let libraries = modules.map { ".library(name: \"\($0)\", targets: [\"\($0)\"])" }
            let targets = modules.map { ".target(name: \"\($0)\")" }
            try folder.write(
                """
                // swift-tools-version: 6.2
                import PackageDescription
                let package = Package(
                    name: "\(name)", products: [\(libraries.joined(separator: ", "))],
                    targets: [\(targets.joined(separator: ", "))])
                """,
                to: "stubs/\(name)/Package.swift"
            )
            for module in modules {
                try folder.write("// stub", to: "stubs/\(name)/Sources/\(module)/Stub.swift")
            }
        }
    }

    private func writeTargets() throws {
        try folder.write("module COpenSSL [system] {\n}\n", to: "Sources/COpenSSL/module.modulemap")
        for name in Self.cTargets {
            let isOurs = ["CGlibc", "CSpawn", "CSandbox"].contains(name)
            let place = "\(isOurs ? "Sources" : "Tests")/\(name)"
            try folder.write("", to: "\(place)/stub.c")
            try folder.write("", to: "\(place)/include/\(name).h")
        }
        try folder.write("// stub", to: "Tests/Support/Stub.swift")
        // Targets are named where `name:` opens a `.target(`, `.executableTarget(`, `.testTarget(`.
        let words = manifest.replacingOccurrences(of: "\n", with: " ")
            .split(separator: "(").map(String.init)
        for (opening, rest) in zip(words, words.dropFirst()) {
            let isTest = opening.hasSuffix(".testTarget")
            let isExecutable = opening.hasSuffix(".executableTarget")
            guard isTest || isExecutable || opening.hasSuffix(".target"),
                let name = rest.split(separator: "\"").dropFirst().first.map(String.init),
                !Self.cTargets.contains(name), name != "TestSupport"
            else { continue }
            try folder.write(
                isExecutable ? Self.main : "// stub",
                to: "\(isTest ? "Tests" : "Sources")/\(name)/Stub.swift"
            )
        }
    }
}
