extension Parser {
    /// A whole expression, from the conditional operator down.
    mutating func expression() throws(ConfigFault) -> Expression {
        try nested { parser throws(ConfigFault) in try parser.conditional() }
    }

    private mutating func conditional() throws(ConfigFault) -> Expression {
        let condition = try binary(0)
        guard take(.question) else { return condition }
        let yes = try expression()
        try expect(.colon)
        let no = try expression()
        return try node(
            .conditional(condition, yes, no),
            at: condition.location,
            over: max(condition.height, yes.height, no.height)
        )
    }

    private enum Operation {
        case and, or
        case plain(BinaryOperator)
    }

    /// The operator at this point with its precedence and whether it can be chained.
    private var operation: (Operation, level: Int, chains: Bool)? {
        switch current.kind {
        case .keyword(.in): return (.plain(.isIn), 7, true)
        case .symbol: break
        default: return nil
        }
        guard case .symbol(let symbol) = current.kind else { return nil }
        return switch symbol {
        case .logicalOr: (.or, 1, true)
        case .logicalAnd: (.and, 2, true)
        case .or: (.plain(.or), 3, true)
        case .xor: (.plain(.xor), 4, true)
        case .and: (.plain(.and), 5, true)
        case .equal: (.plain(.equal), 6, false)
        case .notEqual: (.plain(.notEqual), 6, false)
        case .notIn: (.plain(.isNotIn), 7, true)
        case .less: (.plain(.less), 8, false)
        case .lessOrEqual: (.plain(.lessOrEqual), 8, false)
        case .greater: (.plain(.greater), 8, false)
        case .greaterOrEqual: (.plain(.greaterOrEqual), 8, false)
        case .shiftLeft: (.plain(.shiftLeft), 9, true)
        case .shiftRight: (.plain(.shiftRight), 9, true)
        case .plus: (.plain(.add), 10, true)
        case .minus: (.plain(.subtract), 10, true)
        case .multiply: (.plain(.multiply), 11, true)
        case .divide: (.plain(.divide), 11, true)
        case .modulo: (.plain(.modulo), 11, true)
        default: nil
        }
    }

    /// Operators of at least this precedence, left to right.
    private mutating func binary(_ lowest: Int) throws(ConfigFault) -> Expression {
        var left = try unary()
        var barred = -1
        while let (operation, level, chains) = operation, level >= lowest {
            guard level != barred else { throw unexpected("the end of the comparison") }
            barred = chains ? -1 : level
            advance()
            let right = try nested { parser throws(ConfigFault) in try parser.binary(level + 1) }
            let kind: Expression.Kind =
                switch operation {
                case .and: .and(left, right)
                case .or: .or(left, right)
                case .plain(let plain): .binary(plain, left, right)
                }
            left = try node(kind, at: left.location, over: max(left.height, right.height))
        }
        return left
    }

    private mutating func unary() throws(ConfigFault) -> Expression {
        let place = location
        let operation: UnaryOperator
        switch current.kind {
        case .symbol(.minus): operation = .negate
        case .symbol(.plus): operation = .plus
        case .symbol(.not): operation = .not
        case .symbol(.complement): operation = .complement
        case .symbol(.and): operation = .reference
        case .symbol(.multiply): operation = .dereference
        default: return try postfix()
        }
        advance()
        let operand = try nested { parser throws(ConfigFault) in try parser.unary() }
        return try node(.unary(operation, operand), at: place, over: operand.height)
    }

    private mutating func postfix() throws(ConfigFault) -> Expression {
        var base = try primary()
        while true {
            let kind: Expression.Kind
            var height = base.height
            if take(.dot) {
                let place = location
                kind = .index(base, Expression(.string(try identifier()), at: place))
            } else if take(.bracketOpen) {
                let key = try expression()
                try expect(.bracketClose)
                height = max(height, key.height)
                kind = .index(base, key)
            } else if take(.parenOpen) {
                let arguments = try expressions(until: .parenClose)
                height = max(height, arguments.map(\.height).max() ?? 0)
                kind = .call(base, arguments)
            } else {
                return base
            }
            base = try node(kind, at: base.location, over: height)
        }
    }

    /// Expressions with commas between them, up to a closing symbol, which is consumed.
    private mutating func expressions(until close: Symbol) throws(ConfigFault) -> [Expression] {
        var found: [Expression] = []
        skipNewlines()
        while !at(close) {
            found.append(try expression())
            guard take(.comma) else { break }
            skipNewlines()
        }
        skipNewlines()
        try expect(close)
        return found
    }

    // MARK: - Operands

    private mutating func primary() throws(ConfigFault) -> Expression {
        let place = location
        switch current.kind {
        case .identifier(let name), .string(let name):
            if kind(ahead: 1) == .symbol(.follows) {
                position += 2
                return try lambda([name], captures: [], at: place)
            }
            defer { advance() }
            if case .string = current.kind { return Expression(.string(name), at: place) }
            return Expression(.variable(name), at: place, imports: imports)
        case .number(let number):
            advance()
            return Expression(.number(number), at: place)
        case .keyword(let keyword): return try keywordOperand(keyword, at: place)
        case .symbol(.parenOpen): return try parentheses(at: place)
        case .symbol(.bracketOpen):
            advance()
            let elements = try expressions(until: .bracketClose)
            return try node(
                .array(elements),
                at: place,
                over: elements.map(\.height).max() ?? 0
            )
        case .symbol(.braceOpen):
            let body = try braces(lastMayBeValue: false) {
                $0 = Scope(bindsToThis: true, allowsFilters: $0.allowsFilters)
            }
            return try node(.dictionary(body), at: place, over: body.height)
        case .symbol(.lambdaOpen):
            let body = try functionBody(.lambdaOpen, .lambdaClose)
            let literal = FunctionLiteral(parameters: [], captures: [], body: body)
            return try node(.function(literal), at: place, over: body.height)
        default: throw unexpected("an expression")
        }
    }

    private mutating func keywordOperand(
        _ keyword: Keyword,
        at place: SourceLocation
    ) throws(ConfigFault) -> Expression {
        let kind: Expression.Kind
        switch keyword {
        case .null: kind = .null
        case .true: kind = .boolean(true)
        case .false: kind = .boolean(false)
        case .this: kind = .this
        case .locals: kind = .locals
        case .globals: kind = .globals
        case .currentFilename: kind = .currentFilename
        case .currentLine: kind = .currentLine
        case .if: return try ifChain(at: place)
        case .function:
            advance()
            let literal = try function()
            return try node(.function(literal), at: place, over: literal.body.height)
        default: throw unexpected("an expression")
        }
        advance()
        return Expression(kind, at: place)
    }

    /// Parameters, captures and body of a function, after its keyword and name.
    mutating func function() throws(ConfigFault) -> FunctionLiteral {
        try expect(.parenOpen)
        let parameters = try names(until: .parenClose)
        let captures = try self.captures()
        let body = try functionBody(.braceOpen, .braceClose)
        return FunctionLiteral(parameters: parameters, captures: captures, body: body)
    }

    private mutating func names(until close: Symbol) throws(ConfigFault) -> [ByteString] {
        var found: [ByteString] = []
        while !at(close) {
            found.append(try name())
            guard take(.comma) else { break }
        }
        try expect(close)
        return found
    }

    /// `use (a, b = expression)`, or nothing.
    mutating func captures() throws(ConfigFault) -> [Capture] {
        guard take(.use) else { return [] }
        try expect(.parenOpen)
        var found: [Capture] = []
        repeat {
            if at(.parenClose), !found.isEmpty { break }
            let place = location
            let captured = try name()
            let variable = Expression(.variable(captured), at: place, imports: imports)
            found.append(Capture(name: captured, value: take(.set) ? try expression() : variable))
        } while take(.comma)
        try expect(.parenClose)
        return found
    }

    private mutating func lambda(
        _ parameters: [ByteString],
        captures: [Capture],
        at place: SourceLocation
    ) throws(ConfigFault) -> Expression {
        // braces after `=>` are a function's body, not a dictionary
        let body =
            at(.braceOpen)
            ? try functionBody(.braceOpen, .braceClose)
            : Block(statements: [try expression()])
        let literal = FunctionLiteral(parameters: parameters, captures: captures, body: body)
        return try node(.function(literal), at: place, over: body.height)
    }

    private mutating func parentheses(at place: SourceLocation) throws(ConfigFault) -> Expression {
        if isLambda {
            advance()
            let parameters = try names(until: .parenClose)
            let captures = try self.captures()
            try expect(.follows)
            return try lambda(parameters, captures: captures, at: place)
        }
        advance()
        let inner = try expression()
        try expect(.parenClose)
        // a call or conditional in parentheses is a value that nobody uses
        guard inner.hasSideEffect else { return inner }
        return try node(.group(inner), at: place, over: inner.height)
    }

    /// True when what begins here is `(names) =>` or `(names) use`.
    private var isLambda: Bool {
        var ahead = 1
        while true {
            switch kind(ahead: ahead) {
            case .identifier, .string: ahead += 1
            case .symbol(.parenClose):
                let next = kind(ahead: ahead + 1)
                return next == .symbol(.follows) || next == .keyword(.use)
            default: return false
            }
            if kind(ahead: ahead) == .symbol(.comma) { ahead += 1 }
        }
    }

    private mutating func ifChain(at place: SourceLocation) throws(ConfigFault) -> Expression {
        var branches: [Branch] = []
        var otherwise: Block?
        var height: Int32 = 0
        repeat {
            try expect(.if)
            try expect(.parenOpen)
            let condition = try expression()
            try expect(.parenClose)
            let body = try braces { _ in }
            branches.append(Branch(condition: condition, body: body))
            height = max(height, condition.height, body.height)
            guard take(.else) else { break }
            if !at(.if) {
                let body = try braces { _ in }
                height = max(height, body.height)
                otherwise = body
            }
        } while otherwise == nil
        return try node(.ifChain(branches, otherwise: otherwise), at: place, over: height)
    }
}
