/// Puts functions of the language into a namespace or prototype, under names such as `System#len`.
struct NativeTable {
    /// Whether a call changes anything, as `f.side_effect_free` says.
    enum Effect {
        case none, effect
    }

    let entries: DictionaryValue
    /// The namespace or type that the functions belong to.
    let owner: String

    /// Defines a function.
    ///
    /// - Parameters:
    ///   - parameters: what `f.arguments` says; a function without any takes any number.
    ///   - required: fewest arguments, where more than the parameters are then ignored; nil when
    ///     all are needed and no more may be given.
    func define(
        _ name: ByteString,
        _ parameters: [ByteString] = [],
        required: Int? = nil,
        _ effect: Effect = .none,
        _ native: @escaping FunctionValue.Native
    ) {
        let fewest = required ?? parameters.count
        let most = required != nil || parameters.isEmpty ? Int.max : parameters.count
        entries[name] = .function(
            FunctionValue(
                ByteString(owner + "#") + name,
                parameters: parameters,
                arity: fewest...most,
                hasNoEffect: effect == .none,
                native: native
            )
        )
    }
}
