/// Definitions as JSON, in the shape of Icinga's REST API: one object or an array of them, each
/// with `type`, `name`, and, where wanted, `templates` and `attrs`.
///
/// They become the statements that the language has for the same, so everything that holds for a
/// `.conf` file holds for them. Strings are never code. A number of seconds may be written as
/// `"5m"` where the attribute is a number.
///
/// - Source: Icinga 2 documentation, "Icinga 2 API", Creating Config Objects.
struct JSONDefinitions {
    private let source: SourceFile
    private let schemas: [ByteString: ObjectTypeSchema]
    private var reader: JSONReader
    /// How many values and keys were read; they count as the words of other texts.
    private var words = 0
    /// The newest place that was asked for, from which the next one is looked for.
    private var mark = (offset: 0, line: 1, lineStart: 0)

    /// Deepest nesting of values: 64, as deep as the language compares.
    private static let deepestNesting = 64
    private static let keys = ["type", "name", "templates", "attrs"]

    /// The statements of a whole text, and how many values and keys it has.
    static func parse(
        _ source: SourceFile, _ schemas: [ByteString: ObjectTypeSchema]
    ) throws(ConfigFault) -> (Block, words: Int) {
        var definitions = JSONDefinitions(source, schemas)
        let document = try definitions.document()
        guard case .array(let elements) = document.kind else {
            let block = Block(statements: [try definitions.declaration(document)])
            return (block, definitions.words)
        }
        var statements: [Expression] = []
        for element in elements { statements.append(try definitions.declaration(element)) }
        return (Block(statements: statements), definitions.words)
    }

    private init(_ source: SourceFile, _ schemas: [ByteString: ObjectTypeSchema]) {
        self.source = source
        self.schemas = schemas
        reader = JSONReader(source.text)
    }

    // MARK: - The text

    /// A value with its place.
    private struct Node {
        enum Kind {
            case null
            case boolean(Bool)
            case number(Double)
            case string(ByteString)
            case array([Node])
            case dictionary([Entry])
        }

        var kind: Kind
        var place: SourceLocation
    }

    private struct Entry {
        var key: ByteString
        var place: SourceLocation
        var value: Node
    }

    /// The place of an offset; they are asked for from the beginning of the text to its end.
    private mutating func place(_ offset: Int) -> SourceLocation {
        if offset < mark.offset { mark = (0, 1, 0) }
        for index in mark.offset..<offset where source.text[index] == UInt8(ascii: "\n") {
            mark.line += 1
            mark.lineStart = index + 1
        }
        mark.offset = offset
        return SourceLocation(source, line: mark.line, column: offset - mark.lineStart + 1)
    }

    /// The place of what was read from an offset on.
    private mutating func place(_ start: Int, to end: Int) -> SourceLocation {
        let first = place(start)
        return SourceLocation(
            source, line: first.line, column: first.column, length: max(1, end - start))
    }

    private mutating func fault(_ message: String) -> ConfigFault {
        var next = reader
        let isComment = next.take(UInt8(ascii: "/")) || next.take(UInt8(ascii: "#"))
        let comments =
            "JSON has no comments. Remove this one, or write the definitions in a file whose name "
            + "ends in .conf."
        return .syntax(Diagnostic(isComment ? comments : message, at: place(reader.position)))
    }

    private func fault(_ message: String, at place: SourceLocation) -> ConfigFault {
        .syntax(Diagnostic(message, at: place))
    }

    /// Counts a value or a key.
    private mutating func countWord() throws(ConfigFault) {
        words += 1
        guard words <= Lexer.mostTokens else {
            throw fault("The text has more than \(Lexer.mostTokens) values; it is not read.")
        }
    }

    private mutating func document() throws(ConfigFault) -> Node {
        reader.skipByteOrderMark()
        let node = try value(depth: 0)
        guard reader.isAtEnd else { throw fault("Nothing may follow the JSON document here.") }
        return node
    }

    private mutating func value(depth: Int) throws(ConfigFault) -> Node {
        reader.skipBlanks()
        guard depth < Self.deepestNesting else {
            throw fault("JSON is nested more than \(Self.deepestNesting) deep here.")
        }
        try countWord()
        let start = reader.position
        if reader.take(UInt8(ascii: "{")) {
            let place = place(start)
            return Node(kind: .dictionary(try entries(depth)), place: place)
        }
        if reader.take(UInt8(ascii: "[")) {
            let place = place(start)
            return Node(kind: .array(try elements(depth)), place: place)
        }
        let kind: Node.Kind? =
            switch reader.scalar() {
            case .null: .null
            case .boolean(let flag): .boolean(flag)
            case .number(let number): .number(number)
            case .string(let string): .string(string)
            default: nil
            }
        guard let kind else {
            guard words > 1 || !reader.isAtEnd else {
                throw fault(
                    "A value is missing: the file is empty, which is no JSON. Write [ ] for no "
                        + "definitions, or remove the file.")
            }
            throw fault("This is no JSON: a value is missing or broken here.")
        }
        return Node(kind: kind, place: place(start, to: reader.position))
    }

    private mutating func elements(_ depth: Int) throws(ConfigFault) -> [Node] {
        var elements: [Node] = []
        if reader.take(UInt8(ascii: "]")) { return elements }
        repeat { elements.append(try value(depth: depth + 1)) } while reader.take(UInt8(ascii: ","))
        guard reader.take(UInt8(ascii: "]")) else {
            throw fault("This is no JSON: ',' or ']' is missing here.")
        }
        return elements
    }

    private mutating func entries(_ depth: Int) throws(ConfigFault) -> [Entry] {
        var entries: [Entry] = []
        var known: Set<ByteString> = []
        if reader.take(UInt8(ascii: "}")) { return entries }
        repeat {
            reader.skipBlanks()
            try countWord()
            let start = reader.position
            guard case .string(let key)? = reader.scalar() else {
                throw fault("This is no JSON: a key, which is a string, is missing here.")
            }
            let place = place(start, to: reader.position)
            guard known.insert(key).inserted else {
                throw fault("The key '\(key.text)' is there twice; only one can count.", at: place)
            }
            guard reader.take(UInt8(ascii: ":")) else {
                throw fault("This is no JSON: ':' is missing here.")
            }
            entries.append(Entry(key: key, place: place, value: try value(depth: depth + 1)))
        } while reader.take(UInt8(ascii: ","))
        guard reader.take(UInt8(ascii: "}")) else {
            throw fault("This is no JSON: ',' or '}' is missing here.")
        }
        return entries
    }

    // MARK: - Its meaning

    private func declaration(_ node: Node) throws(ConfigFault) -> Expression {
        guard case .dictionary(let entries) = node.kind else {
            throw fault("A definition is a dictionary with type, name and attrs.", at: node.place)
        }
        for entry in entries where !Self.keys.contains(entry.key.text) {
            throw fault(
                "'\(entry.key.text)' means nothing here: a definition has "
                    + "\(Self.keys.joined(separator: ", ")). Attributes belong into attrs.",
                at: entry.place)
        }
        let type = try text("type", entries, node)
        let name = try text("name", entries, node)
        guard let schema = schemas[type.text] else {
            let known = schemas.keys.sorted().map(\.text).joined(separator: ", ")
            throw fault(
                "The type '\(type.text.text)' is unknown. Known types: \(known).", at: type.place)
        }
        let attributes = try attributes(entries)
        var statements = try imports(entries)
        let (shortName, presets) = try names(name, schema, attributes)
        statements += presets
        for entry in attributes {
            if let complaint = Self.complaint(about: entry, schema) {
                throw fault(complaint, at: entry.place)
            }
            statements.append(Self.assignment(of: entry, schema))
        }
        let body = Block(statements: statements)
        let declaration = ObjectDeclaration(
            isTemplate: false, isDefault: false,
            type: Expression(.string(type.text), at: type.place),
            name: Expression(.string(shortName), at: name.place), captures: [],
            ignoresErrors: false, body: body, filter: nil)
        return Expression(.object(declaration), at: node.place, height: body.height + 1)
    }

    private func text(
        _ key: ByteString, _ entries: [Entry], _ node: Node
    ) throws(ConfigFault) -> (text: ByteString, place: SourceLocation) {
        guard let entry = entries.first(where: { $0.key == key }) else {
            throw fault("This definition has no '\(key.text)'.", at: node.place)
        }
        guard case .string(let text) = entry.value.kind else {
            throw fault("'\(key.text)' must be a string.", at: entry.value.place)
        }
        return (text, entry.value.place)
    }

    private func attributes(_ entries: [Entry]) throws(ConfigFault) -> [Entry] {
        guard let entry = entries.first(where: { $0.key == "attrs" }) else { return [] }
        guard case .dictionary(let attributes) = entry.value.kind else {
            throw fault("'attrs' must be a dictionary of attributes.", at: entry.value.place)
        }
        // as a dictionary of the language has them: the whole before its parts, whatever came first
        return attributes.sorted { $0.key < $1.key }
    }

    private func imports(_ entries: [Entry]) throws(ConfigFault) -> [Expression] {
        guard let entry = entries.first(where: { $0.key == "templates" }) else { return [] }
        let wrong = fault("'templates' must be an array of names.", at: entry.value.place)
        guard case .array(let names) = entry.value.kind else { throw wrong }
        var statements: [Expression] = []
        for name in names {
            guard case .string(let text) = name.kind else { throw wrong }
            let template = Expression(.string(text), at: name.place)
            statements.append(Expression(.importTemplate(template), at: name.place, height: 2))
        }
        return statements
    }

    /// `web1!disk` is the API's name of a service: its parts are attributes of the object.
    private func names(
        _ name: (text: ByteString, place: SourceLocation), _ schema: ObjectTypeSchema,
        _ attributes: [Entry]
    ) throws(ConfigFault) -> (ByteString, [Expression]) {
        guard case .composed(let keys) = schema.naming else { return (name.text, []) }
        let parts = name.text.bytes.split(
            separator: UInt8(ascii: "!"), omittingEmptySubsequences: false
        ).map { ByteString(Array($0)) }
        guard parts.count > 1, let last = parts.last else { return (name.text, []) }
        guard parts.count - 1 <= keys.count else {
            throw fault("The name '\(name.text.text)' has too many parts.", at: name.place)
        }
        var presets: [Expression] = []
        for (key, part) in zip(keys, parts.dropLast()) {
            if let entry = attributes.first(where: { $0.key == key }) {
                guard case .string(part) = entry.value.kind else {
                    throw fault(
                        "The \(key.text) and the name '\(name.text.text)' contradict each other.",
                        at: entry.value.place)
                }
            }
            let value = Node(kind: .string(part), place: name.place)
            presets.append(
                Self.assignment(
                    of: Entry(key: key, place: name.place, value: value), schema))
        }
        return (last, presets)
    }

    /// `vars.a.b` is a way, as in the API.
    private static func assignment(of entry: Entry, _ schema: ObjectTypeSchema) -> Expression {
        let steps = entry.key.bytes.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        var target = Expression(.this, at: entry.place)
        for step in steps {
            let key = Expression(.string(ByteString(Array(step))), at: entry.place)
            target = Expression(.index(target, key), at: entry.place, height: target.height + 1)
        }
        var value = expression(of: entry.value)
        if steps.count == 1, schema.attribute(entry.key)?.kind.isOfNumbers == true,
            case .string(let text) = entry.value.kind, let seconds = seconds(text)
        {
            value = Expression(.number(seconds), at: entry.value.place)
        }
        return Expression(
            .assign(target, nil, value), at: entry.place,
            height: max(target.height, value.height) + 1)
    }

    private static func expression(of node: Node) -> Expression {
        switch node.kind {
        case .null: return Expression(.null, at: node.place)
        case .boolean(let flag): return Expression(.boolean(flag), at: node.place)
        case .number(let number): return Expression(.number(number), at: node.place)
        case .string(let text): return Expression(.string(text), at: node.place)
        case .array(let elements):
            let values = elements.map(expression)
            let height = values.map(\.height).max() ?? 0
            return Expression(.array(values), at: node.place, height: height + 1)
        case .dictionary(let entries):
            let statements = entries.map { entry in
                let this = Expression(.this, at: entry.place)
                let key = Expression(.string(entry.key), at: entry.place)
                let target = Expression(.index(this, key), at: entry.place, height: 2)
                let value = expression(of: entry.value)
                return Expression(
                    .assign(target, nil, value), at: entry.place, height: max(2, value.height) + 1)
            }
            let body = Block(statements: statements)
            return Expression(.dictionary(body), at: node.place, height: body.height + 1)
        }
    }

    /// What is wrong with an attribute in a way that only JSON has; nil for all others.
    private static func complaint(about entry: Entry, _ schema: ObjectTypeSchema) -> String? {
        let kind = schema.attribute(entry.key)?.kind
        if entry.key == "templates", kind == nil {
            return "'templates' belongs beside attrs, not into it."
        }
        guard kind?.isOfNumbers == true, case .string(let text) = entry.value.kind,
            seconds(text) == nil, !text.isEmpty, Value.string(text).toNumber == nil
        else { return nil }
        return "'\(entry.key.text)' must be a number, not '\(text.shown)'. Write a number of "
            + "seconds, or one number with one unit (ms, s, m, h, d): \"65m\" for an hour and five "
            + "minutes."
    }

    /// `5m` and the like, as the language writes it; nil for anything else.
    private static func seconds(_ text: ByteString) -> Double? {
        let units: [(String, Double)] = [
            ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400),
        ]
        for (unit, factor) in units where text.bytes.reversed().starts(with: unit.utf8.reversed()) {
            let digits = ByteString(Array(text.bytes.dropLast(unit.utf8.count)))
            guard digits.bytes.first.map({ (0x30...0x39).contains($0) }) == true,
                digits.bytes.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") })
            else { continue }
            return Value.string(digits).toNumber.map { $0 * factor }
        }
        return nil
    }
}

extension AttributeSchema.Kind {
    fileprivate var isOfNumbers: Bool {
        switch self {
        case .number, .fixedNumber, .fixedInteger: true
        default: false
        }
    }
}
