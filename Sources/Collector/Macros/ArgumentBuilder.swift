internal import ConfigLanguage

/// Builds a command line from a check command's `command` and `arguments`.
///
/// - Source: Icinga 2 documentation, "Command Arguments"; tried on 2.13.6.
struct ArgumentBuilder {
    let resolver: MacroResolver
    /// How many macros and functions led here.
    var depth = 0

    /// One argument before it is written out.
    private struct Argument {
        var key: ByteString
        var value = Value.null
        var order = 0
        var isKeySkipped = false
        var isKeyRepeated = true
        var isValueSkipped = false
        var separator = ByteString.empty
    }

    /// The command line: an array of words, or a text for the shell.
    func build(command: Value, arguments: Value) throws(PreparationFault) -> Value {
        var missing: ByteString?
        guard let arguments = arguments.asDictionary else {
            let quoting: MacroResolver.Quoting = command.isScalar ? .shell : .none
            return try resolver.resolve(
                command,
                quoting: quoting,
                missing: &missing,
                depth: depth
            )
        }
        var words: [Value] = [command]
        if !command.isScalar {
            let resolved = try resolver.resolve(command, missing: &missing, depth: depth)
            words = resolved.asArray?.elements ?? [resolved]
        }
        var collected: [Argument] = []
        for (key, description) in arguments.entries {
            if let one = try argument(key, description) { collected.append(one) }
        }
        // stable: equal orders stay in byte order of their keys
        let sorted = collected.enumerated().sorted {
            ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
        }
        for one in sorted { Self.write(one.element, into: &words) }
        return .array(ArrayValue(words))
    }

    /// One entry of `arguments`; nil when it is left out.
    private func argument(
        _ key: ByteString,
        _ description: Value
    ) throws(PreparationFault) -> Argument? {
        var result = Argument(key: key)
        var value = description
        var isRequired = false
        if let options = description.asDictionary {
            value = options.lookUp("value") ?? .null
            isRequired = options.lookUp("required")?.isTruthy ?? false
            if let other = options.lookUp("key") { result.key = other.toText }
            if let separator = options.lookUp("separator") { result.separator = separator.toText }
            if let repeats = options.lookUp("repeat_key") {
                result.isKeyRepeated = repeats.isTruthy
            }
            result.isKeySkipped = options.lookUp("skip_key")?.isTruthy ?? false
            result.order = try Self.order(options.lookUp("order") ?? .null)
            guard try isWanted(options.lookUp("set_if") ?? .null) else { return nil }
        }
        result.isValueSkipped = value.isNull || value.asString?.isEmpty == true
        var missing: ByteString?
        result.value = try resolver.resolve(value, missing: &missing, depth: depth)
        if let missing {
            guard isRequired else { return nil }
            throw .missing(macro: missing, argument: result.key)
        }
        return result
    }

    private static func order(_ value: Value) throws(PreparationFault) -> Int {
        guard let number = value.toNumber, let order = Int(truncating: number) else {
            throw .notANumber(attribute: "order", value: value.toText)
        }
        return order
    }

    /// Whether `set_if` lets an argument in.
    ///
    /// Text "true" does, and a number that is not zero when cut to an integer.
    private func isWanted(_ condition: Value) throws(PreparationFault) -> Bool {
        if condition.isNull || condition.asString?.isEmpty == true { return true }
        var missing: ByteString?
        let value = try resolver.resolve(condition, missing: &missing, depth: depth)
        guard missing == nil else { return false }
        switch value {
        case .boolean(let flag): return flag
        case .string("true"): return true
        case .string("false"): return false
        case .string, .number:
            guard let number = value.toNumber else { return false }
            return number.rounded(.towardZero) != 0 && number.isFinite
        default: return false
        }
    }

    private static func write(_ argument: Argument, into words: inout [Value]) {
        guard argument.value.asDictionary == nil else { return }
        guard let array = argument.value.asArray else {
            write(argument, argument.value, isFirst: true, into: &words)
            return
        }
        for (index, element) in array.elements.enumerated() {
            write(argument, element, isFirst: index == 0, into: &words)
        }
    }

    private static func write(
        _ argument: Argument,
        _ value: Value,
        isFirst: Bool,
        into words: inout [Value]
    ) {
        let hasKey = !argument.isKeySkipped && (isFirst || argument.isKeyRepeated)
        if hasKey, !argument.isValueSkipped, !argument.separator.isEmpty {
            words.append(.string(argument.key + argument.separator + value.toText))
            return
        }
        if hasKey { words.append(.string(argument.key)) }
        if !argument.isValueSkipped { words.append(value) }
    }
}

extension Int {
    /// A number cut to an integer; nil when it is not finite or out of range.
    init?(truncating number: Double) {
        guard number.isFinite, abs(number) < 9e15 else { return nil }
        self = Int(number)
    }
}
