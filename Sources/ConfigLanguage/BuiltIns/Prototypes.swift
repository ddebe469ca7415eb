/// What the language itself provides: global functions, types and methods.
struct Prototypes {
    /// Global functions and constants; found before the globals of the configuration.
    let system = DictionaryValue()
    let string = DictionaryValue()
    let array = DictionaryValue()
    let dictionary = DictionaryValue()
    let number = DictionaryValue()
    let function = DictionaryValue()
    let reference = DictionaryValue()
    let object = DictionaryValue()
    private(set) var types: [ByteString: TypeValue] = [:]

    init() {
        for methods in [string, array, dictionary, number, function, reference, object] {
            methods.define("to_string") { call throws(ConfigFault) in .string(call.this.toText) }
        }
        StringMethods.define(in: string)
        ArrayMethods.define(in: array)
        DictionaryMethods.define(in: dictionary)
        FunctionMethods.define(function: function, reference: reference)
        GlobalFunctions.define(in: system)
        TextFunctions.define(in: system)
        FileFunctions.define(in: system)
        MathFunctions.define(in: system)
        JSONFunctions.define(in: system)
        defineTypes()
        defineTypeOf()
    }

    private mutating func defineTypes() {
        let known: [(ByteString, DictionaryValue)] = [
            ("String", string), ("Array", array), ("Dictionary", dictionary), ("Number", number),
            ("Boolean", number), ("Function", function), ("Reference", reference),
            ("Object", object), ("Namespace", dictionary), ("Type", object),
        ]
        for (name, prototype) in known { defineType(name, prototype: prototype) }
        system["MatchAll"] = 0
        system["MatchAny"] = 1
        for (level, name) in ["Debug", "Notice", "Information", "Warning", "Critical"].enumerated()
        {
            system[ByteString("Log" + name)] = .number(Double(level))
        }
    }

    /// Makes a type known by its name.
    mutating func defineType(_ name: ByteString, prototype: DictionaryValue? = nil) {
        let type = TypeValue(name, prototype: prototype ?? object)
        types[name] = type
        system[name] = .type(type)
    }

    private func defineTypeOf() {
        let system = system
        system.define("typeof") { call throws(ConfigFault) in
            system[call.argument(0).typeName] ?? .null
        }
    }

    /// A method that values of this kind have.
    func method(_ name: ByteString, of value: Value) -> Value? {
        switch value {
        case .string: string[name]
        case .array: array[name]
        case .dictionary: dictionary[name]
        case .number, .boolean: number[name]
        case .function: function[name]
        case .reference: reference[name]
        case .object, .type: object[name]
        case .null: nil
        }
    }
}

extension DictionaryValue {
    /// Puts a function of the host program under a name.
    func define(_ name: ByteString, _ native: @escaping FunctionValue.Native) {
        self[name] = .function(FunctionValue(name, native: native))
    }
}

extension Invocation {
    /// The value that a method was called on, or a fault.
    func expectArray(_ value: Value) throws(ConfigFault) -> ArrayValue {
        guard let array = value.asArray else {
            throw fault("An array is needed here, not '\(value.typeName.text)'.")
        }
        return array
    }

    func expectDictionary(_ value: Value) throws(ConfigFault) -> DictionaryValue {
        guard let dictionary = value.asDictionary else {
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
            throw fault("A number is needed here, not '\(value.toText.text.prefix(40))'.")
        }
        return number
    }

    /// A number as an index, clamped so that any double is safe.
    func expectIndex(_ value: Value) throws(ConfigFault) -> Int {
        let number = try expectNumber(value)
        guard !number.isNaN else { throw fault("A number is needed here, not 'nan'.") }
        return Int(max(-1e15, min(1e15, number)))
    }

    func requireArguments(_ count: Int) throws(ConfigFault) {
        guard arguments.count >= count else {
            throw fault("Too few arguments: \(arguments.count) given, \(count) expected.")
        }
    }

    /// The elements as text, within the limits.
    func texts(of elements: [Value]) throws(ConfigFault) -> [ByteString] {
        var texts: [ByteString] = []
        for element in elements {
            texts.append(element.toText)
            try evaluator.charge(bytes: texts.last?.count ?? 0, location)
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
