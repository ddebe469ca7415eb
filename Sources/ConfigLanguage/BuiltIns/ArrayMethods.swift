/// Methods of arrays.
enum ArrayMethods {
    static func define(in methods: NativeTable) {
        defineAccess(in: methods)
        defineChanges(in: methods)
        defineFunctional(in: methods)
        methods.define("sort", ["less_cmp"], required: 0, .none, sort)
        methods.define("join", ["separator"], required: nil, .none, join)
    }

    private static func defineAccess(in methods: NativeTable) {
        methods.define("len") { call throws(ConfigFault) in
            .number(Double(try call.expectArray(call.this).count))
        }
        methods.define("contains", ["value"]) { call throws(ConfigFault) in
            let elements = try call.expectArray(call.this).elements
            return .boolean(try call.evaluator.contains(call.argument(0), in: elements))
        }
        methods.define("get", ["index"], .effect) { call throws(ConfigFault) in
            let array = try call.expectArray(call.this)
            let index = try call.expectIndex(call.argument(0))
            guard array.elements.indices.contains(index) else {
                throw call.fault("Array index '\(index)' is out of bounds.")
            }
            return array.elements[index]
        }
        methods.define("shallow_clone") { call throws(ConfigFault) in
            try call.make(try call.expectArray(call.this).elements)
        }
        methods.define("reverse") { call throws(ConfigFault) in
            try call.make(try call.expectArray(call.this).elements.reversed())
        }
        methods.define("unique") { call throws(ConfigFault) in
            try call.make(try call.sortedOnce(try call.expectArray(call.this).elements))
        }
        methods.define("freeze", [], .effect) { call throws(ConfigFault) in
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

    private static func defineChanges(in methods: NativeTable) {
        methods.define("add", ["value"], .effect) { call throws(ConfigFault) in
            let array = try changeable(call)
            let isFull = array.count >= call.evaluator.limits.elements
            try call.evaluator.charge(elements: isFull ? array.count + 1 : 1, call.location)
            array.elements.append(call.argument(0))
            try call.evaluator.noteStore(of: call.argument(0), into: .array(array), call.location)
            return .null
        }
        methods.define("clear", [], .effect) { call throws(ConfigFault) in
            try changeable(call).elements = []
            return .null
        }
        methods.define("set", ["index", "value"], .effect) { call throws(ConfigFault) in
            let array = try changeable(call)
            let index = try index(call, in: array)
            array.elements[index] = call.argument(1)
            try call.evaluator.noteStore(of: call.argument(1), into: .array(array), call.location)
            return .null
        }
        methods.define("remove", ["index"], .effect) { call throws(ConfigFault) in
            let array = try changeable(call)
            let index = try index(call, in: array)
            try call.work(array.count)
            array.elements.remove(at: index)
            return .null
        }
    }

    /// The first argument as the place of an element that exists.
    private static func index(
        _ call: Invocation,
        in array: ArrayValue
    ) throws(ConfigFault) -> Int {
        let index = try call.expectIndex(call.argument(0))
        guard array.elements.indices.contains(index) else {
            throw call.fault("Array index '\(index)' is out of bounds.")
        }
        return index
    }

    private static func defineFunctional(in methods: NativeTable) {
        methods.define("map", ["func"]) { call throws(ConfigFault) in
            let function = try call.expectFunction(call.argument(0))
            var result: [Value] = []
            for element in try call.expectArray(call.this).elements {
                result.append(try call.run(function, [element]))
            }
            return try call.make(result)
        }
        methods.define("filter", ["func"]) { call throws(ConfigFault) in
            let function = try call.expectFunction(call.argument(0))
            var result: [Value] = []
            for element in try call.expectArray(call.this).elements
            where try call.expectTruth(try call.run(function, [element])) {
                result.append(element)
            }
            return try call.make(result)
        }
        methods.define("reduce", ["reduce"]) { call throws(ConfigFault) in
            let function = try call.expectFunction(call.argument(0))
            let elements = try call.expectArray(call.this).elements
            guard var result = elements.first else { return .null }
            for element in elements.dropFirst() {
                result = try call.run(function, [result, element])
            }
            return result
        }
        methods.define("any", ["func"]) { call throws(ConfigFault) in
            .boolean(try first(call, where: true))
        }
        methods.define("all", ["func"]) { call throws(ConfigFault) in
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
        where try call.expectTruth(try call.run(function, [element])) == wanted {
            return true
        }
        return false
    }

    /// Elements and separators added up by `+`, beginning with null.
    private static func join(_ call: Invocation) throws(ConfigFault) -> Value {
        let elements = try call.expectArray(call.this).elements
        try call.evaluator.spend(elements.count, at: call.location)
        let separator = call.argument(0)
        var result = Value.null
        // text is gathered in place: adding it up would copy it for each element
        var text: [UInt8]?
        for (index, element) in elements.enumerated() {
            for part in index > 0 ? [separator, element] : [element] {
                if text != nil, part.isAddedAsText {
                    text?.append(contentsOf: part.toText.bytes)
                    try call.requireText(of: text?.count ?? 0)
                    continue
                }
                if let gathered = text { result = .string(ByteString(gathered)) }
                result = try call.evaluator.apply(.add, result, part, at: call.location)
                text = result.asString?.bytes
            }
        }
        guard let text else { return result }
        return try call.make(ByteString(text))
    }

    /// By `<` of the language, or by a function that says whether the first comes before.
    private static func sort(_ call: Invocation) throws(ConfigFault) -> Value {
        let elements = try call.expectArray(call.this).elements
        guard !call.arguments.isEmpty else { return try call.make(try call.sorted(elements)) }
        let compare = try call.expectFunction(call.argument(0))
        return try call.make(
            try call.sorted(elements) { left, right throws(ConfigFault) in
                try call.expectTruth(try call.run(compare, [left, right]))
            }
        )
    }
}

extension Value {
    /// True when `text + value` is text.
    fileprivate var isAddedAsText: Bool {
        switch self {
        case .string, .number, .null: true
        default: false
        }
    }
}

extension Invocation {
    /// The elements in the order of `<`, or of a function that says whether the first comes before.
    ///
    /// A merge sort of our own: a comparison that throws or lies must neither trap nor hang. It is
    /// stable, which Icinga's sort of more than 16 elements is not.
    func sorted(
        _ elements: [Value],
        _ isBefore: ((Value, Value) throws(ConfigFault) -> Bool)? = nil
    ) throws(ConfigFault) -> [Value] {
        guard elements.count > 1 else { return elements }
        let middle = elements.count / 2
        var left = try sorted(Array(elements[..<middle]), isBefore)[...]
        var right = try sorted(Array(elements[middle...]), isBefore)[...]
        var result: [Value] = []
        result.reserveCapacity(elements.count)
        while let one = left.first, let other = right.first {
            let comesFirst: Bool
            if let isBefore {
                comesFirst = try isBefore(other, one)
            } else {
                comesFirst = try isLess(other, one)
            }
            if comesFirst {
                result.append(other)
                right.removeFirst()
            } else {
                result.append(one)
                left.removeFirst()
            }
        }
        return result + left + right
    }

    /// The elements in the order of `<`, of equal ones the first.
    func sortedOnce(_ elements: [Value]) throws(ConfigFault) -> [Value] {
        var kept: [Value] = []
        for element in try sorted(elements) {
            if let last = kept.last, !(try isLess(last, element)) { continue }
            kept.append(element)
        }
        return kept
    }

    /// `<` of the language.
    func isLess(_ left: Value, _ right: Value) throws(ConfigFault) -> Bool {
        try evaluator.step(location)
        return try evaluator.apply(.less, left, right, at: location).isTruthy
    }
}
