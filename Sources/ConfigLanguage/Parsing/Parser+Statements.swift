extension Parser {
    /// One statement.
    mutating func statement() throws(ConfigFault) -> Expression {
        let place = location
        guard case .keyword(let keyword) = current.kind else { return try assignment(at: place) }
        switch keyword {
        case .object, .template: return try object(isTemplate: keyword == .template, at: place)
        case .apply: return try apply(at: place)
        case .var, .const, .namespace, .using, .library: return try declaration(keyword, at: place)
        case .function:
            guard kind(ahead: 1) != .symbol(.parenOpen) else { return try assignment(at: place) }
            advance()
            let declared = try name()
            let literal = try function()
            return try node(
                .declareFunction(declared, literal),
                at: place,
                over: literal.body.height
            )
        case .include, .includeRecursive, .includeZones, .import:
            return try include(keyword, at: place)
        case .assign, .ignore: return try filter(keyword, at: place)
        case .for, .while, .break, .continue, .return, .throw, .try, .debugger:
            return try control(keyword, at: place)
        default: return try assignment(at: place)
        }
    }

    // MARK: - Assignments and declarations

    /// The assignment operator at this point; `.some(nil)` is plain `=`.
    private var assignmentOperator: BinaryOperator?? {
        guard case .symbol(let symbol) = current.kind else { return nil }
        return switch symbol {
        case .set: .some(nil)
        case .setAdd: .add
        case .setSubtract: .subtract
        case .setMultiply: .multiply
        case .setDivide: .divide
        case .setModulo: .modulo
        case .setXor: .xor
        case .setAnd: .and
        case .setOr: .or
        default: nil
        }
    }

    private mutating func assignment(at place: SourceLocation) throws(ConfigFault) -> Expression {
        let target = try expression()
        guard let operation = assignmentOperator else { return target }
        advance()
        let value = try expression()
        let bound = scope.bindsToThis ? bind(target, to: .this) : target
        return try node(
            .assign(bound, operation, value),
            at: place,
            over: max(bound.height, value.height)
        )
    }

    /// Most `using` in one file: 16, because each makes looking up a name slower.
    private static let mostImports = 16

    /// Between the braces of a dictionary `a.b = 1` means `this.a.b = 1`.
    private func bind(_ target: Expression, to root: Expression.Kind) -> Expression {
        switch target.kind {
        case .variable(let name), .string(let name):
            let key = Expression(.string(name), at: target.location)
            let this = Expression(root, at: target.location)
            return Expression(
                .index(this, key),
                at: target.location,
                height: target.height + 1
            )
        case .index(let base, let key):
            return Expression(
                .index(bind(base, to: root), key),
                at: target.location,
                height: target.height + 1
            )
        default: return target
        }
    }

    private mutating func declaration(
        _ keyword: Keyword,
        at place: SourceLocation
    ) throws(ConfigFault) -> Expression {
        advance()
        switch keyword {
        case .var:
            let target = try expression()
            guard let operation = assignmentOperator else {
                return try node(.declareLocal(target, nil, nil), at: place, over: target.height)
            }
            advance()
            let value = try expression()
            return try node(
                .declareLocal(target, operation, value),
                at: place,
                over: max(target.height, value.height)
            )
        case .const:
            let declared = try identifier()
            try expect(.set)
            let value = try expression()
            return try node(.declareConstant(declared, value), at: place, over: value.height)
        case .namespace:
            // the name's braces would be read as a dictionary only after an operator
            let declared = try expression()
            let body = try braces(lastMayBeValue: false) {
                $0 = Scope(allowsReturn: true)
            }
            let name = bind(declared, to: .globals)
            return try node(
                .namespace(name, body),
                at: place,
                over: max(declared.height, body.height)
            )
        case .using:
            let value = try expression()
            guard imports.count < Self.mostImports else {
                throw fault("More than \(Self.mostImports) 'using' in one file; remove some.")
            }
            imports.append(value)
            return try node(.using(value), at: place, over: value.height)
        default:
            let value = try expression()
            return try node(.library(value), at: place, over: value.height)
        }
    }

    private mutating func include(
        _ keyword: Keyword,
        at place: SourceLocation
    ) throws(ConfigFault) -> Expression {
        advance()
        if keyword == .include, case .path(let path) = current.kind {
            advance()
            return Expression(.includeLibrary(path), at: place)
        }
        let first = try expression()
        switch keyword {
        case .include: return try node(.include(first), at: place, over: first.height)
        case .import: return try node(.importTemplate(first), at: place, over: first.height)
        case .includeRecursive:
            let pattern = take(.comma) ? try expression() : nil
            return try node(
                .includeRecursive(first, pattern),
                at: place,
                over: max(first.height, pattern?.height ?? 0)
            )
        default:
            try expect(.comma)
            let directory = try expression()
            let pattern = take(.comma) ? try expression() : nil
            return try node(
                .includeZones(first, directory, pattern),
                at: place,
                over: max(first.height, directory.height, pattern?.height ?? 0)
            )
        }
    }

    // MARK: - Flow

    private mutating func control(
        _ keyword: Keyword,
        at place: SourceLocation
    ) throws(ConfigFault) -> Expression {
        advance()
        switch keyword {
        case .for: return try forLoop(at: place)
        case .while:
            try expect(.parenOpen)
            let condition = try expression()
            try expect(.parenClose)
            let body = try loopBody(lastMayBeValue: true)
            return try node(
                .whileLoop(condition, body),
                at: place,
                over: max(condition.height, body.height)
            )
        case .break, .continue:
            guard scope.allowsLoopControl else {
                throw fault("'\(keyword.rawValue)' is only allowed inside a loop.", at: place)
            }
            return Expression(keyword == .break ? .breakLoop : .continueLoop, at: place)
        case .return:
            guard scope.allowsReturn else {
                throw fault("'return' is only allowed inside a function or a body.", at: place)
            }
            let value = isAtStatementEnd ? nil : try expression()
            return try node(.returnValue(value), at: place, over: value?.height ?? 0)
        case .throw:
            let value = try expression()
            return try node(.throwError(value), at: place, over: value.height)
        case .try:
            let body = try braces { _ in }
            try expect(.except)
            let rescue = try braces { _ in }
            return try node(
                .attempt(body, rescue),
                at: place,
                over: max(body.height, rescue.height)
            )
        default: return Expression(.debugger, at: place)
        }
    }

    private var isAtStatementEnd: Bool {
        switch current.kind {
        case .newline, .end, .symbol(.comma), .symbol(.semicolon), .symbol(.braceClose),
            .symbol(.lambdaClose):
            true
        default: false
        }
    }

    private mutating func loopBody(lastMayBeValue: Bool) throws(ConfigFault) -> Block {
        try braces(lastMayBeValue: lastMayBeValue) {
            $0.allowsLoopControl = true
        }
    }

    /// `(var k => var v in collection)` after its keyword.
    private mutating func loopHead() throws(ConfigFault) -> (LoopVariables, Expression) {
        try expect(.parenOpen)
        _ = take(.var)
        let first = try name()
        var second: ByteString?
        if take(.follows) {
            _ = take(.var)
            second = try name()
        }
        try expect(.in)
        let collection = try expression()
        try expect(.parenClose)
        return (LoopVariables(first: first, second: second), collection)
    }

    private mutating func forLoop(at place: SourceLocation) throws(ConfigFault) -> Expression {
        let (variables, collection) = try loopHead()
        let body = try loopBody(lastMayBeValue: false)
        return try node(
            .forLoop(variables, collection, body),
            at: place,
            over: max(collection.height, body.height)
        )
    }

    // MARK: - Objects

    private mutating func filter(
        _ keyword: Keyword,
        at place: SourceLocation
    ) throws(ConfigFault) -> Expression {
        guard scope.allowsFilters else {
            throw fault(
                "'\(keyword.rawValue) where' is only allowed in an apply rule or a group.",
                at: place
            )
        }
        advance()
        try expect(.where)
        let condition = try expression()
        if keyword == .assign {
            assignFilters.append(condition)
            return try node(.assignWhere(condition), at: place, over: condition.height)
        }
        ignoreFilters.append(condition)
        return try node(.ignoreWhere(condition), at: place, over: condition.height)
    }

    /// The body of an object or rule with the filters written in it.
    private mutating func filteredBody() throws(ConfigFault) -> (Block, Filter?) {
        let outer = (assignFilters, ignoreFilters)
        (assignFilters, ignoreFilters) = ([], [])
        defer { (assignFilters, ignoreFilters) = outer }
        let body = try braces(lastMayBeValue: false) {
            $0 = Scope(allowsReturn: true, allowsFilters: true)
        }
        guard !assignFilters.isEmpty || !ignoreFilters.isEmpty else { return (body, nil) }
        return (body, Filter(assign: assignFilters, ignore: ignoreFilters))
    }

    private mutating func object(
        isTemplate: Bool,
        at place: SourceLocation
    ) throws(ConfigFault) -> Expression {
        advance()
        let type = try expression()
        let endsName: [Token.Kind] = [
            .symbol(.braceOpen), .keyword(.use), .keyword(.default), .keyword(.ignoreOnError),
        ]
        let name = endsName.contains(current.kind) ? nil : try expression()
        let captures = try self.captures()
        let isDefault = isTemplate && take(.default)
        let ignoresErrors = take(.ignoreOnError)
        let (body, filter) = try filteredBody()
        if let filter, filter.assign.isEmpty {
            throw fault("'ignore where' cannot be used without 'assign where'.", at: place)
        }
        let declaration = ObjectDeclaration(
            isTemplate: isTemplate,
            isDefault: isDefault,
            type: type,
            name: name,
            captures: captures,
            ignoresErrors: ignoresErrors,
            body: body,
            filter: filter
        )
        return try node(
            .object(declaration),
            at: place,
            over: max(type.height, name?.height ?? 0, body.height)
        )
    }

    /// The type of a rule, a name and no expression; one that has no rules is an error before
    /// anything runs, as in Icinga.
    private mutating func ruleType() throws(ConfigFault) -> Expression {
        let place = location
        let type = try name()
        guard applyTypes?.contains(type) != false else {
            throw fault("'apply' cannot be used with type '\(type.text)'.", at: place)
        }
        return Expression(.string(type), at: place)
    }

    private mutating func apply(at place: SourceLocation) throws(ConfigFault) -> Expression {
        advance()
        let type = try ruleType()
        let endsName: [Token.Kind] = [
            .symbol(.braceOpen), .keyword(.use), .keyword(.for), .keyword(.to),
            .keyword(.ignoreOnError),
        ]
        let name = endsName.contains(current.kind) ? nil : try expression()
        var loop: (variables: LoopVariables, collection: Expression)?
        if take(.for) { loop = try loopHead() }
        let target = take(.to) ? try self.name() : nil
        let captures = try self.captures()
        let ignoresErrors = take(.ignoreOnError)
        let (body, filter) = try filteredBody()
        guard loop != nil || filter?.assign.isEmpty == false else {
            throw fault(
                "The apply rule has neither 'assign where' nor 'for'; it would apply to nothing.",
                at: place
            )
        }
        let declaration = ApplyDeclaration(
            type: type,
            name: name,
            loop: loop,
            target: target,
            captures: captures,
            ignoresErrors: ignoresErrors,
            body: body,
            filter: filter
        )
        return try node(
            .apply(declaration),
            at: place,
            over: max(type.height, name?.height ?? 0, body.height)
        )
    }
}
