import TestSupport
import Testing

/// The numbers and bans of the style guide.
@Suite struct StyleTests {
    private static let fileLimit = 400
    private static let lineLimit = 100
    private static let functionLimit = 60

    /// What takes away what the compiler or the locks promise.
    private static let bannedWords = [
        "try!", "as!", "@unchecked Sendable", "nonisolated(unsafe)", "Task.detached", " Task {",
        "fatalError", "@_silgen_name", "@_exported", "@_cdecl", "dlsym", "dlopen", "unsafeBitCast",
        "TODO", "FIXME",
    ]

    @Test func `files and lines keep to their size`() throws {
        for file in try SourceFile.all(in: ["Sources", "Tests"]) {
            let count = file.lines.count - 1
            if count > Self.fileLimit, !isExcepted(file, "file size") {
                Issue.record("\(file.path) has \(count) lines")
            }
            for (number, line) in file.lines.enumerated() where line.count > Self.lineLimit {
                // A citation may be as long as its titles.
                if !line.contains("/// - Source: "), !isExcepted(file, "line size") {
                    Issue.record("\(file.path):\(number + 1) has \(line.count) columns")
                }
            }
        }
    }

    @Test func `functions keep to their size`() throws {
        for file in try SourceFile.all(in: ["Sources", "Tests"]) {
            for (line, count) in Self.functions(in: file.lines) {
                if count > Self.functionLimit, !isExcepted(file, "function size") {
                    Issue.record("\(file.path):\(line) has \(count) lines")
                }
            }
        }
    }

    @Test func `no source uses what the guide bans`() throws {
        for file in try SourceFile.all(in: ["Sources"]) {
            for (number, line) in file.code.enumerated() {
                for word in Self.bannedWords where line.contains(word) {
                    if isExcepted(file, word) { continue }
                    Issue.record("\(file.path):\(number + 1): \(word)")
                }
            }
        }
    }

    @Test func `no comment promises later work`() throws {
        for file in try SourceFile.all(in: ["Sources"]) {
            for (number, line) in file.lines.enumerated() {
                for word in ["TODO", "FIXME", "XXX"] {
                    #expect(!line.contains(word), "\(file.path):\(number + 1): \(word)")
                }
            }
        }
    }

    @Test func `what other modules see is documented`() throws {
        for file in try SourceFile.all(in: ["Sources", "Tests/Support"]) {
            for number in Self.undocumented(in: file.lines) {
                if isExcepted(file, "documentation") { continue }
                Issue.record("\(file.path):\(number): \(file.lines[number - 1])")
            }
        }
    }

    @Test func `no exception outlives its need`() throws {
        let files = try SourceFile.all(in: ["Sources", "Tests"])
        for exception in Exception.all {
            let file = files.first { $0.path == exception.file }
            #expect(file != nil, "\(exception.file) is gone")
            #expect(!exception.reason.isEmpty)
            if Self.bannedWords.contains(exception.rule) {
                let isUsed = file?.code.contains { $0.contains(exception.rule) } ?? false
                #expect(isUsed, "\(exception.file) no longer uses \(exception.rule)")
            }
        }
    }

    @Test func `the measures measure`() {
        let text = [
            "    package func long(", "    ) {", "        body()", "    }", "    var x: Int { 1 }",
            "    /// Said.", "    @inlinable", "    package let said: Int", "}",
            "extension A: Equatable {", "    package static func == (a: A, b: A) {}",
        ]
        #expect(Self.functions(in: text).map { [$0.0, $0.1] } == [[1, 4]])
        #expect(Self.undocumented(in: text) == [1])
        let line = SourceFile(path: "", lines: [#"let a = "try! \" // as!" // fatalError"#])
        #expect(line.code == ["let a =  "])
    }

    private func isExcepted(_ file: SourceFile, _ rule: String) -> Bool {
        Exception.all.contains { $0.file == file.path && $0.rule == rule }
    }

    /// First line and length of each function whose closing brace stands alone, as swift-format
    /// puts it.
    private static func functions(in lines: [String]) -> [(Int, Int)] {
        lines.indices.compactMap { start in
            let line = lines[start]
            let words = line.split(separator: " ").prefix { !$0.hasPrefix("//") }
            let isFunction = words.contains { word in
                word == "func" || word.hasPrefix("init(") || word.hasPrefix("init?(")
                    || word == "deinit"
            }
            guard isFunction, line.hasSuffix("{") || line.hasSuffix("(") else { return nil }
            let indent = String(line.prefix { $0 == " " })
            guard let end = lines[start...].firstIndex(of: indent + "}") else { return nil }
            return (start + 1, end - start + 1)
        }
    }

    /// What stands in a type's own body although a protocol documents it.
    private static let witnesses = [
        "var description:", "var debugDescription:", "func == (", "func < (", "func hash(into",
        "init(from decoder", "func encode(to encoder", "func next()", "var wall:",
        "var monotonic:", "let description:", "init(stringLiteral", "mutating func next()",
        "subscript(metadataKey", "func log(event",
        // the program's own protocols
        "func read(", "func files(", "func facts(", "func open(", "func paths(", "func names(",
        "func matches(", "func prepare(", "func send(", "func log(",
        // NIO's ChannelHandler
        "typealias Inbound", "typealias Outbound", "(context: ChannelHandlerContext",
        "( context: ChannelHandlerContext",
    ]

    /// Lines that declare something for other modules without a comment above.
    ///
    /// What a type owes to a protocol is documented there.
    private static func undocumented(in lines: [String]) -> [Int] {
        var owesToProtocol = false
        var result: [Int] = []
        for (index, line) in lines.enumerated() {
            if let first = line.first, first.isLetter {
                owesToProtocol = line.hasPrefix("extension ") && line.contains(": ")
            }
            let words = line.split(separator: " ")
            guard words.first == "package" || words.first == "public",
                words.count > 1, words[1] != "import", words[1] != "extension"
            else { continue }
            var above = index - 1
            while above >= 0, lines[above].drop(while: { $0 == " " }).hasPrefix("@") { above -= 1 }
            let isDocumented = above >= 0 && lines[above].contains("///")
            let next = index + 1 < lines.count ? lines[index + 1].drop { $0 == " " } : ""
            let declaration = line.hasSuffix("(") ? "\(line) \(next)" : line
            let isWitness = owesToProtocol || witnesses.contains { declaration.contains($0) }
            if !isDocumented && !isWitness { result.append(index + 1) }
        }
        return result
    }
}
