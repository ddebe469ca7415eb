/// One configuration: files are loaded, then committed into objects, with all errors at once.
///
/// Bodies of objects, templates and rules run at ``commit()``, so templates may be used before
/// they are defined. A session belongs to one thread at a time.
public final class ConfigSession {
    /// The objects, filled by ``commit()``.
    public let registry = ObjectRegistry()
    /// What the operator should look at; complete after ``commit()``.
    public internal(set) var warnings: [Diagnostic] = []
    /// How many objects of each ignored type were evaluated.
    public internal(set) var ignoredCounts: [String: Int] = [:]
    /// Every file that was read, in order.
    public private(set) var loadedFiles: [String] = []
    /// Gets what scripts write with `log()`.
    public var logger: (ByteString) -> Void {
        get { evaluator.logger }
        set { evaluator.logger = newValue }
    }

    /// Finds what is wrong with an evaluated object; the host program sets it.
    ///
    /// It is asked for objects with `ignore_on_error`, which are left out where it finds something.
    /// Without it only their evaluation counts.
    public var validator: (@Sendable (ConfigObject, ConfigSession) -> [Diagnostic])?

    let evaluator: Evaluator
    let limits: EvaluationLimits
    var schemas: [ByteString: ObjectTypeSchema] = [:]
    var schemaOrder: [ObjectTypeSchema] = []
    let reader: any ConfigFileReader
    let includePaths: [String]
    var errors: [Diagnostic] = []
    var pending: [PendingObject] = []
    var templates: [ByteString: [ByteString: PendingObject]] = [:]
    var declared: [ByteString: [ByteString: PendingObject]] = [:]
    var defaultTemplates: [ByteString: [PendingObject]] = [:]
    var rules: [ApplyRule] = []
    var objectCount = 0
    var includeDepth = 0
    private var tokenCount = 0
    /// Bytes of all texts that were read.
    private(set) var textBytes = 0
    var importDepth = 0
    /// What calls left behind.
    private var callMemory = CallMemory()
    /// The names in reach of all files, which are one after the other in one scope.
    private let files = Frame(this: .null)
    var isRunning = false
    /// False while bodies, filters of groups and calls run, which make no objects.
    var mayDeclareObjects = true

    /// Most errors that are collected: 100; the first ones are what the operator can act on.
    public static let mostErrors = 100
    /// Most objects and rules: 200,000, many times what one host can check.
    static let mostObjects = 200_000
    /// Deepest includes: 32 files; deeper is most likely a file that includes itself.
    static let deepestInclude = 32

    /// Most files: 10,000; more most likely include each other.
    static let mostFiles = 10_000

    /// Most bytes of all texts: 64 MiB, ten times what the most words take.
    static let mostText = 64 << 20

    /// Deepest imports: 50 templates; deeper is most likely one that imports itself.
    static let deepestImport = 50

    /// Prepares a session.
    ///
    /// - Parameters:
    ///   - schemas: the types that may be declared.
    ///   - constants: global constants such as `PluginDir`; a `const` may override each once.
    ///   - functions: global functions beside the language's own.
    ///   - includePaths: where `include <x>` looks, in order.
    ///   - surroundings: what scripts can learn of clock, chance, environment and files.
    public init(
        schemas: [ObjectTypeSchema],
        constants: [ByteString: Value] = [:],
        functions: [FunctionValue] = [],
        includePaths: [String] = [],
        reader: any ConfigFileReader,
        limits: EvaluationLimits = EvaluationLimits(),
        surroundings: Surroundings = .system
    ) {
        self.reader = reader
        self.includePaths = includePaths
        self.limits = limits
        evaluator = Evaluator(limits: limits, surroundings: surroundings)
        schemaOrder = schemas
        for schema in schemas {
            self.schemas[ByteString(schema.name)] = schema
            evaluator.prototypes.defineType(schema)
        }
        define(constants: constants)
        for function in functions { evaluator.globals[function.name] = .function(function) }
        evaluator.statements = self
        defineFinders()
    }

    deinit {
        evaluator.cycles.releaseAll()
    }

    /// Loads a file and all that it includes; errors are kept for ``commit()``.
    public func load(path: String) {
        do throws(ConfigFault) {
            let text = try reader.read(path)
            load(text: text, name: path)
        } catch {
            record(error)
        }
    }

    /// Loads a text under a name; errors are kept for ``commit()``.
    ///
    /// Under a name that ends in `.json` it is read as definitions in JSON, in the shape of
    /// Icinga's API.
    public func load(text: [UInt8], name: String) {
        evaluator.renew(limits)
        run(text, name: name, in: files)
    }

    /// Runs an included text where it is included: with the names, and on the object, in reach.
    ///
    /// - Throws: the first fault within a body; within a file all faults are kept for ``commit()``.
    func include(_ text: [UInt8], name: String, in frame: Frame) throws(ConfigFault) {
        guard frame !== files else { return run(text, name: name, in: frame) }
        loadedFiles.append(name)
        let block = try parse(text, name)
        includeDepth += 1
        defer { includeDepth -= 1 }
        _ = try evaluator.evaluate(block, in: frame)
    }

    /// Runs a whole file; after a fault the next statements still run, for all errors at once.
    private func run(_ text: [UInt8], name: String, in frame: Frame) {
        includeDepth += 1
        defer { includeDepth -= 1 }
        loadedFiles.append(name)
        do throws(ConfigFault) {
            for statement in try parse(text, name).statements { run(statement, in: frame) }
        } catch {
            record(error)
        }
    }

    /// The tree of a text, within what all texts of the session may have of words.
    private func parse(_ text: [UInt8], _ name: String) throws(ConfigFault) -> Block {
        let source = SourceFile(name: name, text: text)
        textBytes += text.count
        guard textBytes <= Self.mostText else {
            throw tooMuchText(at: SourceLocation(source, line: 1, column: 1))
        }
        if name.hasSuffix(".json") {
            let (block, words) = try JSONDefinitions.parse(source, schemas)
            try count(words: words, of: source)
            return block
        }
        let tokens = try Lexer.tokens(of: source)
        try count(words: tokens.count, of: source)
        return try Parser.parse(tokens, applyTypes: applyTypes)
    }

    private func count(words: Int, of source: SourceFile) throws(ConfigFault) {
        tokenCount += words
        guard tokenCount <= Lexer.mostTokens else {
            throw .limit(
                Diagnostic(
                    "All files together have more than \(Lexer.mostTokens) words; this one and "
                        + "the ones after it are not read.",
                    at: SourceLocation(source, line: 1, column: 1)
                )
            )
        }
    }

    /// Runs one statement of a file; after a fault the next ones still run, for all errors at once.
    private func run(_ statement: Expression, in frame: Frame) {
        do throws(ConfigFault) {
            _ = try evaluator.evaluate(statement, in: frame)
        } catch {
            record(error)
        }
    }

    /// Checks a text against the grammar alone.
    ///
    /// - Parameter applyTypes: the types that `apply` can be used with; nil: any.
    public static func checkSyntax(
        of text: [UInt8],
        name: String,
        applyTypes: Set<ByteString>? = nil
    ) throws(ConfigFault) {
        _ = try Parser.parse(SourceFile(name: name, text: text), applyTypes: applyTypes)
    }

    /// The types that rules can make objects of.
    private var applyTypes: Set<ByteString> {
        Set(schemaOrder.filter { !$0.applyTargets.isEmpty }.map { ByteString($0.name) })
    }

    /// Calls a function of the configuration, within what is left of a budget.
    ///
    /// - Throws: `.limit` too once what calls keep is too much; see ``CallMemory``.
    public func call(
        _ function: FunctionValue,
        this: Value = .null,
        arguments: [Value] = [],
        within budget: CallBudget = CallBudget()
    ) throws(ConfigFault) -> Value {
        // a native function may come back here while a call is running: the outer limits go on
        guard !isRunning else {
            try evaluator.charge(.call)
            return try evaluator.call(function, this: this, arguments: arguments)
        }
        isRunning = true
        mayDeclareObjects = false
        defer {
            isRunning = false
            mayDeclareObjects = true
        }
        try callMemory.check(self)
        evaluator.renew(budget)
        defer { callMemory.note(evaluator.use(of: budget)) }
        try evaluator.charge(.call)
        let known = evaluator.cycles.containers.count
        var result = Value.null
        // what the call made and left to itself would stay for ever
        defer { evaluator.releaseCycles(since: known, keeping: [result, this] + arguments) }
        result = try evaluator.call(function, this: this, arguments: arguments)
        return result
    }

    /// Evaluates one expression, as the console does.
    public func evaluate(_ text: [UInt8], name: String = "<text>") throws(ConfigFault) -> Value {
        let block = try Parser.parse(SourceFile(name: name, text: text), applyTypes: applyTypes)
        evaluator.renew(limits)
        // as the console has it: names that nobody declared become fields of `this`
        let locals = DictionaryValue().scopeCopy()
        return try evaluator.evaluate(block, in: Frame(this: .dictionary(locals), locals: locals))
    }

    /// True when an object of a plainly named type was declared, whether or not its body failed;
    /// one that was left out because of its `ignore_on_error` is declared no more.
    public func isDeclared(type: String, name: ByteString) -> Bool {
        declared[ByteString(type)]?[name] != nil
    }

    // MARK: - Errors

    func record(_ fault: ConfigFault) {
        for diagnostic in fault.diagnostics where errors.count < Self.mostErrors {
            // the same mistake in a rule or template shows once for each object it reaches
            let isKnown = errors.contains {
                $0.message == diagnostic.message && $0.location == diagnostic.location
            }
            if !isKnown { errors.append(diagnostic) }
        }
    }

    func warn(_ diagnostic: Diagnostic) {
        guard warnings.count < Self.mostErrors else { return }
        warnings.append(
            Diagnostic(
                diagnostic.message,
                at: diagnostic.location,
                severity: .warning,
                context: diagnostic.context
            )
        )
    }
}
