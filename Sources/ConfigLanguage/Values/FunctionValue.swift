/// Something callable: a function of the script or one that the host program registered.
public final class FunctionValue {
    /// What a function of the host program is: gets the call, returns the result.
    public typealias Native = (Invocation) throws(ConfigFault) -> Value

    enum Body {
        case native(Native)
        case script(FunctionLiteral)
    }

    /// The name it was declared under, such as `System#len`, or empty.
    public let name: ByteString
    /// The names of its parameters, as scripts see them.
    let parameters: [ByteString]
    /// How many arguments a call must and may have.
    let arity: ClosedRange<Int>
    /// True when a call changes nothing.
    let hasNoEffect: Bool
    let body: Body
    /// The values of `use (…)`, seen as locals of every call.
    private(set) var captured: DictionaryValue?

    /// A function that the host program provides; it takes any number of arguments.
    public init(_ name: ByteString, native: @escaping Native) {
        self.name = name
        parameters = []
        arity = 0...Int.max
        hasNoEffect = false
        body = .native(native)
    }

    init(
        _ name: ByteString,
        parameters: [ByteString],
        arity: ClosedRange<Int>,
        hasNoEffect: Bool,
        native: @escaping Native
    ) {
        self.name = name
        self.parameters = parameters
        self.arity = arity
        self.hasNoEffect = hasNoEffect
        body = .native(native)
    }

    init(_ name: ByteString, literal: FunctionLiteral, captured: DictionaryValue?) {
        self.name = name
        parameters = literal.parameters
        arity = literal.parameters.count...Int.max
        hasNoEffect = false
        body = .script(literal)
        self.captured = captured
    }

    func takeCaptured() -> DictionaryValue? {
        defer { captured = nil }
        return captured
    }

    deinit {
        guard let captured = takeCaptured() else { return }
        var values = [Value.dictionary(captured)]
        ValueTeardown.release(&values)
    }
}

/// One call of a function of the host program.
public struct Invocation {
    /// What the function was called on (`host.foo()`: the host), or the caller's `this`.
    public let this: Value
    /// The arguments in order.
    public let arguments: [Value]
    /// Where the call is written, if it is written anywhere.
    public let location: SourceLocation?
    /// The running evaluation: calls other functions within the same limits.
    public let evaluator: Evaluator

    /// The argument at this place, or null.
    public func argument(_ index: Int) -> Value {
        index < arguments.count ? arguments[index] : .null
    }

    /// Accounts for what the host program made for this call.
    public func account(bytes: Int) throws(ConfigFault) {
        try evaluator.account(bytes, location)
    }

    /// A fault that points at this call.
    public func fault(_ message: String) -> ConfigFault {
        .script(Diagnostic(message, at: location))
    }
}

/// What `&x` yields: a place that can be read and assigned.
public final class ReferenceValue {
    /// The container that holds the place.
    public private(set) var parent: Value
    /// The key or index in it.
    public let index: Value

    init(parent: Value, index: Value) {
        self.parent = parent
        self.index = index
    }

    func takeParent() -> Value {
        defer { parent = .null }
        return parent
    }

    deinit {
        var values = [takeParent()]
        ValueTeardown.release(&values)
    }
}

/// A type of the language or of the host program's objects.
public final class TypeValue {
    /// The type's name, as `typeof(x).name` gives it.
    public let name: ByteString
    /// What its values inherit methods from.
    public let prototype: DictionaryValue
    /// The type whose methods its values have too.
    let base: TypeValue?

    init(
        _ name: ByteString,
        prototype: DictionaryValue = DictionaryValue(),
        base: TypeValue? = nil
    ) {
        self.name = name
        self.prototype = prototype
        self.base = base
    }

    /// The method that values of the type have under a name.
    func method(_ name: ByteString) -> Value? {
        prototype[name] ?? base?.method(name)
    }
}
