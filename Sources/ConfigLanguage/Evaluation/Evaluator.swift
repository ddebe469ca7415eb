/// Evaluates expressions and calls functions within limits.
///
/// Owned by one session and used by one thread at a time.
public final class Evaluator {
    /// Global variables and constants, what `globals` shows.
    public let globals = DictionaryValue.namespace()
    /// The names in `globals` that `const` declared.
    var constants: Set<ByteString> = []
    /// The names in `globals` that the host program gave; only `const` gives them another value.
    var givenConstants: Set<ByteString> = []
    let prototypes: Prototypes
    let surroundings: Surroundings
    /// What scripts put into itself.
    var cycles = CycleWatch()
    /// Carries out statements about objects and files; nil where there are none.
    weak var statements: (any StatementHandler)?
    /// Gets what `log()` writes.
    var logger: (ByteString) -> Void = { _ in }

    private(set) var limits: EvaluationLimits
    private var steps = 0
    private var allocated = 0
    private var callDepth = 0
    private var stack = StackGuard()
    /// What all evaluations of the load have used, the running one aside.
    private var total = (steps: 0, bytes: 0)
    private var isLoading = true
    /// What the running evaluation may use.
    private var most: (steps: Int, bytes: Int)

    init(limits: EvaluationLimits, surroundings: Surroundings) {
        self.limits = limits
        self.surroundings = surroundings
        most = (limits.steps, limits.allocatedBytes)
        prototypes = Prototypes(surroundings)
    }

    /// Begins an evaluation of a load, with fresh limits and within what the load has left.
    func renew(_ fresh: EvaluationLimits) {
        endEvaluation()
        isLoading = true
        limits = fresh
        most = (fresh.steps, fresh.allocatedBytes)
        most.steps = min(most.steps, max(0, fresh.totalSteps - total.steps))
        most.bytes = min(most.bytes, max(0, fresh.totalBytes - total.bytes))
        steps = Self.stepsToBegin
        allocated = 0
    }

    /// Begins a call while the configuration is in use, within what a budget has left.
    func renew(_ budget: CallBudget) {
        endEvaluation()
        isLoading = false
        limits = budget.limits
        most = (limits.steps, limits.allocatedBytes)
        steps = budget.steps
        allocated = budget.bytes
    }

    /// Writes down what a call has used of its budget; returns the bytes.
    func use(of budget: CallBudget) -> Int {
        defer { (budget.steps, budget.bytes) = (steps, allocated) }
        return allocated - budget.bytes
    }

    private func endEvaluation() {
        if isLoading {
            total.steps += steps
            total.bytes += allocated
        }
        stack = StackGuard()
    }

    /// True once the load has used up what all its evaluations may use together.
    var isSpent: Bool {
        isLoading
            && (total.steps + steps >= limits.totalSteps
                || total.bytes + allocated >= limits.totalBytes)
    }

    /// What is to be told of a load that is spent.
    var spentFault: ConfigFault {
        limit(
            "\(limits.totalSteps) evaluation steps or \(limits.totalBytes >> 20) MiB of memory "
                + "in the whole configuration",
            "What comes after that is not evaluated.",
            nil
        )
    }

    /// Counts what it takes to tell of an evaluation that failed.
    func spendOnFault() { steps += 500 }

    /// What an evaluation takes before its first step: making its scope and looking at limits.
    private static let stepsToBegin = 25

    // MARK: - Limits

    /// Counts one step and checks that the stack has room.
    func step(_ place: SourceLocation?) throws(ConfigFault) {
        steps += 1
        guard steps <= most.steps else { throw tooManySteps("Look for an endless loop.", place) }
        guard stack.hasRoom else {
            throw limit("the stack", "Look for an endless recursion.", place)
        }
    }

    /// Counts the steps of an operation that takes longer than one.
    func spend(_ count: Int, at place: SourceLocation?) throws(ConfigFault) {
        guard count <= most.steps - min(steps, most.steps) else {
            // what would go beyond the limit has reached it
            steps = max(steps, most.steps)
            throw tooManySteps("Use smaller arrays and texts.", place)
        }
        steps += count
    }

    private func tooManySteps(_ remedy: String, _ place: SourceLocation?) -> ConfigFault {
        let words =
            most.steps < limits.steps
            ? "\(limits.totalSteps) evaluation steps in the whole configuration"
            : "\(limits.steps) evaluation steps"
        return limit(words, remedy, place)
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

    /// Accounts for values that were made of text.
    func charge(nodes: Int, _ place: SourceLocation? = nil) throws(ConfigFault) {
        try account(nodes * 128, place)
    }

    /// A value as text; writing out an array or dictionary counts as making a string.
    func text(of value: Value, at place: SourceLocation?) throws(ConfigFault) -> ByteString {
        switch value {
        case .string(let string):
            // a long one is looked at from end to end, be it as a key or by a method
            if string.count >= Self.longText { try spend(string.count / 64, at: place) }
            return string
        case .array, .dictionary:
            let text = value.toText
            try charge(bytes: text.count, place)
            try spend(text.count / 4, at: place)
            return text
        default: return value.toText
        }
    }

    /// Texts from this length on take more than a step to look at.
    private static let longText = 256

    /// Accounts for something of the language's own, such as a function with what it captures.
    func charge(_ thing: Thing, _ place: SourceLocation? = nil) throws(ConfigFault) {
        try account(thing.rawValue, place)
    }

    /// What is made besides strings and collections, with the bytes that it takes.
    enum Thing: Int {
        case scope = 128
        case reference = 96
        case function = 384
        /// As it is declared; and the same once more when it is made, with its attributes, their
        /// places and its share of the registry: 2 KB were measured for a host.
        case object = 1024
        /// What the host program hands to a function.
        case call = 2048
    }

    /// Bytes that anything takes beside its content.
    private static let overhead = 64

    /// Accounts for memory of any kind.
    func account(_ bytes: Int, _ place: SourceLocation?) throws(ConfigFault) {
        allocated += bytes + Self.overhead
        guard allocated <= most.bytes else {
            let words =
                most.bytes < limits.allocatedBytes
                ? "\(limits.totalBytes >> 20) MiB of memory in the whole configuration"
                : "\(limits.allocatedBytes >> 20) MiB of memory"
            throw limit(words, "Create less.", place)
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
        guard function.arity.contains(arguments.count) else {
            throw miscounted(arguments.count, function, location)
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

    private func miscounted(
        _ count: Int,
        _ function: FunctionValue,
        _ location: SourceLocation?
    ) -> ConfigFault {
        let isShort = count < function.arity.lowerBound
        let expected = isShort ? function.arity.lowerBound : function.arity.upperBound
        return .script(
            "Too \(isShort ? "few" : "many") arguments for function '\(function.name.text)': "
                + "\(count) given, \(expected) expected.",
            at: location
        )
    }

    private func run(
        _ literal: FunctionLiteral,
        of function: FunctionValue,
        this: Value,
        arguments: [Value],
        _ location: SourceLocation?
    ) throws(ConfigFault) -> Value {
        try spend((function.captured?.count ?? 0) / 16, at: location)
        let locals = (function.captured ?? DictionaryValue()).scopeCopy()
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
        try charge(.function)
        let captured = try capture(literal.captures, in: frame)
        return .function(FunctionValue(name, literal: literal, captured: captured))
    }

    /// The values of `use (…)`, or nil when nothing is captured.
    func capture(_ captures: [Capture], in frame: Frame) throws(ConfigFault) -> DictionaryValue? {
        guard !captures.isEmpty else { return nil }
        let captured = DictionaryValue()
        try charge(elements: captures.count)
        for capture in captures {
            captured[capture.name] = try evaluate(capture.value, in: frame)
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
    func assigned(_ path: [ByteString], to object: ConfigObject, at: SourceLocation)
    func warn(_ message: String, at: SourceLocation)
    /// What stays after any evaluation, globals aside.
    var lastingValues: [Value] { get }
}

/// What an include statement asks for.
enum IncludeRequest {
    case files(ByteString)
    case library(ByteString)
    case recursive(ByteString, pattern: ByteString)
    case zones
}
