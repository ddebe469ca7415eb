extension Evaluator {
    /// The value of an expression, or the effect of a statement.
    func evaluate(_ expression: Expression, in frame: Frame) throws(ConfigFault) -> Value {
        let place = expression.location
        try step(place)
        switch expression.kind {
        case .null: return .null
        case .boolean(let flag): return .boolean(flag)
        case .number(let number): return .number(number)
        case .string(let string): return .string(string)
        case .this:
            frame.this.markSeen()
            return frame.this
        case .locals:
            try charge(.scope, place)
            frame.locals.isUnseen = false
            return .dictionary(frame.locals)
        case .globals: return .dictionary(globals)
        case .currentFilename: return .text(place.file)
        case .currentLine: return .number(Double(place.line))
        case .variable(let name):
            return try read(name, expression.imports, in: frame, at: place)
        case .group(let inner): return try evaluate(inner, in: frame)
        case .index(let base, let key): return try index(base, key, in: frame)
        case .call(let callee, let arguments):
            return try call(callee, arguments, at: place, in: frame)
        case .unary(let operation, let operand):
            return try unary(operation, operand, at: place, in: frame)
        case .binary(let operation, let element, let container)
        where operation == .isIn || operation == .isNotIn:
            let isIn = try isIn(element, container, in: frame, at: place)
            return .boolean(isIn == (operation == .isIn))
        case .binary(let operation, let left, let right):
            let first = try evaluate(left, in: frame)
            let second = try evaluate(right, in: frame)
            return try apply(operation, first, second, at: place)
        case .and(let left, let right):
            let first = try evaluate(left, in: frame)
            return first.isTruthy ? try evaluate(right, in: frame) : first
        case .or(let left, let right):
            let first = try evaluate(left, in: frame)
            return first.isTruthy ? first : try evaluate(right, in: frame)
        case .conditional(let condition, let yes, let no):
            let holds = try evaluate(condition, in: frame).isTruthy
            return try evaluate(holds ? yes : no, in: frame)
        case .ifChain(let branches, let otherwise):
            return try ifChain(branches, otherwise, in: frame)
        case .array(let elements): return try array(elements, at: place, in: frame)
        case .dictionary(let body): return try dictionary(body, at: place, in: frame)
        case .function(let literal): return try makeFunction(.empty, literal, in: frame)
        default: return try perform(expression, in: frame)
        }
    }

    private func index(
        _ base: Expression,
        _ key: Expression,
        in frame: Frame
    ) throws(ConfigFault) -> Value {
        let container = try receiver(base, in: frame)
        if case .string(let name) = key.kind {
            return try member(of: container, .string(name), at: key.location)
        }
        let key = try evaluate(key, in: frame)
        return try member(of: container, key, at: base.location)
    }

    /// What is left of a dot; `this.x` does not yield `this` itself.
    func receiver(_ base: Expression, in frame: Frame) throws(ConfigFault) -> Value {
        if case .this = base.kind { return frame.this }
        return try evaluate(base, in: frame)
    }

    private func call(
        _ callee: Expression,
        _ arguments: [Expression],
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) -> Value {
        // of a name, where it is found; of any other function, the global namespace
        var this = Value.dictionary(globals)
        let target: Value
        if case .index(let base, let key) = callee.kind {
            this = try receiver(base, in: frame)
            target = try member(
                of: this,
                try evaluate(key, in: frame),
                at: key.location
            )
        } else {
            if case .variable(let name) = callee.kind {
                this = try home(of: name, callee.imports, in: frame)
            }
            target = try evaluate(callee, in: frame)
        }
        var values: [Value] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments { values.append(try evaluate(argument, in: frame)) }
        switch target {
        case .function(let function):
            return try call(function, this: this, arguments: values, location: place)
        case .type(let type):
            return try construct(
                type,
                Invocation(this: this, arguments: values, location: place, evaluator: self)
            )
        default:
            throw .script("Argument is not a callable object.", at: place)
        }
    }

    /// `String(5)` and the like.
    private func construct(
        _ type: TypeValue,
        _ call: Invocation
    ) throws(ConfigFault) -> Value {
        let given = call.arguments.count
        if given == 1, isOne(call.argument(0), of: type) { return call.argument(0) }
        let most =
            switch type.name {
            case "String", "Number", "Boolean": 1
            case "Array", "Dictionary", "Namespace": 0
            case "DateTime": 6
            default: throw call.fault("The type '\(type.name.text)' cannot be instantiated.")
            }
        guard given <= most else {
            throw call.fault("\(type.name.text)() takes \(most) arguments, not \(given).")
        }
        switch type.name {
        case "String": return .string(try call.text(0))
        case "Number": return .number(try call.expectNumber(call.argument(0)))
        // Icinga's answer without an argument is the number, too
        case "Boolean": return given == 0 ? 0 : .boolean(call.argument(0).isTruthy)
        case "Array": return .array(ArrayValue())
        case "Dictionary": return .dictionary(DictionaryValue())
        case "Namespace": return .dictionary(.namespace())
        default: return try prototypes.dateTime.construct(call, now: surroundings.now)
        }
    }

    /// True for what is of the type or of one below it: it stays itself where one is made of it.
    private func isOne(_ value: Value, of type: TypeValue) -> Bool {
        switch value {
        case .string, .number, .boolean: return false
        default: break
        }
        var next: TypeValue? = prototypes.typeValue(of: value)
        while let one = next {
            if one === type { return true }
            next = one.base
        }
        return false
    }

    private func unary(
        _ operation: UnaryOperator,
        _ operand: Expression,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) -> Value {
        if operation == .reference {
            return try reference(to: operand, in: frame)
        }
        let value = try evaluate(operand, in: frame)
        switch operation {
        case .plus: return value
        case .not: return .boolean(!value.isTruthy)
        case .negate: return try apply(.subtract, .number(0), value, at: place)
        case .complement:
            guard let number = value.toNumber else {
                throw .script(
                    "Operator ~ needs a number, not '\(value.typeName.text)'.",
                    at: place
                )
            }
            return .number(Double(~Int64(wrapping: number)))
        case .dereference, .reference:
            guard case .reference(let reference) = value else {
                throw .script("Only a reference can be dereferenced with '*'.", at: place)
            }
            return try member(of: reference.parent, reference.index, at: place)
        }
    }

    private func ifChain(
        _ branches: [Branch],
        _ otherwise: Block?,
        in frame: Frame
    ) throws(ConfigFault) -> Value {
        for branch in branches where try evaluate(branch.condition, in: frame).isTruthy {
            return try evaluate(branch.body, in: frame)
        }
        guard let otherwise else { return .null }
        return try evaluate(otherwise, in: frame)
    }

    private func array(
        _ elements: [Expression],
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) -> Value {
        try charge(elements: elements.count, place)
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for element in elements { values.append(try evaluate(element, in: frame)) }
        return .array(ArrayValue(values))
    }

    /// A dictionary's body runs with the new dictionary as `this`.
    private func dictionary(
        _ body: Block,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) -> Value {
        try charge(elements: body.statements.count, place)
        let outer = frame.this
        let made = DictionaryValue()
        made.isUnseen = true
        frame.this = .dictionary(made)
        defer {
            frame.this = outer
            made.isUnseen = false
        }
        _ = try evaluate(body, in: frame)
        return .dictionary(made)
    }
}
