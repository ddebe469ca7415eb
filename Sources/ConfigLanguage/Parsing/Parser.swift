/// Turns tokens into a tree; the whole grammar, with its quirks.
struct Parser {
    let tokens: [Token]
    var position = 0
    /// How deep brackets and operands are nested at this point.
    var nesting = 0
    private let stack = StackGuard()
    var scope = Scope()

    /// Deepest nesting of expressions: 300, a hundred times what people write; deeper is an error.
    static let deepestNesting = 300
    /// Longest chain such as `a + b + …`: 400 operands; longer is an error.
    static let tallestTree: Int32 = 400

    /// What the surrounding text allows.
    struct Scope {
        var allowsReturn = false
        var allowsLoopControl = false
        /// Assignments are to the dictionary whose braces these are, whatever else has that name.
        var bindsToThis = false
        /// Set inside object and apply bodies, where filters are collected.
        var allowsFilters = false
    }

    /// What `using` named so far; it reaches to the end of the file.
    var imports: [Expression] = []

    /// The filters found in the innermost object or apply body.
    var assignFilters: [Expression] = []
    var ignoreFilters: [Expression] = []

    /// The types that rules can make objects of; nil: any.
    let applyTypes: Set<ByteString>?

    init(tokens: [Token], applyTypes: Set<ByteString>? = nil) {
        self.tokens = tokens
        self.applyTypes = applyTypes
    }

    /// The tree of a whole text.
    static func parse(
        _ source: SourceFile, applyTypes: Set<ByteString>? = nil
    ) throws(ConfigFault) -> Block {
        try parse(try Lexer.tokens(of: source), applyTypes: applyTypes)
    }

    /// The tree of a text that was cut into tokens.
    static func parse(
        _ tokens: [Token], applyTypes: Set<ByteString>? = nil
    ) throws(ConfigFault) -> Block {
        var parser = Parser(tokens: tokens, applyTypes: applyTypes)
        return try parser.statements(until: .end)
    }

    // MARK: - Tokens

    var current: Token { tokens[min(position, tokens.count - 1)] }

    func kind(ahead distance: Int) -> Token.Kind {
        let place = position + distance
        return place < tokens.count ? tokens[place].kind : .end
    }

    var location: SourceLocation { current.location }

    mutating func advance() {
        if position < tokens.count - 1 { position += 1 }
    }

    func at(_ symbol: Symbol) -> Bool { current.kind == .symbol(symbol) }
    func at(_ keyword: Keyword) -> Bool { current.kind == .keyword(keyword) }

    mutating func take(_ symbol: Symbol) -> Bool {
        guard at(symbol) else { return false }
        advance()
        return true
    }

    mutating func take(_ keyword: Keyword) -> Bool {
        guard at(keyword) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Symbol) throws(ConfigFault) {
        guard take(symbol) else { throw unexpected("'\(symbol.rawValue)'") }
    }

    mutating func expect(_ keyword: Keyword) throws(ConfigFault) {
        guard take(keyword) else { throw unexpected("'\(keyword.rawValue)'") }
    }

    mutating func skipNewlines() {
        while current.kind == .newline { advance() }
    }

    func unexpected(_ expected: String) -> ConfigFault {
        fault("Unexpected \(current.kind); expected \(expected).")
    }

    func fault(_ message: String, at place: SourceLocation? = nil) -> ConfigFault {
        .syntax(Diagnostic(message, at: place ?? location))
    }

    /// A name: an identifier, or a string where the language takes one for it.
    mutating func name() throws(ConfigFault) -> ByteString {
        switch current.kind {
        case .identifier(let name), .string(let name):
            advance()
            return name
        default: throw unexpected("a name")
        }
    }

    mutating func identifier() throws(ConfigFault) -> ByteString {
        guard case .identifier(let name) = current.kind else { throw unexpected("a name") }
        advance()
        return name
    }

    /// Makes a node over others, refusing trees that would be too tall to walk.
    func node(
        _ kind: Expression.Kind,
        at place: SourceLocation,
        over height: Int32
    ) throws(ConfigFault) -> Expression {
        guard height < Self.tallestTree else {
            throw fault(
                "More than \(Self.tallestTree) operations depend on each other here; "
                    + "split the expression.",
                at: place
            )
        }
        return Expression(kind, at: place, height: height + 1)
    }

    /// Counts one level of nesting around what it runs.
    mutating func nested(
        _ parse: (inout Parser) throws(ConfigFault) -> Expression
    ) throws(ConfigFault) -> Expression {
        guard stack.hasRoom else {
            throw fault("Expressions are nested deeper here than the stack holds; split them.")
        }
        guard nesting < Self.deepestNesting else {
            throw fault(
                "Expressions are nested more than \(Self.deepestNesting) deep here; "
                    + "split the expression."
            )
        }
        nesting += 1
        defer { nesting -= 1 }
        return try parse(&self)
    }

    // MARK: - Statement lists

    /// Statements up to a closing symbol, which is consumed; for a file, up to its end.
    mutating func statements(
        until close: Token.Kind,
        lastMayBeValue: Bool = true
    ) throws(ConfigFault) -> Block {
        var statements: [Expression] = []
        skipNewlines()
        while current.kind != close {
            if let last = statements.last, !last.hasSideEffect { throw unused(last) }
            statements.append(try nested { parser throws(ConfigFault) in try parser.statement() })
            guard current.kind != close else { break }
            guard take(.comma) || take(.semicolon) || current.kind == .newline else {
                throw unexpected("the end of the statement")
            }
            skipNewlines()
        }
        if let last = statements.last, !last.hasSideEffect, !lastMayBeValue { throw unused(last) }
        advance()
        return Block(statements: statements)
    }

    func unused(_ expression: Expression) -> ConfigFault {
        fault(
            "The value computed here is not used; assign it or remove it.",
            at: expression.location
        )
    }

    /// `{ … }` with what its inside allows.
    mutating func braces(
        lastMayBeValue: Bool = true,
        _ change: (inout Scope) -> Void
    ) throws(ConfigFault) -> Block {
        let outer = scope
        defer { scope = outer }
        scope.bindsToThis = false
        change(&scope)
        try expect(.braceOpen)
        return try statements(until: .symbol(.braceClose), lastMayBeValue: lastMayBeValue)
    }

    /// The body of a function, given its brackets.
    mutating func functionBody(
        _ open: Symbol,
        _ close: Symbol
    ) throws(ConfigFault) -> Block {
        let outer = scope
        defer { scope = outer }
        scope.allowsReturn = true
        scope.allowsLoopControl = false
        scope.bindsToThis = false
        try expect(open)
        return try statements(until: .symbol(close))
    }
}
