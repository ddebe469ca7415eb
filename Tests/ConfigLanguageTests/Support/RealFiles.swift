import ConfigLanguage

/// The configuration that the distribution installs, read where it lies and never copied.
struct RealFiles {
    /// Parts of files: each begins and ends at the left edge.
    let sections: [String]

    /// Longest part that is used, in lines: the tests change a word of it, and short ones say more.
    private static let longestSection = 40

    /// Every `*.conf` as packaged, and the files that `include <itl>` and its like name.
    static func paths() throws -> [String] {
        let reader = SystemFileReader()
        return try reader.files(below: Oracle.includes, matching: "*.conf")
            + reader.files(below: Oracle.definitions, matching: "*.conf")
    }

    init() throws {
        var sections: [String] = []
        for path in try Self.paths() {
            let text = String(decoding: try SystemFileReader().read(path), as: UTF8.self)
            var current: [Substring] = []
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                current.append(line)
                guard line.hasPrefix("}") || line.isEmpty else { continue }
                let isCode = current.contains { !$0.isEmpty && !$0.hasPrefix(" *") }
                if isCode, current.count <= Self.longestSection, line.hasPrefix("}") {
                    sections.append(current.joined(separator: "\n") + "\n")
                }
                if line.hasPrefix("}") || current.allSatisfy(\.isEmpty) { current = [] }
            }
        }
        self.sections = sections
    }
}
