extension Invocation {
    /// The value that a method was called on, or a fault.
    func expectArray(_ value: Value) throws(ConfigFault) -> ArrayValue {
        guard let array = value.asArray else {
            throw fault("An array is needed here, not '\(value.typeName.text)'.")
        }
        return array
    }

    /// An array; nil for null, which counts as none.
    func expectArrayOrNothing(_ value: Value) throws(ConfigFault) -> ArrayValue? {
        value.isNull ? nil : try expectArray(value)
    }

    func expectDictionary(_ value: Value) throws(ConfigFault) -> DictionaryValue {
        guard let dictionary = value.asDictionary, !dictionary.isNamespace else {
            throw fault("A dictionary is needed here, not '\(value.typeName.text)'.")
        }
        return dictionary
    }

    func expectFunction(_ value: Value) throws(ConfigFault) -> FunctionValue {
        guard let function = value.asFunction else {
            throw fault("A function is needed here, not '\(value.typeName.text)'.")
        }
        return function
    }

    func expectNumber(_ value: Value) throws(ConfigFault) -> Double {
        guard let number = value.toNumber else {
            throw fault("A number is needed here, not '\(try text(of: value).shown.prefix(40))'.")
        }
        return number
    }

    /// A truth value as functions such as that of `filter` return it: a boolean or a number.
    func expectTruth(_ value: Value) throws(ConfigFault) -> Bool {
        try expectNumber(value) != 0
    }

    /// A number as an index, clamped so that any double is safe.
    func expectIndex(_ value: Value) throws(ConfigFault) -> Int {
        let number = try expectNumber(value)
        guard !number.isNaN else { throw fault("A number is needed here, not 'nan'.") }
        return Int(max(-Self.mostIndex, min(Self.mostIndex, number)))
    }

    /// Far beyond every text and array, and exact as an integer.
    private static let mostIndex = 1e15

    /// A number as a place in a text or a length, as a processor of Icinga's makes one of it: what
    /// 64 bits do not hold is 0, and `nan` lies behind every text.
    func expectSize(_ value: Value) throws(ConfigFault) -> Int {
        let number = try expectNumber(value)
        guard !number.isNaN else { return Int(Self.mostIndex) }
        guard number < 0x1p64 else { return 0 }
        return try expectIndex(value)
    }

    /// Counts the steps of work on this many bytes or elements, one after the other.
    func work(_ count: Int) throws(ConfigFault) {
        try evaluator.spend(count / 16, at: location)
    }

    /// A value as text; writing out an array or dictionary counts as making a string.
    func text(of value: Value) throws(ConfigFault) -> ByteString {
        try evaluator.text(of: value, at: location)
    }

    /// Refuses text that is getting longer than a string may be.
    func requireText(of count: Int) throws(ConfigFault) {
        guard count <= evaluator.limits.stringBytes else {
            try evaluator.charge(bytes: count, location)
            return
        }
    }

    /// An argument as text; writing out an array or dictionary counts as making a string.
    public func text(_ index: Int) throws(ConfigFault) -> ByteString {
        try evaluator.text(of: argument(index), at: location)
    }

    /// What a method was called on, as text.
    var thisText: ByteString {
        get throws(ConfigFault) { try evaluator.text(of: this, at: location) }
    }

    /// The elements as text, within the limits.
    func texts(of elements: [Value]) throws(ConfigFault) -> [ByteString] {
        var texts: [ByteString] = []
        for element in elements {
            let text = try text(of: element)
            try evaluator.charge(bytes: text.count, location)
            texts.append(text)
        }
        return texts
    }

    /// A new string, within the limits.
    func make(_ string: ByteString) throws(ConfigFault) -> Value {
        try evaluator.charge(bytes: string.count, location)
        return .string(string)
    }

    /// A new array, within the limits.
    func make(_ elements: [Value]) throws(ConfigFault) -> Value {
        try evaluator.charge(elements: elements.count, location)
        return .array(ArrayValue(elements))
    }

    /// Calls a function that was given as argument.
    func run(_ function: FunctionValue, _ arguments: [Value]) throws(ConfigFault) -> Value {
        try evaluator.call(function, this: .null, arguments: arguments, location: location)
    }
}
