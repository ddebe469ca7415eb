internal import ConfigLanguage

/// Replaces macros by what the objects of one check say.
///
/// - Source: Icinga 2 documentation, "Runtime Macros" and "Evaluation Order"; tried on 2.13.6.
struct MacroResolver {
    /// One place where names are looked up.
    struct Source {
        /// What a macro's first part names it by: `service`, `host`, `command`, `icinga`.
        let name: ByteString
        /// What functions see under that name, and whose attributes macros read.
        let value: Value
        /// Whether a name alone may be one of its custom variables, which may hold macros.
        ///
        /// Those of `icinga` are `runtime` values there, which hold none.
        var isOfVariables = true
        /// Names whose values change at run time; asked after custom variables.
        let runtime: (ByteString) -> Value?
    }

    /// Whether values become words of a shell command.
    enum Quoting {
        case none
        case shell
    }

    /// Calls a function of the definitions with this `this`, within what is left of a budget.
    typealias Call = (FunctionValue, Value, CallBudget) throws(ConfigFault) -> Value

    /// How deep macros may refer to macros; deeper is `.endlessMacros`.
    ///
    /// 15, as in Icinga.
    static let deepestNesting = 15

    /// Where names are looked up, in this order.
    let sources: [Source]
    let call: Call
    /// Hears which custom variables are read.
    let trace = MacroTrace()
    /// What everything that this resolver replaces may take together.
    let budget = PreparationBudget()

    /// A value with its macros replaced; null when a text was one macro without value.
    ///
    /// - Parameter missing: gets the name of a macro without value.
    func resolve(
        _ value: Value,
        quoting: Quoting = .none,
        missing: inout ByteString?,
        depth: Int = 0
    ) throws(PreparationFault) -> Value {
        switch value {
        case .null:
            return .null
        case .string(let text) where text.isEmpty:
            return .null
        case .string, .number, .boolean:
            return try expand(value.toText, quoting: quoting, missing: &missing, depth: depth)
        case .array(let array):
            var elements: [Value] = []
            for element in array.elements {
                elements.append(
                    try joined(element.toText, missing: &missing, depth: depth + 1)
                )
            }
            return .array(ArrayValue(elements))
        case .dictionary(let dictionary):
            let result = DictionaryValue()
            for (key, element) in dictionary.entries {
                result[key] = try joined(element.toText, missing: &missing, depth: depth + 1)
            }
            return .dictionary(result)
        case .function(let function):
            return try evaluate(function, depth: depth)
        case .object, .reference, .type:
            throw .unusableValue(value.typeName)
        }
    }

    /// A text with its macros replaced, where an array becomes one word: elements between
    /// semicolons, with a backslash before each semicolon and backslash of their own.
    private func joined(
        _ text: ByteString,
        missing: inout ByteString?,
        depth: Int
    ) throws(PreparationFault) -> Value {
        let value = try expand(text, quoting: .none, missing: &missing, depth: depth)
        guard let array = value.asArray else { return value }
        let words = try budget.texts(of: array).map { Self.escaped($0) }
        return .string(ByteString(bytes: words.joined(separator: [UInt8(ascii: ";")])))
    }

    private static func escaped(_ word: ByteString) -> [UInt8] {
        word.bytes.flatMap { byte -> [UInt8] in
            let isSpecial = byte == UInt8(ascii: ";") || byte == UInt8(ascii: "\\")
            return isSpecial ? [UInt8(ascii: "\\"), byte] : [byte]
        }
    }

    /// A text with its macros replaced; a text that is one macro keeps the macro's type.
    func expand(
        _ text: ByteString,
        quoting: Quoting,
        missing: inout ByteString?,
        depth: Int
    ) throws(PreparationFault) -> Value {
        guard depth <= Self.deepestNesting else { throw .endlessMacros }
        try budget.spend(macros: 1)
        try budget.spend(bytes: text.count)
        let parts = try MacroText(text).parts
        if parts.count == 1, case .macro(let name) = parts[0] {
            return try replacement(for: name, quoting: quoting, missing: &missing, depth: depth)
        }
        var bytes: [UInt8] = []
        for part in parts {
            switch part {
            case .literal(let literal):
                bytes.append(contentsOf: literal.bytes)
            case .macro(let name):
                let value = try replacement(
                    for: name,
                    quoting: quoting,
                    missing: &missing,
                    depth: depth
                )
                guard value.asArray == nil else { throw .arrayInText }
                let text = value.toText
                try budget.spend(bytes: text.count)
                bytes.append(contentsOf: text.bytes)
            }
        }
        return .string(ByteString(bytes))
    }

    private func replacement(
        for name: ByteString,
        quoting: Quoting,
        missing: inout ByteString?,
        depth: Int
    ) throws(PreparationFault) -> Value {
        var value = Value.null
        budget.macro = name
        try budget.spend(macros: 1)
        if name.isEmpty {
            value = "$"
        } else if let found = lookUp(name) {
            value = found.value
            if let function = value.asFunction {
                value = try evaluate(function, depth: depth + 1)
            }
            if found.holdsMacros {
                value = try expandVariable(value, missing: &missing, depth: depth + 1)
            }
        } else {
            missing = name
        }
        guard quoting == .shell else { return value }
        let words = try budget.texts(of: value.asArray ?? ArrayValue([value]))
        return .string(ShellQuoting.quoted(words))
    }

    /// Custom variables may hold macros themselves.
    private func expandVariable(
        _ value: Value,
        missing: inout ByteString?,
        depth: Int
    ) throws(PreparationFault) -> Value {
        switch value {
        case .string(let text):
            return try expand(text, quoting: .none, missing: &missing, depth: depth)
        case .array(let array):
            try budget.spend(macros: array.count)
            var elements: [Value] = []
            for element in array.elements {
                guard element.isScalar else {
                    elements.append(element)
                    continue
                }
                elements.append(
                    try expand(
                        element.toText,
                        quoting: .none,
                        missing: &missing,
                        depth: depth
                    )
                )
            }
            return .array(ArrayValue(elements))
        default:
            return value
        }
    }
}

// MARK: - Names

extension MacroResolver {
    /// Attributes whose values are macro texts themselves, as custom variables are.
    private static let macroAttributes: Set<ByteString> = [
        "vars", "notes", "notes_url", "action_url",
    ]

    /// What a name stands for, and whether that may hold macros; nil when it stands for nothing.
    private func lookUp(_ name: ByteString) -> (value: Value, holdsMacros: Bool)? {
        var path = name.split(at: UInt8(ascii: "."))
        var wanted: ByteString?
        // an empty one, as in `$.name$`, asks all of them
        if path.count > 1 { wanted = path.removeFirst() }
        for source in sources where wanted?.isEmpty != false || wanted == source.name {
            if wanted == nil, source.isOfVariables, let value = source.variables?.lookUp(name) {
                trace.read(name.text)
                return (value, true)
            }
            let rest = ByteString(bytes: path.map(\.bytes).joined(separator: [0x2E]))
            if let value = source.runtime(rest) {
                if !source.isOfVariables, source.variables?.contains(rest) == true {
                    trace.read(rest.text)
                }
                return (value, false)
            }
            if let found = walk(path, from: source.value) { return found }
        }
        return nil
    }

    private func walk(
        _ path: [ByteString],
        from start: Value
    ) -> (value: Value, holdsMacros: Bool)? {
        var value = start
        var holdsMacros = false
        var variable: [ByteString]?
        for step in path {
            switch value {
            case .dictionary(let dictionary):
                guard let next = dictionary.lookUp(step) else { return nil }
                value = next
            case .object(let object):
                guard let next = object.known(step) else { return nil }
                value = next
                if Self.macroAttributes.contains(step) { holdsMacros = true }
            case .null, .string, .number, .boolean:
                // Icinga takes what it has reached and forgets the rest of the name
                note(variable)
                return (value, holdsMacros)
            case .array, .function, .reference, .type:
                return nil
            }
            if variable != nil {
                variable?.append(step)
            } else if step == "vars" {
                variable = []
            }
        }
        note(variable)
        return (value, holdsMacros)
    }

    /// Tells the trace of a way that led into custom variables; all of them at once is too much to
    /// tell.
    private func note(_ variable: [ByteString]?) {
        guard let variable else { return }
        if variable.isEmpty { return trace.readUnknown() }
        trace.read(ByteString(bytes: variable.map(\.bytes).joined(separator: [0x2E])).text)
    }
}

extension MacroResolver.Source {
    fileprivate var variables: DictionaryValue? {
        switch value {
        case .object(let object): object["vars"].asDictionary
        case .dictionary(let dictionary): dictionary.lookUp("vars")?.asDictionary
        default: nil
        }
    }
}

// MARK: - Functions

extension MacroResolver {
    /// What a function of the definitions returns for this check.
    func evaluate(_ function: FunctionValue, depth: Int) throws(PreparationFault) -> Value {
        guard depth <= Self.deepestNesting else { throw .endlessMacros }
        try budget.spend(macros: 1)
        defer { trace.readUnknown() }
        do {
            return try call(function, .dictionary(this(depth: depth)), budget.calls)
        } catch {
            throw .function(error)
        }
    }

    /// What functions see as `this`: the objects, `macro()` and `resolve_arguments()`.
    private func this(depth: Int) -> DictionaryValue {
        let this = DictionaryValue()
        for source in sources { this[source.name] = source.value }
        this["macro"] = .function(
            FunctionValue("macro") { invocation throws(ConfigFault) in
                guard !invocation.arguments.isEmpty else {
                    throw invocation.fault("Too few arguments for function 'macro': a text.")
                }
                // whatever it is, it is written as text first, as in Icinga
                let text = try invocation.text(0)
                var missing: ByteString?
                return try made(for: invocation) { () throws(PreparationFault) in
                    try expand(text, quoting: .none, missing: &missing, depth: depth + 1)
                }
            }
        )
        this["resolve_arguments"] = .function(
            FunctionValue("resolve_arguments") { invocation throws(ConfigFault) in
                try made(for: invocation) { () throws(PreparationFault) in
                    try ArgumentBuilder(resolver: self, depth: depth + 1).build(
                        command: invocation.argument(0),
                        arguments: invocation.argument(1)
                    )
                }
            }
        )
        return this
    }

    /// What a function asks for; its bytes count as made by the function, too.
    private func made(
        for invocation: Invocation,
        _ make: () throws(PreparationFault) -> Value
    ) throws(ConfigFault) -> Value {
        let before = budget.bytes
        let value: Value
        do throws(PreparationFault) {
            value = try make()
        } catch {
            throw error.asConfigFault(in: invocation)
        }
        try invocation.account(bytes: budget.bytes - before)
        return value
    }
}

extension PreparationFault {
    fileprivate func asConfigFault(in invocation: Invocation) -> ConfigFault {
        switch self {
        case .function(let fault): fault
        case .exhausted: .limit(Diagnostic(description, at: invocation.location))
        default: invocation.fault(description)
        }
    }
}

extension Value {
    /// True for texts, numbers and truth values.
    var isScalar: Bool {
        switch self {
        case .string, .number, .boolean: true
        default: false
        }
    }
}

extension ByteString {
    /// The pieces between separators; always at least one.
    func split(at separator: UInt8) -> [ByteString] {
        bytes.split(separator: separator, omittingEmptySubsequences: false)
            .map { ByteString(bytes: $0) }
    }
}

extension DictionaryValue {
    /// The value of a key; nil when there is no such key, which a null value is not.
    func lookUp(_ key: ByteString) -> Value? {
        guard contains(key) else { return nil }
        return self[key]
    }
}

extension ConfigObject {
    /// The value of an attribute; nil when the type has none of this name.
    func known(_ name: ByteString) -> Value? {
        let always: Set<ByteString> = [
            "name", "__name", "type", "templates", "source_location",
        ]
        guard schema.acceptsAnyAttribute || schema.attribute(name) != nil || always.contains(name)
        else { return nil }
        return attribute(name)
    }
}
