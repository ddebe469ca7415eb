/// Evaluates expressions and calls functions within limits.
///
/// Owned by one session and used by one thread at a time.
public final class Evaluator {
    /// Global variables and constants, what `globals` shows.
    public let globals = DictionaryValue()
    var constants: Set<ByteString> = []
    var prototypes = Prototypes()
    /// Carries out statements about objects and files; nil where there are none.
    weak var statements: (any StatementHandler)?
    /// Gets what `log()` writes.
    var logger: (ByteString) -> Void = { _ in }

    private(set) var limits: EvaluationLimits
    private var steps = 0
    private var allocated = 0
    private var callDepth = 0
    private var stack = StackGuard()

    init(limits: EvaluationLimits) {
        self.limits = limits
        globals.isNamespace = true
    }

    /// Begins an evaluation with fresh limits.
    func renew(_ fresh: EvaluationLimits) {
        limits = fresh
        steps = 0
        allocated = 0
        stack = StackGuard()
    }

    // MARK: - Limits

    /// Counts one step and checks that the stack has room.
    func step(_ place: SourceLocation?) throws(ConfigFault) {
        steps += 1
        guard steps <= limits.steps else {
            throw limit("\(limits.steps) evaluation steps", "Look for an endless loop.", place)
        }
        guard stack.hasRoom else {
            throw limit("the stack", "Look for an endless recursion.", place)
        }
    }

    /// Counts the steps of an operation that takes longer than one.
    func spend(_ count: Int, at place: SourceLocation?) throws(ConfigFault) {
        guard count <= limits.steps - min(steps, limits.steps) else {
            throw limit("\(limits.steps) evaluation steps", "Use smaller arrays.", place)
        }
        steps += count
    }

    /// Accounts for a new string, array or dictionary.
    func charge(bytes: Int, _ place: SourceLocation? = nil) throws(ConfigFault) {
        guard bytes <= limits.stringBytes else {
            throw limit("\(limits.stringBytes) bytes in one string", "Make it shorter.", place)
        }
        try account(bytes, place)
    }

    /// Accounts for an array or dictionary of this many elements.
    func charge(elements: Int, _ place: SourceLocation? = nil) throws(ConfigFault) {
        guard elements <= limits.elements else {
            throw limit("\(limits.elements) elements in one collection", "Split it.", place)
        }
        try account(elements * 32, place)
    }

    private func account(_ bytes: Int, _ place: SourceLocation?) throws(ConfigFault) {
        allocated += bytes + 32
        guard allocated <= limits.allocatedBytes else {
            throw limit("\(limits.allocatedBytes >> 20) MiB of memory", "Create less.", place)
        }
    }

    func limit(_ what: String, _ remedy: String, _ place: SourceLocation?) -> ConfigFault {
        .limit(
            Diagnostic(
                "The evaluation was stopped: it reached the limit of \(what). \(remedy)",
                at: place
            )
        )
    }

    // MARK: - Calls

    /// Calls a function within the limits of the running evaluation.
    public func call(
        _ function: FunctionValue,
        this: Value,
        arguments: [Value],
        location: SourceLocation? = nil
    ) throws(ConfigFault) -> Value {
        guard callDepth < limits.callDepth else {
            throw limit(
                "\(limits.callDepth) nested calls",
                "Look for an endless recursion.",
                location
            )
        }
        callDepth += 1
        defer { callDepth -= 1 }
        try step(location)
        switch function.body {
        case .native(let native):
            let invocation = Invocation(
                this: this,
                arguments: arguments,
                location: location,
                evaluator: self
            )
            do throws(ConfigFault) {
                return try native(invocation)
            } catch {
                throw error.located(at: location)
            }
        case .script(let literal):
            return try run(literal, of: function, this: this, arguments: arguments, location)
        }
    }

    private func run(
        _ literal: FunctionLiteral,
        of function: FunctionValue,
        this: Value,
        arguments: [Value],
        _ location: SourceLocation?
    ) throws(ConfigFault) -> Value {
        guard arguments.count >= literal.parameters.count else {
            throw .script(
                "Too few arguments for function '\(function.name.text)': "
                    + "\(arguments.count) given, \(literal.parameters.count) expected.",
                at: location
            )
        }
        let locals = function.captured?.shallowCopy() ?? DictionaryValue()
        for (name, value) in zip(literal.parameters, arguments) { locals[name] = value }
        let frame = Frame(this: this, locals: locals)
        let value = try evaluate(literal.body, in: frame)
        if case .returned(let result) = frame.completion { return result }
        return value
    }

    /// Makes a function of its literal, capturing what `use` names.
    func makeFunction(
        _ name: ByteString,
        _ literal: FunctionLiteral,
        in frame: Frame
    ) throws(ConfigFault) -> Value {
        let captured = try capture(literal.captures, in: frame)
        return .function(FunctionValue(name, literal: literal, captured: captured))
    }

    /// The values of `use (…)`, or nil when nothing is captured.
    func capture(_ captures: [Capture], in frame: Frame) throws(ConfigFault) -> DictionaryValue? {
        guard !captures.isEmpty else { return nil }
        let captured = DictionaryValue()
        for capture in captures {
            if let expression = capture.value {
                captured[capture.name] = try evaluate(expression, in: frame)
            } else {
                captured[capture.name] = try read(capture.name, in: frame, at: nil)
            }
        }
        return captured
    }

    // MARK: - Blocks

    /// Runs statements until one interrupts; the value is the last statement's.
    func evaluate(_ block: Block, in frame: Frame) throws(ConfigFault) -> Value {
        var last = Value.null
        for statement in block.statements {
            last = try evaluate(statement, in: frame)
            if frame.isInterrupted { return .null }
        }
        return last
    }
}

/// Carries out the statements that are about objects and files.
protocol StatementHandler: AnyObject {
    func declare(_ object: ObjectDeclaration, at: SourceLocation, in: Frame) throws(ConfigFault)
    func declare(_ apply: ApplyDeclaration, at: SourceLocation, in: Frame) throws(ConfigFault)
    func importTemplate(_ name: Value, at: SourceLocation, in: Frame) throws(ConfigFault)
    func include(_ request: IncludeRequest, at: SourceLocation, in: Frame) throws(ConfigFault)
    func assigned(_ key: ByteString, to object: ConfigObject, at: SourceLocation)
    func warn(_ message: String, at: SourceLocation)
}

/// What an include statement asks for.
enum IncludeRequest {
    case files(ByteString)
    case library(ByteString)
    case recursive(ByteString, pattern: ByteString)
    case zones
}
