extension Evaluator {
    // MARK: - Variables

    /// A variable: local, field of `this`, imported, built in, or global.
    func read(
        _ name: ByteString,
        in frame: Frame,
        at place: SourceLocation?
    ) throws(ConfigFault) -> Value {
        if let value = frame.locals[name] { return value }
        if let value = ownField(of: frame.this, name) { return value }
        for namespace in frame.imports {
            if let value = namespace[name] { return value }
        }
        if let value = prototypes.system[name] ?? globals[name] { return value }
        throw .script("Tried to access undefined script variable '\(name.text)'.", at: place)
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

    /// Where a plain name would be assigned.
    private func home(of name: ByteString, in frame: Frame) -> Value {
        if frame.locals.contains(name) { return .dictionary(frame.locals) }
        if ownField(of: frame.this, name) != nil { return frame.this }
        for namespace in frame.imports where namespace.contains(name) {
            return .dictionary(namespace)
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
        switch container {
        case .null: return .null
        case .dictionary(let dictionary):
            let name = key.toText
            if let value = dictionary[name] ?? prototypes.dictionary[name] { return value }
            guard !dictionary.isNamespace else {
                throw .script("The name '\(name.text)' does not exist here.", at: place)
            }
            return .null
        case .array(let array):
            if let index = key.asNumber ?? Value.number(fromText: key.toText) {
                guard index >= 0, index < Double(array.count) else {
                    throw .script(
                        "Array index '\(key.toText.text)' is out of bounds; "
                            + "the array has \(array.count) elements.",
                        at: place
                    )
                }
                return array.elements[Int(index)]
            }
        case .object(let object):
            if let value = object.attribute(key.toText) { return value }
        case .type(let type):
            let name = key.toText
            if name == "name" { return .string(type.name) }
            if name == "prototype" { return .dictionary(type.prototype) }
        default: break
        }
        let name = key.toText
        if let method = prototypes.method(name, of: container) { return method }
        throw .script(
            "Invalid field access (for value of type '\(container.typeName.text)'): "
                + "'\(name.text)'.",
            at: place
        )
    }

    /// Assigns `container.key`.
    func assign(
        _ value: Value,
        to container: Value,
        _ key: Value,
        at place: SourceLocation?
    ) throws(ConfigFault) {
        switch container {
        case .dictionary(let dictionary):
            let name = key.toText
            if dictionary === globals, constants.contains(name) {
                throw .script("The constant '\(name.text)' must not be modified.", at: place)
            }
            guard !dictionary.isFrozen else {
                throw .script("The dictionary is frozen and must not be modified.", at: place)
            }
            try charge(elements: dictionary.count + 1 > limits.elements ? limits.elements + 1 : 1)
            dictionary[name] = value
        case .array(let array):
            guard let index = key.toNumber, index >= 0, index <= Double(limits.elements) else {
                throw .script("Array index '\(key.toText.text)' is out of bounds.", at: place)
            }
            guard !array.isFrozen else {
                throw .script("The array is frozen and must not be modified.", at: place)
            }
            let missing = Int(index) + 1 - array.count
            if missing > 0 {
                try charge(elements: Int(index) + 1, place)
                array.elements.append(contentsOf: repeatElement(.null, count: missing))
            }
            array.elements[Int(index)] = value
        case .object(let object): try assign(value, to: object, key.toText, at: place)
        default:
            throw .script(
                "A value of type '\(container.typeName.text)' has no fields to assign; "
                    + "'\(key.toText.text)' cannot be set.",
                at: place
            )
        }
    }

    private func assign(
        _ value: Value,
        to object: ConfigObject,
        _ key: ByteString,
        at place: SourceLocation?
    ) throws(ConfigFault) {
        guard let description = object.schema.attribute(key) else {
            if key == "name", object.schema.naming != .plain {
                object.name = value.toText
                return
            }
            guard object.schema.acceptsAnyAttribute else {
                throw .script(
                    "Attribute '\(key.text)' does not exist in type '\(object.typeName)'.",
                    at: place
                )
            }
            object.attributes[key] = value
            return
        }
        guard description.computed == nil else {
            guard description.isAssignmentIgnored else {
                throw .script(
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
            throw .script(
                "Attribute '\(key.text)' must be \(description.kind.words), "
                    + "not \(description.kind.misfit(value)).",
                at: place
            )
        }
        object.attributes[key] = converted
        if let place { statements?.assigned(key, to: object, at: place) }
    }

    // MARK: - Places

    /// The container and key that an expression names, making missing dictionaries on the way.
    func place(
        of expression: Expression,
        in frame: Frame
    ) throws(ConfigFault) -> (parent: Value, key: Value) {
        try step(expression.location)
        switch expression.kind {
        case .variable(let name): return (home(of: name, in: frame), .string(name))
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

    /// The value of what is to be assigned into; null becomes a new dictionary in its place.
    private func container(_ base: Expression, in frame: Frame) throws(ConfigFault) -> Value {
        switch base.kind {
        case .index:
            let (parent, key) = try place(of: base, in: frame)
            let present = try member(of: parent, key, at: base.location)
            guard present.isNull else { return present }
            let made = Value.dictionary(DictionaryValue())
            try assign(made, to: parent, key, at: base.location)
            return made
        case .variable(let name):
            let home = home(of: name, in: frame)
            if case .dictionary(let dictionary) = home, dictionary[name]?.isNull != false,
                prototypes.system[name] == nil
            {
                let made = Value.dictionary(DictionaryValue())
                try assign(made, to: home, .string(name), at: base.location)
                return made
            }
            return try read(name, in: frame, at: base.location)
        default: return try evaluate(base, in: frame)
        }
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
