extension Evaluator {
    /// The value of `left operation right`.
    func apply(
        _ operation: BinaryOperator,
        _ left: Value,
        _ right: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Value {
        switch operation {
        case .equal: return .boolean(try equal(left, right, at: place))
        case .notEqual: return .boolean(!(try equal(left, right, at: place)))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            return .boolean(try ordered(operation, left, right, depth: 0, at: place))
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

    /// `==`, counting what it looks at.
    private func equal(
        _ left: Value,
        _ right: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Bool {
        var budget = Value.mostComparisons
        let areEqual = Value.equal(left, right, depth: 0, budget: &budget)
        try spend((Value.mostComparisons - budget) / 4, at: place)
        return areEqual
    }

    /// True when some element equals the value, counting what it looks at.
    func contains(_ element: Value, in elements: [Value]) throws(ConfigFault) -> Bool {
        var budget = Value.mostComparisons
        let isThere = Value.contains(element, in: elements, budget: &budget)
        try spend((Value.mostComparisons - budget) / 4, at: nil)
        return isThere
    }

    private func add(
        _ left: Value,
        _ right: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Value {
        if let (one, other) = numbers(left, right) { return .number(one + other) }
        if let time = DateTimeType.seconds(of: left), let span = right.asNumber {
            try charge(.object, place)
            return prototypes.dateTime.make(time + span, at: place)
        }
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
        case (.dictionary(let one), .dictionary(let other))
        where !one.isNamespace && !other.isNamespace:
            try charge(elements: one.count + other.count, place)
            let (moves, isTooMuch) = one.count.multipliedReportingOverflow(by: other.count)
            try spend(isTooMuch ? .max : moves / 1024, at: place)
            let merged = one.shallowCopy()
            for (key, value) in other.entries { merged[key] = value }
            return .dictionary(merged)
        case (.array(let array), _) where isEmpty(right),
            (_, .array(let array)) where isEmpty(left):
            try charge(elements: array.count, place)
            return .array(ArrayValue(array.elements))
        case (.dictionary(let dictionary), _) where isEmpty(right) && !dictionary.isNamespace,
            (_, .dictionary(let dictionary)) where isEmpty(left) && !dictionary.isNamespace:
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
        if let time = DateTimeType.seconds(of: left) {
            if let span = right.asNumber {
                try charge(.object, place)
                return prototypes.dateTime.make(time - span, at: place)
            }
            if let other = DateTimeType.seconds(of: right) { return .number(time - other) }
        }
        switch (left, right) {
        case (.array(let one), .array(let other)):
            try charge(elements: one.count, place)
            var kept: [Value] = []
            for element in one.elements where !(try contains(element, in: other.elements)) {
                kept.append(element)
            }
            return .array(ArrayValue(kept))
        case (.array(let one), .null):
            try charge(elements: one.count, place)
            return .array(ArrayValue(one.elements))
        case (_, .array) where isEmpty(left): return .array(ArrayValue())
        default: throw mismatch("-", left, right, at: place)
        }
    }

    /// Both as numbers, where null and "" are 0 beside a number.
    private func amounts(_ left: Value, _ right: Value) -> (Double, Double)? {
        switch (left, right) {
        case (.number(let one), .number(let other)): (one, other)
        case (.number(let one), _) where isEmpty(right): (one, 0)
        case (_, .number(let other)) where isEmpty(left): (0, other)
        default: nil
        }
    }

    private func arithmetic(
        _ operation: BinaryOperator,
        _ left: Value,
        _ right: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Value {
        let symbol = operation.symbol
        if operation == .modulo { return try remainder(left, right, at: place) }
        guard let (one, other) = amounts(left, right) else {
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
        let first = Int32(wrapping: one)
        let second = Int32(wrapping: other)
        return switch operation {
        case .and: .number(Double(first & second))
        case .or: .number(Double(first | second))
        case .xor: .number(Double(first ^ second))
        // the processor takes the lowest 5 bits of the distance
        case .shiftLeft: .number(Double(first &<< second))
        default: .number(Double(first &>> second))
        }
    }

    private func remainder(
        _ left: Value,
        _ right: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Value {
        guard right.asNumber != nil || left.asNumber != nil && isEmpty(right),
            let one = left.toNumber, let other = right.toNumber
        else { throw mismatch("%", left, right, at: place) }
        let divisor = Int32(wrapping: other)
        guard divisor != 0 else {
            throw .script("Right-hand side argument for operator % is 0.", at: place)
        }
        let dividend = Int32(wrapping: one)
        return .number(
            Double(dividend.remainderReportingOverflow(dividingBy: divisor).partialValue))
    }

    private func ordered(
        _ operation: BinaryOperator,
        _ left: Value,
        _ right: Value,
        depth: Int,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Bool {
        if let (one, other) = amounts(left, right) { return operation.holds(one, other) }
        if case .string(let first) = left, case .string(let second) = right {
            try spend(min(first.count, second.count) / 1024, at: place)
            return operation.holds(Double(first.order(against: second)), 0)
        }
        if let first = DateTimeType.seconds(of: left), let second = DateTimeType.seconds(of: right)
        {
            return operation.holds(first, second)
        }
        guard case .array(let one) = left, case .array(let other) = right,
            operation == .less || operation == .greater, depth < Value.deepestNesting
        else { throw mismatch(operation.symbol, left, right, at: place) }
        // the shorter one goes on with nothing
        for index in 0..<max(one.count, other.count) {
            let first = index < one.count ? one.elements[index] : .null
            let second = index < other.count ? other.elements[index] : .null
            try step(place)
            if try ordered(operation, first, second, depth: depth + 1, at: place) { return true }
            if try ordered(operation, second, first, depth: depth + 1, at: place) { return false }
        }
        return false
    }

    /// `element in container`; in nothing is nothing, and the element is not asked for then.
    func isIn(
        _ element: Expression,
        _ container: Expression,
        in frame: Frame,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Bool {
        let container = try evaluate(container, in: frame)
        if isEmpty(container) { return false }
        guard case .array(let array) = container else {
            throw .script(
                "The right side of 'in' must be an array, "
                    + "not of type '\(container.typeName.text)'.",
                at: place
            )
        }
        return try contains(try evaluate(element, in: frame), in: array.elements)
    }
}

extension BinaryOperator {
    /// The verdict of a comparison.
    func holds(_ one: Double, _ other: Double) -> Bool {
        switch self {
        case .less: one < other
        case .lessOrEqual: one <= other
        case .greater: one > other
        default: one >= other
        }
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
