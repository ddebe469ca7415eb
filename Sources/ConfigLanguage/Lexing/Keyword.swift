/// The words that cannot be identifiers without `@`.
enum Keyword: String, Sendable, CaseIterable {
    case object, template, include
    case includeRecursive = "include_recursive"
    case includeZones = "include_zones"
    case library, null, `true`, `false`, const
    case `var`
    case this, globals, locals, use, using, apply, `default`, to, `where`, `import`, assign, ignore
    case function, `return`, `break`, `continue`, `for`, `if`, `else`, `while`, `throw`, `try`
    case except
    case ignoreOnError = "ignore_on_error"
    case currentFilename = "current_filename"
    case currentLine = "current_line"
    case debugger, namespace, `in`

    private static let byBytes = Dictionary(
        uniqueKeysWithValues: allCases.map { (ByteString($0.rawValue), $0) }
    )

    init?(_ word: ByteString) {
        guard let keyword = Self.byBytes[word] else { return nil }
        self = keyword
    }
}
