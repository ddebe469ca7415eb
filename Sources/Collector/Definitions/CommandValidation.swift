internal import ConfigLanguage

/// Finds what is wrong with one check command.
struct CommandValidation {
    let command: ConfigObject
    private(set) var errors: [Diagnostic] = []

    /// Prepares to look at a check command.
    init(_ command: ConfigObject) {
        self.command = command
    }

    /// Looks at `execute`, `command`, `arguments` and `env`.
    mutating func validate() {
        if command["execute"].isNull { fail("execute", [], "Attribute must not be empty.") }
        let program = command["command"]
        if !program.isText, program.asArray == nil, program.asFunction == nil {
            fail("command", [], "Invalid type.")
        }
        for (index, word) in (program.asArray?.elements ?? []).enumerated()
        where !word.isText && word.asFunction == nil {
            fail("command", [ByteString("\(index)")], "Invalid type.")
        }
        if let arguments = command["arguments"].asDictionary {
            if program.asArray == nil {
                fail(
                    "command",
                    [],
                    "Attribute 'command' must be an array if the 'arguments' attribute is set."
                )
            }
            for (key, argument) in arguments.entries { validate(argument, key) }
        }
        for (key, value) in command["env"].asDictionary?.entries ?? [] {
            checkText(value, "env", [key])
            if key.isEmpty || key.bytes.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") }) {
                fail("env", [key], "A variable's name has at least one byte, no '=' and no NUL.")
            }
        }
    }

    private mutating func validate(_ argument: Value, _ key: ByteString) {
        guard let options = argument.asDictionary else {
            return checkText(argument, "arguments", [key])
        }
        for (option, value) in options.entries {
            let path = [key, option]
            switch option {
            case "value", "set_if": checkText(value, "arguments", path)
            case "key", "description", "separator": expect(value.isText, path)
            case "required", "skip_key", "repeat_key", "order": expect(value.isNumber, path)
            default: fail("arguments", path, "Invalid attribute: \(option)")
            }
        }
    }

    /// Text with paired dollar signs, or a function.
    private mutating func checkText(
        _ value: Value,
        _ attribute: ByteString,
        _ path: [ByteString]
    ) {
        guard value.isText || value.asFunction != nil else {
            return fail(attribute, path, "Invalid type.")
        }
        guard let text = value.asString, !MacroText.isBalanced(text) else { return }
        fail(attribute, path, "\(PreparationFault.unclosedMacro(text))")
    }

    private mutating func expect(_ isRight: Bool, _ path: [ByteString]) {
        if !isRight { fail("arguments", path, "Invalid type.") }
    }

    private mutating func fail(
        _ attribute: ByteString,
        _ path: [ByteString],
        _ reason: String
    ) {
        errors.append(ObjectValidation.failure(command, attribute, path: path, reason))
    }
}

extension Value {
    /// True for what reads as text: null, texts, numbers and truth values.
    fileprivate var isText: Bool { isNull || isScalar }

    /// True for what reads as a number: null, numbers, truth values and texts that convert.
    fileprivate var isNumber: Bool { isText && toNumber != nil }
}
