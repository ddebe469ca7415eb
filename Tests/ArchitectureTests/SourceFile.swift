import Foundation
import TestSupport

/// One Swift file of the repository.
struct SourceFile: Sendable {
    /// From the repository's root, as `Sources/Spool/SpoolQueue.swift`.
    let path: String
    /// Its lines.
    let lines: [String]

    /// The target that it belongs to: the folder below `Sources` or `Tests`.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    /// Its lines without comments and without what stands in one-line strings.
    var code: [String] {
        lines.map { line in
            var rest = line[...]
            var code = ""
            while let quote = rest.firstIndex(of: "\"") {
                let before = rest[..<quote]
                if let comment = before.firstRange(of: "//") {
                    return code + before[..<comment.lowerBound]
                }
                code += before
                rest = rest[quote...].dropFirst()
                while let next = rest.first, next != "\"" {
                    rest = rest.dropFirst(next == "\\" ? 2 : 1)
                }
                rest = rest.dropFirst()
            }
            guard let comment = rest.firstRange(of: "//") else { return code + rest }
            return code + rest[..<comment.lowerBound]
        }
    }

    /// All Swift files below some folders of the repository.
    static func all(in folders: [String]) throws -> [SourceFile] {
        let root = BuiltProducts.repository
        return try folders.flatMap { folder in
            let names = FileManager.default.enumerator(
                at: root.appendingPathComponent(folder),
                includingPropertiesForKeys: nil
            )
            return try (names?.allObjects ?? []).compactMap { entry -> SourceFile? in
                guard let url = entry as? URL, url.pathExtension == "swift" else { return nil }
                let text = try String(contentsOf: url, encoding: .utf8)
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                return SourceFile(
                    path: String(url.path.dropFirst(root.path.count + 1)),
                    lines: lines.map(String.init)
                )
            }
        }.sorted { $0.path < $1.path }
    }
}
