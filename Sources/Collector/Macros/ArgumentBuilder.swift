internal import ConfigLanguage
internal import Monitoring

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
        /// Joins key and value into one word, even an empty one; nil for two words.
        var separator: ByteString?
        var origin = WordOrigin()
    }

    /// A command line, and what each of its words was made of; a text for the shell is one word.
    struct Line {
        var value: Value
        var origins: [WordOrigin]
    }

    private typealias Word = (value: Value, origin: WordOrigin)

    /// The command line: an array of words, or a text for the shell.
    func build(command: Value, arguments: Value) throws(PreparationFault) -> Value {
        try line(command: command, arguments: arguments).value
    }

    /// The command line with what it was made of.
    func line(command: Value, arguments: Value) throws(PreparationFault) -> Line {
        guard let arguments = arguments.asDictionary else {
            guard command.isScalar else { return Self.line(try words(of: command)) }
            let (text, origin) = try traced(command, quoting: .shell)
            return Line(value: text, origins: [origin])
        }
        var words: [Word] = [(command, WordOrigin())]
        if !command.isScalar { words = try self.words(of: command).words }
        var collected: [Argument] = []
        for (key, description) in arguments.entries {
            let (one, origin) = try resolver.trace.following { () throws(PreparationFault) in
                try argument(key, description)
            }
            guard var one else { continue }
            one.origin = origin
            collected.append(one)
        }
        // stable: equal orders stay in byte order of their keys
        let sorted = collected.enumerated().sorted {
            ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
        }
        for one in sorted { try write(one.element, into: &words) }
        return Self.line((words, true))
    }

    private static func line(_ parts: (words: [Word], isList: Bool)) -> Line {
        Line(
            value: parts.isList
                ? .array(ArrayValue(parts.words.map(\.value))) : parts.words[0].value,
            origins: parts.words.map(\.origin)
        )
    }

    private func traced(
        _ value: Value,
        quoting: MacroResolver.Quoting = .none
    ) throws(PreparationFault) -> Word {
        var missing: ByteString?
        return try resolver.trace.following { () throws(PreparationFault) in
            try resolver.resolve(value, quoting: quoting, missing: &missing, depth: depth)
        }
    }

    /// The words of `command` itself; one that is no list may be a text for the shell.
    private func words(
        of command: Value
    ) throws(PreparationFault) -> (words: [Word], isList: Bool) {
        guard let array = command.asArray else {
            let (value, origin) = try traced(command)
            guard let array = value.asArray else { return ([(value, origin)], false) }
            return (array.elements.map { ($0, origin) }, true)
        }
        var words: [Word] = []
        for element in array.elements {
            let (list, origin) = try traced(.array(ArrayValue([element])))
            words += (list.asArray?.elements ?? []).map { ($0, origin) }
        }
        return (words, true)
    }

    /// One entry of `arguments`; nil when it is left out.
    private func argument(
        _ key: ByteString,
        _ description: Value
    ) throws(PreparationFault) -> Argument? {
        try resolver.budget.spend(macros: 1)
        var result = Argument(key: key)
        var value = description
        var isRequired = false
        if let options = description.asDictionary {
            value = options.lookUp("value") ?? .null
            isRequired = options.lookUp("required")?.isTruthy ?? false
            if let other = options.lookUp("key") { result.key = other.toText }
            if let separator = options.lookUp("separator"), !separator.isNull {
                result.separator = separator.toText
            }
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

    private func write(
        _ argument: Argument,
        into words: inout [Word]
    ) throws(PreparationFault) {
        guard argument.value.asDictionary == nil else { return }
        guard let array = argument.value.asArray else {
            try write(argument, argument.value, isFirst: true, into: &words)
            return
        }
        for (index, element) in array.elements.enumerated() {
            try write(argument, element, isFirst: index == 0, into: &words)
        }
    }

    private func write(
        _ argument: Argument,
        _ value: Value,
        isFirst: Bool,
        into words: inout [Word]
    ) throws(PreparationFault) {
        // the key may come once for each element
        try resolver.budget.spend(bytes: argument.key.count + 1)
        let hasKey = !argument.isKeySkipped && (isFirst || argument.isKeyRepeated)
        if hasKey, !argument.isValueSkipped, let separator = argument.separator {
            let text = value.toText
            try resolver.budget.spend(bytes: separator.count + text.count)
            let joined = argument.key + separator + text
            words.append((.string(joined), argument.origin))
            return
        }
        if hasKey {
            var origin = argument.origin
            origin.isKey = true
            words.append((.string(argument.key), origin))
        }
        if !argument.isValueSkipped { words.append((value, argument.origin)) }
    }
}

extension Int {
    /// A number cut to an integer; nil when it is not finite or out of range.
    init?(truncating number: Double) {
        guard number.isFinite, abs(number) < 9e15 else { return nil }
        self = Int(number)
    }
}
