/// Global functions about values.
enum GlobalFunctions {
    static func define(in system: NativeTable) {
        system.define("len", ["value"]) { call throws(ConfigFault) in
            switch call.argument(0) {
            case .array(let array): return .number(Double(array.count))
            case .dictionary(let dictionary) where !dictionary.isNamespace:
                return .number(Double(dictionary.count))
            case .string(let string): return .number(Double(string.count))
            default: return 0
            }
        }
        system.define("string", ["value"]) { call throws(ConfigFault) in
            try call.make(try call.text(0))
        }
        system.define("number", ["value"]) { call throws(ConfigFault) in
            .number(try call.expectNumber(call.argument(0)))
        }
        system.define("bool", ["value"]) { call throws(ConfigFault) in
            .boolean(call.argument(0).isTruthy)
        }
        system.define("keys", ["value"], required: nil, .none, keys)
        system.define("union") { call throws(ConfigFault) in
            var elements: [Value] = []
            for argument in call.arguments {
                elements += try call.expectArrayOrNothing(argument)?.elements ?? []
                try call.evaluator.charge(elements: elements.count, call.location)
            }
            return try call.make(try call.sortedOnce(elements))
        }
        system.define("intersection", [], required: nil, .none, intersection)
        system.define("range", ["start", "end", "increment"], required: 1, .effect, range)
        system.define("log", ["severity", "facility", "value"], required: 1, .effect, log)
        system.define("assert", ["value"], .effect) { call throws(ConfigFault) in
            guard call.argument(0).isTruthy else { throw call.fault("Assertion failed.") }
            return .null
        }
    }

    private static func keys(_ call: Invocation) throws(ConfigFault) -> Value {
        switch call.argument(0) {
        case .dictionary(let dictionary):
            return try call.make(dictionary.keys.map { .string($0) })
        case .boolean, .number, .string:
            throw call.fault(
                "keys() needs a dictionary, not '\(call.argument(0).typeName.text)'.")
        default: return .array(ArrayValue())
        }
    }

    /// What is in all arrays, as often as in the one that has the fewest, sorted; nothing of one
    /// array alone.
    ///
    /// At an argument that is null it ends with what it has, whatever follows.
    private static func intersection(_ call: Invocation) throws(ConfigFault) -> Value {
        guard let first = call.arguments.first,
            let elements = try call.expectArrayOrNothing(first)?.elements,
            call.arguments.count > 1
        else { return .array(ArrayValue()) }
        var last = try call.sorted(elements)
        var common: [Value] = []
        for argument in call.arguments.dropFirst() {
            guard let others = try call.expectArrayOrNothing(argument)?.elements else { break }
            common = try inBoth(last, try call.sorted(others), call)
            last = common
        }
        return try call.make(common)
    }

    private static func inBoth(
        _ left: [Value],
        _ right: [Value],
        _ call: Invocation
    ) throws(ConfigFault) -> [Value] {
        var common: [Value] = []
        var (one, other) = (0, 0)
        while one < left.count, other < right.count {
            if try call.isLess(left[one], right[other]) {
                one += 1
            } else if try call.isLess(right[other], left[one]) {
                other += 1
            } else {
                common.append(left[one])
                one += 1
                other += 1
            }
        }
        return common
    }

    private static func range(_ call: Invocation) throws(ConfigFault) -> Value {
        guard call.arguments.count <= 3 else {
            throw call.fault("range() takes start, end and increment, and no more.")
        }
        let first = try call.expectNumber(call.argument(0))
        let hasEnd = call.arguments.count > 1
        let start = hasEnd ? first : 0
        let end = hasEnd ? try call.expectNumber(call.argument(1)) : first
        let step = call.arguments.count > 2 ? try call.expectNumber(call.argument(2)) : 1
        guard (start < end && step > 0) || (start > end && step < 0) else {
            return .array(ArrayValue())
        }
        let most = call.evaluator.limits.elements
        guard (end - start) / step <= Double(most) else {
            try call.evaluator.charge(elements: most + 1, call.location)
            return .null
        }
        var values: [Value] = []
        var number = start
        while step > 0 ? number < end : number > end, values.count <= most {
            values.append(.number(number))
            number += step
        }
        try call.evaluator.spend(values.count / 16, at: call.location)
        return try call.make(values)
    }

    private static func log(_ call: Invocation) throws(ConfigFault) -> Value {
        guard call.arguments.count == 1 || call.arguments.count == 3 else {
            throw call.fault("log() takes a value, or severity, facility and value.")
        }
        let message = call.argument(call.arguments.count == 3 ? 2 : 0)
        if call.arguments.count == 3 { _ = try call.expectNumber(call.argument(0)) }
        let isMany = message.asArray != nil || message.asDictionary != nil
        let text = isMany ? try JSONFunctions.encode(message, call) : message.toText
        try call.work(text.count)
        call.evaluator.logger(text)
        return .null
    }
}
