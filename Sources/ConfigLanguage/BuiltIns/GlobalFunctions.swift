/// Global functions about values.
enum GlobalFunctions {
    static func define(in system: DictionaryValue) {
        system.define("len") { call throws(ConfigFault) in
            switch call.argument(0) {
            case .array(let array): return .number(Double(array.count))
            case .dictionary(let dictionary): return .number(Double(dictionary.count))
            case .string(let string): return .number(Double(string.count))
            default: return 0
            }
        }
        system.define("string") { call throws(ConfigFault) in try call.make(call.argument(0).toText)
        }
        system.define("number") { call throws(ConfigFault) in
            .number(try call.expectNumber(call.argument(0)))
        }
        system.define("bool") { call throws(ConfigFault) in .boolean(call.argument(0).isTruthy) }
        system.define("keys") { call throws(ConfigFault) in
            guard let dictionary = call.argument(0).asDictionary else {
                return .array(ArrayValue())
            }
            return try call.make(dictionary.keys.map { .string($0) })
        }
        system.define("union") { call throws(ConfigFault) in
            var values: [ByteString: Value] = [:]
            for argument in call.arguments {
                let elements = argument.asArray?.elements ?? []
                for (text, element) in zip(try call.texts(of: elements), elements) {
                    values[text] = element
                }
            }
            return try sorted(values, call)
        }
        system.define("intersection", intersection)
        system.define("range", range)
        system.define("log", log)
        system.define("assert") { call throws(ConfigFault) in
            guard call.argument(0).isTruthy else { throw call.fault("Assertion failed.") }
            return .null
        }
    }

    private static func sorted(
        _ values: [ByteString: Value],
        _ call: Invocation
    ) throws(ConfigFault) -> Value {
        try call.make(values.sorted { $0.key < $1.key }.map(\.value))
    }

    private static func intersection(_ call: Invocation) throws(ConfigFault) -> Value {
        guard let first = call.argument(0).asArray else { return .array(ArrayValue()) }
        var values: [ByteString: Value] = [:]
        for (text, element) in zip(try call.texts(of: first.elements), first.elements) {
            values[text] = element
        }
        for argument in call.arguments.dropFirst() {
            let others = Set(try call.texts(of: argument.asArray?.elements ?? []))
            values = values.filter { others.contains($0.key) }
        }
        return try sorted(values, call)
    }

    private static func range(_ call: Invocation) throws(ConfigFault) -> Value {
        try call.requireArguments(1)
        let first = try call.expectNumber(call.argument(0))
        let hasEnd = call.arguments.count > 1
        let start = hasEnd ? first : 0
        let end = hasEnd ? try call.expectNumber(call.argument(1)) : first
        let step = call.arguments.count > 2 ? try call.expectNumber(call.argument(2)) : 1
        guard (start < end && step > 0) || (start > end && step < 0) else {
            return .array(ArrayValue())
        }
        let count = ((end - start) / step).rounded(.up)
        guard count <= Double(call.evaluator.limits.elements) else {
            try call.evaluator.charge(elements: .max, call.location)
            return .null
        }
        return try call.make((0..<Int(count)).map { .number(start + Double($0) * step) })
    }

    private static func log(_ call: Invocation) throws(ConfigFault) -> Value {
        try call.requireArguments(1)
        let message = call.argument(call.arguments.count >= 3 ? 2 : 0)
        var text = message.toText
        if case .array = message { text = try JSONFunctions.encode(message, call) }
        if case .dictionary = message { text = try JSONFunctions.encode(message, call) }
        call.evaluator.logger(text)
        return .null
    }
}
