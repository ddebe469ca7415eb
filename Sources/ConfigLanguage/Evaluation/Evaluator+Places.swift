extension Evaluator {
    // MARK: - Variables

    /// A variable: local, field of `this`, of what `using` names, built in, or global.
    func read(
        _ name: ByteString,
        _ imports: [Expression],
        in frame: Frame,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Value {
        if let value = frame.locals[name] { return value }
        if let value = ownField(of: frame.this, name) { return value }
        if let imported = try imported(name, imports, in: frame), let value = imported[name] {
            return value
        }
        if let value = prototypes.configuration[name] ?? prototypes.system[name]
            ?? prototypes.types[name] ?? prototypes.icinga[name] ?? globals[name]
        {
            return value
        }
        throw .script("Tried to access undefined script variable '\(name.shown)'.", at: place)
    }

    private func ownField(of this: Value, _ name: ByteString) -> Value? {
        switch this {
        case .dictionary(let dictionary): dictionary[name]
        // of a type that takes any attribute only those that are set hide globals
        case .object(let object) where object.schema.acceptsAnyAttribute:
            object.attributes[name] ?? (name == "name" ? .string(object.name) : nil)
        case .object(let object): object.attribute(name)
        default: nil
        }
    }

    /// The namespace or dictionary of a `using` that has a name, evaluated anew each time.
    private func imported(
        _ name: ByteString,
        _ imports: [Expression],
        in frame: Frame
    ) throws(ConfigFault) -> DictionaryValue? {
        for expression in imports {
            guard let found = try evaluate(expression, in: frame).asDictionary else {
                throw .script("'using' needs a namespace.", at: expression.location)
            }
            if found.contains(name) { return found }
        }
        return nil
    }

    /// The built-in namespace that has a name.
    private func builtIn(_ name: ByteString) -> DictionaryValue? {
        [
            prototypes.configuration, prototypes.system, prototypes.types, prototypes.icinga,
        ].first { $0.contains(name) }
    }

    /// Where a plain name is found, or would be assigned.
    func home(
        of name: ByteString,
        _ imports: [Expression],
        in frame: Frame
    ) throws(ConfigFault) -> Value {
        if frame.locals.contains(name) { return .dictionary(frame.locals) }
        if ownField(of: frame.this, name) != nil { return frame.this }
        // it may be one of its attributes, which are not known
        if let object = frame.this.asObject, object.schema.acceptsAnyAttribute { return frame.this }
        if let found = try imported(name, imports, in: frame) ?? builtIn(name) {
            return .dictionary(found)
        }
        if globals.contains(name) { return .dictionary(globals) }
        switch frame.this {
        case .dictionary, .object: return frame.this
        default: return .dictionary(globals)
        }
    }

    // MARK: - Members

    /// The value of `container.key`.
    func member(
        of container: Value,
        _ key: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Value {
        if case .number(let number) = key, case .array(let array) = container,
            let index = Int(exactly: number), array.elements.indices.contains(index)
        {
            return array.elements[index]
        }
        let name = try text(of: key, at: place)
        switch container {
        case .null: return .null
        case .dictionary(let dictionary):
            return dictionary[name] ?? prototypes.method(name, of: container) ?? .null
        case .array(let array):
            guard let index = name.integer else { break }
            guard array.elements.indices.contains(index) else {
                throw .script(
                    "Array index '\(name.shown)' is out of bounds; "
                        + "the array has \(array.count) elements.",
                    at: place
                )
            }
            return array.elements[index]
        case .object(let object):
            if let value = object.attribute(name) {
                if name == ConfigObject.place { try charge(place: value, place) }
                try charge(madeUp: value, place)
                return value
            }
        case .type(let type):
            switch name {
            case "name": return .string(type.name)
            case "prototype": return .dictionary(type.prototype)
            case "base": return type.base.map { .type($0) } ?? .null
            default: break
            }
        case .function(let function):
            switch name {
            case "name": return .string(function.name.isEmpty ? "<anonymous>" : function.name)
            case "arguments": return .array(ArrayValue(function.parameters.map { .string($0) }))
            case "side_effect_free": return .boolean(function.hasNoEffect)
            case "deprecated": return false
            default: break
            }
        default: break
        }
        if let method = prototypes.method(name, of: container) { return method }
        throw .script(
            "Invalid field access (for value of type '\(container.typeName.text)'): "
                + "'\(name.shown)'.",
            at: place
        )
    }

    /// Accounts for a dictionary that was made up for this read.
    private func charge(place value: Value, _ place: SourceLocation?) throws(ConfigFault) {
        var walk = MemoryWalk()
        walk.add(value)
        try account(walk.bytes, place)
    }

    /// Accounts for an object that was made up for this read, such as a check result.
    private func charge(madeUp value: Value, _ place: SourceLocation?) throws(ConfigFault) {
        guard case .object(let object) = value, object.registry == nil, !object.schema.isValue
        else { return }
        var walk = MemoryWalk()
        walk.add(value)
        try account(walk.bytes, place)
    }

    /// Refuses to change what is frozen or constant.
    func requireChangeable(
        _ dictionary: DictionaryValue,
        _ name: ByteString,
        at place: SourceLocation?
    ) throws(ConfigFault) {
        let isConstant =
            dictionary === globals
            ? constants.contains(name) || givenConstants.contains(name)
            : dictionary.sealsKeys && dictionary.contains(name)
        guard !isConstant, !(dictionary.isNamespace && dictionary.isFrozen) else {
            throw .script("The constant '\(name.shown)' must not be modified.", at: place)
        }
        guard !dictionary.isFrozen else {
            throw .script("The dictionary is frozen and must not be modified.", at: place)
        }
    }

    /// Assigns `container.key`.
    func assign(
        _ value: Value,
        to container: Value,
        _ key: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) {
        let name = try text(of: key, at: place)
        switch container {
        case .dictionary(let dictionary):
            try requireChangeable(dictionary, name, at: place)
            let isFull = dictionary.count >= limits.elements
            try charge(elements: isFull ? limits.elements + 1 : 1, place)
            // keys behind the new one are moved
            try spend(dictionary.set(name, value) / 16, at: place)
        case .array(let array):
            guard let index = name.integer, index >= 0 else {
                throw .script("Array index '\(name.shown)' is out of bounds.", at: place)
            }
            guard !array.isFrozen else {
                throw .script("The array is frozen and must not be modified.", at: place)
            }
            let (missing, isFar) = index.subtractingReportingOverflow(array.count - 1)
            if missing > 0 || isFar {
                try charge(elements: min(index, limits.elements) + 1, place)
                array.elements.append(contentsOf: repeatElement(.null, count: missing))
            }
            array.elements[index] = value
        case .object(let object): try assign(value, to: object, name, at: place)
        default:
            throw .script(
                "A value of type '\(container.typeName.text)' has no fields to assign; "
                    + "'\(name.shown)' cannot be set.",
                at: place
            )
        }
        try noteStore(of: value, into: container, place)
    }

    private func assign(
        _ value: Value,
        to object: ConfigObject,
        _ key: ByteString,
        at place: SourceLocation?
    ) throws(ConfigFault) {
        // a point in time takes any value and stays what it is
        if object.attributes.isFrozen, object.schema.attribute(key) != nil { return }
        guard let description = object.schema.attribute(key) else {
            if key == "name", object.schema.naming != .plain {
                object.name = value.toText
                return
            }
            guard object.schema.acceptsAnyAttribute else {
                throw .refused(
                    "Attribute '\(key.text)' does not exist in type '\(object.typeName)'.",
                    at: place
                )
            }
            let isFull = object.attributes.count >= limits.elements
            try charge(elements: isFull ? limits.elements + 1 : 1, place)
            try spend(object.attributes.set(key, value) / 16, at: place)
            return
        }
        guard description.computed == nil else {
            guard description.isAssignmentIgnored else {
                throw .refused(
                    "Attribute '\(key.text)' of type '\(object.typeName)' is read-only.",
                    at: place
                )
            }
            let location = place ?? object.location
            statements?.warn(
                "Assigning '\(key.text)' to \(object.typeName) '\(object.name.text)' has no "
                    + "effect: it is kept up while the program runs. Remove it.",
                at: location
            )
            return
        }
        guard let converted = description.kind.convert(value) else {
            throw .refused(
                "Attribute '\(key.text)' must be \(description.kind.words), "
                    + "not \(description.kind.misfit(value)).",
                at: place
            )
        }
        object.attributes[key] = converted
        if let place { statements?.assigned([key], to: object, at: place) }
    }

    // MARK: - Places

    /// The container and key that an expression names, making missing dictionaries on the way.
    func place(
        of expression: Expression,
        in frame: Frame
    ) throws(ConfigFault) -> (parent: Value, key: Value) {
        try step(expression.location)
        switch expression.kind {
        case .variable(let name):
            return (try home(of: name, expression.imports, in: frame), .string(name))
        case .index(let base, let key):
            let parent = try container(base, in: frame)
            return (parent, try evaluate(key, in: frame))
        case .unary(.dereference, let operand):
            if case .reference(let reference) = try evaluate(operand, in: frame) {
                return (reference.parent, reference.index)
            }
        case .group(let inner): return try place(of: inner, in: frame)
        default: break
        }
        throw .script("This expression cannot be assigned to.", at: expression.location)
    }

    /// What `&x` yields: the place of a variable or of a field of something that exists.
    func reference(to expression: Expression, in frame: Frame) throws(ConfigFault) -> Value {
        let parent: Value
        let key: Value
        switch expression.kind {
        case .index(let base, let index):
            parent = try evaluate(base, in: frame)
            key = try evaluate(index, in: frame)
        default: (parent, key) = try place(of: expression, in: frame)
        }
        var hasFields = parent.identity != nil
        if case .type = parent { hasFields = true }
        guard hasFields else {
            throw .script(
                "A value of type '\(parent.typeName.text)' has no fields to refer to.",
                at: expression.location
            )
        }
        try charge(.reference, expression.location)
        return .reference(ReferenceValue(parent: parent, index: key))
    }

    /// The value of what is to be assigned into; null becomes a new dictionary in its place.
    private func container(_ base: Expression, in frame: Frame) throws(ConfigFault) -> Value {
        switch base.kind {
        case .index, .variable:
            let (parent, key) = try place(of: base, in: frame)
            if case .dictionary(let dictionary) = parent {
                // a name that nothing has yet
                if let present = dictionary[try text(of: key, at: base.location)], !present.isNull {
                    return present
                }
            }
            let present = try member(of: parent, key, at: base.location)
            guard present.isNull else { return present }
            let made = Value.dictionary(DictionaryValue())
            try assign(made, to: parent, key, at: base.location)
            return made
        default: return try receiver(base, in: frame)
        }
    }
}

extension ByteString {
    /// The whole number that the text is, sign included.
    var integer: Int? {
        guard let last = bytes.last, last.isDigit, bytes.count <= 18 else { return nil }
        let digits = bytes.first.map { "+-".utf8.contains($0) } == true ? bytes[1...] : bytes[0...]
        return digits.allSatisfy(\.isDigit) ? Int(text) : nil
    }
}

extension AttributeSchema.Kind {
    /// The value as the attribute stores it, nil when it does not fit.
    func convert(_ value: Value) -> Value? {
        switch self {
        case .fixedNumber: return value.toNumber.map { .number($0) }
        case .fixedInteger: return value.toNumber.map { .number($0.rounded(.towardZero)) }
        case .fixedBoolean: return value.toNumber.map { .boolean($0 != 0) }
        case .fixedString: return .string(value.toText)
        case _ where value.isNull: return .null
        case .any: return value
        case .number: return value.toNumber.map { .number($0) }
        case .boolean: return .boolean(value.isTruthy)
        case .string:
            switch value {
            case .string: return value
            case .number, .boolean: return .string(value.toText)
            default: return nil
            }
        case .array: return value.asArray == nil ? nil : value
        case .dictionary: return value.asDictionary == nil ? nil : value
        case .function: return value.asFunction == nil ? nil : value
        }
    }

    /// What does not fit, in words: a text that is no number is told itself.
    func misfit(_ value: Value) -> String {
        let numbers: [Self] = [.number, .fixedNumber, .fixedInteger, .fixedBoolean]
        if numbers.contains(self), let text = value.asString {
            return "'\(text.text.prefix(40))'"
        }
        return "of type '\(value.typeName.text)'"
    }

    /// What fits, in words.
    var words: String {
        switch self {
        case .number, .fixedNumber, .fixedInteger: "a number"
        case .boolean, .fixedBoolean: "true or false"
        case .string, .fixedString: "a string"
        case .array: "an array"
        case .dictionary: "a dictionary"
        case .function: "a function"
        case .any: "any value"
        }
    }
}
