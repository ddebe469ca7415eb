extension Evaluator {
    /// The value of `left operation right`.
    func apply(
        _ operation: BinaryOperator,
        _ left: Value,
        _ right: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Value {
        switch operation {
        case .equal: return .boolean(Value.equal(left, right))
        case .notEqual: return .boolean(!Value.equal(left, right))
        case .isIn: return .boolean(try contains(right, left, at: place))
        case .isNotIn: return .boolean(!(try contains(right, left, at: place)))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            return .boolean(try ordered(operation, left, right, at: place))
        case .add: return try add(left, right, at: place)
        case .subtract: return try subtract(left, right, at: place)
        default: return try arithmetic(operation, left, right, at: place)
        }
    }

    /// Null and "" count as nothing beside numbers, arrays and dictionaries.
    private func isEmpty(_ value: Value) -> Bool {
        value.isNull || value.asString?.isEmpty == true
    }

    private func mismatch(
        _ operation: String,
        _ left: Value,
        _ right: Value,
        at place: SourceLocation?
    ) -> ConfigFault {
        .script(
            "Operator \(operation) cannot be applied to values of type "
                + "'\(left.typeName.text)' and '\(right.typeName.text)'.",
            at: place
        )
    }

    /// Both as numbers, where null is 0 beside a number.
    private func numbers(_ left: Value, _ right: Value) -> (Double, Double)? {
        switch (left, right) {
        case (.number(let one), .number(let other)): (one, other)
        case (.number(let one), .null): (one, 0)
        case (.null, .number(let other)): (0, other)
        default: nil
        }
    }

    private func add(
        _ left: Value,
        _ right: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Value {
        if let (one, other) = numbers(left, right) { return .number(one + other) }
        switch (left, right) {
        case (.string, .string), (.string, .number), (.number, .string), (.string, .null),
            (.null, .string):
            let one = left.toText
            let other = right.toText
            try charge(bytes: one.count + other.count, place)
            return .string(one + other)
        case (.array(let one), .array(let other)):
            try charge(elements: one.count + other.count, place)
            return .array(ArrayValue(one.elements + other.elements))
        case (.dictionary(let one), .dictionary(let other)):
            try charge(elements: one.count + other.count, place)
            let merged = one.shallowCopy()
            for (key, value) in other.entries { merged[key] = value }
            return .dictionary(merged)
        case (.array(let array), _) where isEmpty(right),
            (_, .array(let array)) where isEmpty(left):
            try charge(elements: array.count, place)
            return .array(ArrayValue(array.elements))
        case (.dictionary(let dictionary), _) where isEmpty(right),
            (_, .dictionary(let dictionary)) where isEmpty(left):
            try charge(elements: dictionary.count, place)
            return .dictionary(dictionary.shallowCopy())
        default: throw mismatch("+", left, right, at: place)
        }
    }

    private func subtract(
        _ left: Value,
        _ right: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Value {
        if let (one, other) = numbers(left, right) { return .number(one - other) }
        switch (left, right) {
        case (.array(let one), .array(let other)):
            let cost = one.count.multipliedReportingOverflow(by: other.count)
            try spend(cost.overflow ? .max : cost.partialValue, at: place)
            var budget = Value.mostComparisons
            var kept: [Value] = []
            for element in one.elements
            where !Value.contains(element, in: other.elements, budget: &budget) {
                kept.append(element)
            }
            return .array(ArrayValue(kept))
        case (.array(let one), _) where isEmpty(right): return .array(ArrayValue(one.elements))
        default: throw mismatch("-", left, right, at: place)
        }
    }

    private func arithmetic(
        _ operation: BinaryOperator,
        _ left: Value,
        _ right: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Value {
        let symbol = operation.symbol
        guard let (one, other) = numbers(left, right) else {
            throw mismatch(symbol, left, right, at: place)
        }
        switch operation {
        case .multiply: return .number(one * other)
        case .divide:
            guard other != 0 else {
                throw .script("Right-hand side argument for operator / is 0.", at: place)
            }
            return .number(one / other)
        default: break
        }
        let first = try integer(.number(one), symbol, at: place)
        let second = try integer(.number(other), symbol, at: place)
        switch operation {
        case .modulo:
            guard second != 0 else {
                throw .script("Right-hand side argument for operator % is 0.", at: place)
            }
            return .number(Double(first % second))
        case .and: return .number(Double(first & second))
        case .or: return .number(Double(first | second))
        case .xor: return .number(Double(first ^ second))
        case .shiftLeft: return .number(Double(first << second))
        default: return .number(Double(first >> second))
        }
    }

    /// A number as an integer; beyond 2^53 it is an error, because doubles skip integers there.
    func integer(
        _ value: Value,
        _ operation: String,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Int64 {
        guard let number = value.toNumber, abs(number) <= 0x1p53 else {
            throw .script(
                "Operator \(operation) needs integers, not '\(value.toText.text.prefix(40))'.",
                at: place
            )
        }
        return Int64(number)
    }

    private func ordered(
        _ operation: BinaryOperator,
        _ left: Value,
        _ right: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Bool {
        let one: Double
        let other: Double
        if let pair = numbers(left, right) {
            (one, other) = pair
        } else if case .string(let first) = left, case .string(let second) = right {
            (one, other) = (Double(first.order(against: second)), 0)
        } else {
            throw mismatch(operation.symbol, left, right, at: place)
        }
        return switch operation {
        case .less: one < other
        case .lessOrEqual: one <= other
        case .greater: one > other
        default: one >= other
        }
    }

    private func contains(
        _ container: Value,
        _ element: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Bool {
        if isEmpty(container) { return false }
        guard case .array(let array) = container else {
            throw .script(
                "The right side of 'in' must be an array, "
                    + "not of type '\(container.typeName.text)'.",
                at: place
            )
        }
        try spend(array.count / 16, at: place)
        return Value.contains(element, in: array.elements)
    }
}

extension BinaryOperator {
    var symbol: String {
        switch self {
        case .or: "|"
        case .xor: "^"
        case .and: "&"
        case .equal: "=="
        case .notEqual: "!="
        case .isIn: "in"
        case .isNotIn: "!in"
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .shiftLeft: "<<"
        case .shiftRight: ">>"
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .modulo: "%"
        }
    }
}
