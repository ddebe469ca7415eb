/// What the language itself provides: global functions, types and methods.
final class Prototypes {
    /// Global functions and constants, the namespace `System`.
    let system = DictionaryValue.namespace()
    /// How the host program is set up, the namespace `System.Configuration`.
    let configuration = DictionaryValue.namespace()
    /// All types by their names, the namespace `Types`.
    let types = DictionaryValue.namespace()
    /// Constants and functions of monitoring, the namespace `Icinga`.
    let icinga = DictionaryValue.namespace()

    private let object = TypeValue("Object")
    private let string = TypeValue("String")
    private let number = TypeValue("Number")
    private let boolean = TypeValue("Boolean")
    private let array: TypeValue
    private let dictionary: TypeValue
    private let namespace: TypeValue
    private let function: TypeValue
    private let reference: TypeValue
    private let type: TypeValue
    private let configObject: TypeValue
    let dateTime: DateTimeType
    private let dateTimeType: TypeValue

    init(_ surroundings: Surroundings) {
        array = TypeValue("Array", base: object)
        dictionary = TypeValue("Dictionary", base: object)
        namespace = TypeValue("Namespace", base: object)
        function = TypeValue("Function", base: object)
        reference = TypeValue("Reference", base: object)
        type = TypeValue("Type", base: object)
        configObject = TypeValue("ConfigObject", base: object)
        dateTimeType = TypeValue("DateTime", base: object)
        dateTime = DateTimeType(surroundings.calendar)
        for type in [
            object, string, number, boolean, array, dictionary, namespace, function, reference,
            type, configObject, dateTimeType, TypeValue("PerfdataValue", base: object),
        ] {
            types[type.name] = .type(type)
        }
        defineMethods()
        defineNamespaces()
    }

    private func methods(of type: TypeValue) -> NativeTable {
        NativeTable(entries: type.prototype, owner: type.name.text)
    }

    private func defineMethods() {
        ObjectFunctions.define(in: methods(of: object))
        ObjectFunctions.defineChanges(
            configObject: methods(of: configObject),
            type: methods(of: type)
        )
        StringMethods.define(in: methods(of: string))
        ArrayMethods.define(in: methods(of: array))
        DictionaryMethods.define(in: methods(of: dictionary))
        NamespaceMethods.define(in: methods(of: namespace))
        FunctionMethods.define(function: methods(of: function), reference: methods(of: reference))
        dateTime.define(in: methods(of: dateTimeType))
        for type in [number, boolean] {
            methods(of: type).define("to_string") { call throws(ConfigFault) in
                .string(try call.thisText)
            }
        }
    }

    private func defineNamespaces() {
        let functions = NativeTable(entries: system, owner: "System")
        GlobalFunctions.define(in: functions)
        TextFunctions.define(in: functions)
        FileFunctions.define(in: functions)
        PerformanceData.define(in: functions)
        functions.define("typeof", ["value"]) { [unowned self] call throws(ConfigFault) in
            .type(typeValue(of: call.argument(0)))
        }
        let math = DictionaryValue.namespace()
        MathFunctions.define(in: NativeTable(entries: math, owner: "Math"))
        let json = DictionaryValue.namespace()
        JSONFunctions.define(in: NativeTable(entries: json, owner: "Json"))
        system["Configuration"] = .dictionary(configuration)
        system["Math"] = .dictionary(math)
        system["Json"] = .dictionary(json)
        for namespace in [math, json] { namespace.isFrozen = true }
        system["MatchAll"] = 0
        system["MatchAny"] = 1
        system["GlobFile"] = 1
        system["GlobDirectory"] = 2
        for (level, name) in ["Debug", "Notice", "Information", "Warning", "Critical"].enumerated()
        {
            system[ByteString("Log" + name)] = .number(Double(level))
        }
    }

    /// Closes the namespaces: scripts can read them only.
    func freeze() {
        for namespace in [configuration, system, types, icinga] { namespace.isFrozen = true }
    }

    /// Makes a type of the host program's objects known by its name, and those above it.
    func defineType(_ schema: ObjectTypeSchema) {
        var base = configObject
        for name in schema.bases.reversed() + [schema.name] {
            let name = ByteString(name)
            if case .type(let known)? = types[name] {
                base = known
            } else {
                base = TypeValue(name, base: base)
                types[name] = .type(base)
            }
        }
    }

    /// The type of a value.
    func typeValue(of value: Value) -> TypeValue {
        switch value {
        case .null: return object
        case .string: return string
        case .number: return number
        case .boolean: return boolean
        case .array: return array
        case .dictionary(let dictionary):
            return dictionary.isNamespace ? namespace : self.dictionary
        case .function: return function
        case .reference: return reference
        case .type: return type
        case .object:
            guard case .type(let type) = types[value.typeName] else { return object }
            return type
        }
    }

    /// A method that values of this kind have.
    func method(_ name: ByteString, of value: Value) -> Value? {
        value.isNull ? nil : typeValue(of: value).method(name)
    }
}
