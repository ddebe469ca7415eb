/// Methods of arrays.
enum ArrayMethods {
    static func define(in methods: DictionaryValue) {
        defineAccess(in: methods)
        defineChanges(in: methods)
        defineFunctional(in: methods)
        methods.define("sort", sort)
        methods.define("join", join)
    }

    private static func defineAccess(in methods: DictionaryValue) {
        methods.define("len") { call throws(ConfigFault) in
            .number(Double(try call.expectArray(call.this).count))
        }
        methods.define("contains") { call throws(ConfigFault) in
            .boolean(
                Value.contains(
                    call.argument(0),
                    in: try call.expectArray(call.this).elements
                )
            )
        }
        methods.define("get") { call throws(ConfigFault) in
            try call.evaluator.member(
                of: call.this,
                .number(call.expectNumber(call.argument(0))),
                at: call.location
            )
        }
        methods.define("shallow_clone") { call throws(ConfigFault) in
            try call.make(try call.expectArray(call.this).elements)
        }
        methods.define("reverse") { call throws(ConfigFault) in
            try call.make(try call.expectArray(call.this).elements.reversed())
        }
        methods.define("unique") { call throws(ConfigFault) in
            let elements = try call.expectArray(call.this).elements
            let sorted = try call.texts(of: elements).enumerated().sorted {
                $0.element == $1.element ? $0.offset < $1.offset : $0.element < $1.element
            }
            var seen: Set<ByteString> = []
            return try call.make(
                sorted.filter { seen.insert($0.element).inserted }.map { elements[$0.offset] }
            )
        }
        methods.define("freeze") { call throws(ConfigFault) in
            try call.expectArray(call.this).isFrozen = true
            return .null
        }
    }

    private static func changeable(_ call: Invocation) throws(ConfigFault) -> ArrayValue {
        let array = try call.expectArray(call.this)
        guard !array.isFrozen else {
            throw call.fault("The array is frozen and must not be modified.")
        }
        return array
    }

    private static func defineChanges(in methods: DictionaryValue) {
        methods.define("add") { call throws(ConfigFault) in
            try call.requireArguments(1)
            let array = try changeable(call)
            let isFull = array.count >= call.evaluator.limits.elements
            try call.evaluator.charge(elements: isFull ? array.count + 1 : 1, call.location)
            array.elements.append(call.argument(0))
            return .null
        }
        methods.define("clear") { call throws(ConfigFault) in
            try changeable(call).elements = []
            return .null
        }
        methods.define("set") { call throws(ConfigFault) in
            try call.evaluator.assign(
                call.argument(1),
                to: call.this,
                call.argument(0),
                at: call.location
            )
            return .null
        }
        methods.define("remove") { call throws(ConfigFault) in
            let array = try changeable(call)
            let index = try call.expectIndex(call.argument(0))
            guard array.elements.indices.contains(index) else {
                throw call.fault("Array index '\(index)' is out of bounds.")
            }
            array.elements.remove(at: index)
            return .null
        }
    }

    private static func defineFunctional(in methods: DictionaryValue) {
        methods.define("map") { call throws(ConfigFault) in
            let function = try call.expectFunction(call.argument(0))
            var result: [Value] = []
            for element in try call.expectArray(call.this).elements {
                result.append(try call.run(function, [element]))
            }
            return try call.make(result)
        }
        methods.define("filter") { call throws(ConfigFault) in
            let function = try call.expectFunction(call.argument(0))
            var result: [Value] = []
            for element in try call.expectArray(call.this).elements
            where try call.run(function, [element]).isTruthy {
                result.append(element)
            }
            return try call.make(result)
        }
        methods.define("reduce") { call throws(ConfigFault) in
            let function = try call.expectFunction(call.argument(0))
            let elements = try call.expectArray(call.this).elements
            guard var result = elements.first else { return .null }
            for element in elements.dropFirst() {
                result = try call.run(function, [result, element])
            }
            return result
        }
        methods.define("any") { call throws(ConfigFault) in
            .boolean(try first(call, where: true))
        }
        methods.define("all") { call throws(ConfigFault) in
            .boolean(!(try first(call, where: false)))
        }
    }

    /// True when the function is true (or false) for some element.
    private static func first(
        _ call: Invocation,
        where wanted: Bool
    ) throws(ConfigFault) -> Bool {
        let function = try call.expectFunction(call.argument(0))
        for element in try call.expectArray(call.this).elements
        where try call.run(function, [element]).isTruthy == wanted {
            return true
        }
        return false
    }

    private static func join(_ call: Invocation) throws(ConfigFault) -> Value {
        let separator = call.argument(0).toText
        var result: [UInt8] = []
        for (index, element) in try call.expectArray(call.this).elements.enumerated() {
            if index > 0 { result += separator.bytes }
            switch element {
            case .null, .string, .number: result += element.toText.bytes
            default:
                throw call.fault(
                    "join() takes strings and numbers, not '\(element.typeName.text)'."
                )
            }
            guard result.count <= call.evaluator.limits.stringBytes else { break }
        }
        return try call.make(ByteString(result))
    }

    /// By `<` of the language, or by a function that says whether the first comes before.
    private static func sort(_ call: Invocation) throws(ConfigFault) -> Value {
        let elements = try call.expectArray(call.this).elements
        let compare = call.arguments.isEmpty ? nil : try call.expectFunction(call.argument(0))
        // merge sort of our own: a comparison that throws or lies must neither trap nor hang
        return try call.make(
            try merge(elements) { left, right throws(ConfigFault) in
                guard let compare else {
                    return try call.evaluator.apply(.less, left, right, at: call.location).isTruthy
                }
                return try call.run(compare, [left, right]).isTruthy
            }
        )
    }

    private static func merge(
        _ elements: [Value],
        _ before: (Value, Value) throws(ConfigFault) -> Bool
    ) throws(ConfigFault) -> [Value] {
        guard elements.count > 1 else { return elements }
        let middle = elements.count / 2
        var left = try merge(Array(elements[..<middle]), before)[...]
        var right = try merge(Array(elements[middle...]), before)[...]
        var result: [Value] = []
        result.reserveCapacity(elements.count)
        while let one = left.first, let other = right.first {
            if try before(other, one) {
                result.append(other)
                right.removeFirst()
            } else {
                result.append(one)
                left.removeFirst()
            }
        }
        return result + left + right
    }
}
