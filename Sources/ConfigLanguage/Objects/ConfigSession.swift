/// One configuration: files are loaded, then committed into objects, with all errors at once.
public final class ConfigSession {
    /// The objects, filled by ``commit()``.
    public let registry = ObjectRegistry()
    /// What the operator should look at; complete after ``commit()``.
    public private(set) var warnings: [Diagnostic] = []
    /// How many objects of each ignored type were evaluated.
    public private(set) var ignoredCounts: [String: Int] = [:]

    /// Prepares a session.
    ///
    /// - Parameters:
    ///   - schemas: the types that may be declared.
    ///   - constants: global constants such as `PluginDir`; files may override them once.
    ///   - functions: global functions beside the language's own.
    ///   - includePaths: where `include <x>` looks, in order.
    public init(
        schemas: [ObjectTypeSchema],
        constants: [ByteString: Value] = [:],
        functions: [FunctionValue] = [],
        includePaths: [String] = [],
        reader: any ConfigFileReader,
        limits: EvaluationLimits = EvaluationLimits()
    ) {
    }

    /// Loads a file and all that it includes; errors are kept for ``commit()``.
    public func load(path: String) {
    }

    /// Loads a text under a name; errors are kept for ``commit()``.
    public func load(text: [UInt8], name: String) {
    }

    /// Evaluates all bodies and rules; the objects are then in ``registry``.
    ///
    /// - Throws: `.invalid` with every error of loading and committing.
    public func commit() throws(ConfigFault) {
    }

    /// Calls a function of the configuration, with limits of its own.
    public func call(
        _ function: FunctionValue,
        this: Value = .null,
        arguments: [Value] = [],
        limits: EvaluationLimits = .call
    ) throws(ConfigFault) -> Value {
        .null
    }
}
