/// A node of the tree that the parser makes.
final class Expression: Sendable {
    let kind: Kind
    let location: SourceLocation
    /// How many nodes lie below each other here; bounded by the parser.
    let height: Int32
    /// Of a variable: what `using` names before it in the file.
    let imports: [Expression]

    init(
        _ kind: Kind,
        at location: SourceLocation,
        height: Int32 = 1,
        imports: [Expression] = []
    ) {
        self.kind = kind
        self.location = location
        self.height = height
        self.imports = imports
    }

    enum Kind: Sendable {
        // values
        case null, this, locals, globals, currentFilename, currentLine
        case boolean(Bool)
        case number(Double)
        case string(ByteString)
        case variable(ByteString)
        case array([Expression])
        case dictionary(Block)
        case function(FunctionLiteral)
        // operations
        case index(Expression, Expression)
        case call(Expression, [Expression])
        case group(Expression)
        case unary(UnaryOperator, Expression)
        case binary(BinaryOperator, Expression, Expression)
        case and(Expression, Expression)
        case or(Expression, Expression)
        case conditional(Expression, Expression, Expression)
        case ifChain([Branch], otherwise: Block?)
        // statements
        case assign(Expression, BinaryOperator?, Expression)
        case declareLocal(Expression, BinaryOperator?, Expression?)
        case declareConstant(ByteString, Expression)
        case declareFunction(ByteString, FunctionLiteral)
        case namespace(Expression, Block)
        case using(Expression)
        case library(Expression)
        case include(Expression)
        case includeLibrary(ByteString)
        case includeRecursive(Expression, Expression?)
        case includeZones(Expression, Expression, Expression?)
        case importTemplate(Expression)
        case object(ObjectDeclaration)
        case apply(ApplyDeclaration)
        case assignWhere(Expression)
        case ignoreWhere(Expression)
        case forLoop(LoopVariables, Expression, Block)
        case whileLoop(Expression, Block)
        case breakLoop, continueLoop, debugger
        case returnValue(Expression?)
        case throwError(Expression)
        case attempt(Block, Block)
    }

    /// True when a statement that is only this expression is no mistake.
    var hasSideEffect: Bool {
        switch kind {
        case .null, .this, .locals, .globals, .currentFilename, .currentLine, .boolean, .number,
            .string, .variable, .array, .dictionary, .function, .index, .group, .unary,
            .binary, .and, .or:
            false
        default: true
        }
    }
}

/// Statements in order.
struct Block: Sendable {
    let statements: [Expression]

    var height: Int32 { statements.map(\.height).max() ?? 0 }
}

/// One `if (…) { … }` of a chain.
struct Branch: Sendable {
    let condition: Expression
    let body: Block
}

/// The names that a loop binds: `value`, or `key => value`.
struct LoopVariables: Sendable {
    let first: ByteString
    let second: ByteString?
}

enum UnaryOperator: Sendable {
    case negate, plus, not, complement, reference, dereference
}

enum BinaryOperator: Sendable {
    case or, xor, and, equal, notEqual, isIn, isNotIn, less, lessOrEqual, greater, greaterOrEqual
    case shiftLeft, shiftRight, add, subtract, multiply, divide, modulo
}

/// A name of `use (…)` with the expression it captures, if it is not the name itself.
struct Capture: Sendable {
    let name: ByteString
    let value: Expression
}

/// `object` or `template`.
final class ObjectDeclaration: Sendable {
    let isTemplate: Bool
    let isDefault: Bool
    let type: Expression
    let name: Expression?
    let captures: [Capture]
    let ignoresErrors: Bool
    let body: Block
    let filter: Filter?

    init(
        isTemplate: Bool,
        isDefault: Bool,
        type: Expression,
        name: Expression?,
        captures: [Capture],
        ignoresErrors: Bool,
        body: Block,
        filter: Filter?
    ) {
        self.isTemplate = isTemplate
        self.isDefault = isDefault
        self.type = type
        self.name = name
        self.captures = captures
        self.ignoresErrors = ignoresErrors
        self.body = body
        self.filter = filter
    }
}

/// `apply`.
final class ApplyDeclaration: Sendable {
    let type: Expression
    let name: Expression?
    let loop: (variables: LoopVariables, collection: Expression)?
    let target: ByteString?
    let captures: [Capture]
    let ignoresErrors: Bool
    let body: Block
    let filter: Filter?

    init(
        type: Expression,
        name: Expression?,
        loop: (variables: LoopVariables, collection: Expression)?,
        target: ByteString?,
        captures: [Capture],
        ignoresErrors: Bool,
        body: Block,
        filter: Filter?
    ) {
        self.type = type
        self.name = name
        self.loop = loop
        self.target = target
        self.captures = captures
        self.ignoresErrors = ignoresErrors
        self.body = body
        self.filter = filter
    }
}

/// All `assign where` and `ignore where` of one body: any of the first, none of the second.
struct Filter: Sendable {
    let assign: [Expression]
    let ignore: [Expression]
}
