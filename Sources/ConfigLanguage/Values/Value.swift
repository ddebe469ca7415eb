/// Any value of the configuration language.
public enum Value {
    /// No value; what an unknown dictionary key yields.
    case null
    /// `true` or `false`.
    case boolean(Bool)
    /// Every number is a double; durations are seconds.
    case number(Double)
    /// A byte string.
    case string(ByteString)
    /// A list, shared by reference.
    case array(ArrayValue)
    /// Keys with values, shared by reference.
    case dictionary(DictionaryValue)
    /// A function, of the script or of the host program.
    case function(FunctionValue)
    /// A configuration object.
    case object(ConfigObject)
    /// What `&x` yields.
    case reference(ReferenceValue)
    /// A type such as `String` or `Host`.
    case type(TypeValue)

    /// A string value from Swift text.
    public static func text(_ text: some StringProtocol) -> Value {
        .string(ByteString(text))
    }

    /// True when there is no value.
    public var isNull: Bool {
        if case .null = self { return true }
        return false
    }

    /// The bytes, if this is a string.
    public var asString: ByteString? {
        if case .string(let string) = self { return string }
        return nil
    }

    /// The number, if this is a number.
    public var asNumber: Double? {
        if case .number(let number) = self { return number }
        return nil
    }

    /// The truth value, if this is a boolean.
    public var asBoolean: Bool? {
        if case .boolean(let flag) = self { return flag }
        return nil
    }

    /// The list, if this is an array.
    public var asArray: ArrayValue? {
        if case .array(let array) = self { return array }
        return nil
    }

    /// The dictionary, if this is one.
    public var asDictionary: DictionaryValue? {
        if case .dictionary(let dictionary) = self { return dictionary }
        return nil
    }

    /// The function, if this is one.
    public var asFunction: FunctionValue? {
        if case .function(let function) = self { return function }
        return nil
    }

    /// The configuration object, if this is one.
    public var asObject: ConfigObject? {
        if case .object(let object) = self { return object }
        return nil
    }
}

// No nil literal: `found ? value : nil` would silently become null instead of "no such key".
extension Value: ExpressibleByStringLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(ByteString(value)) }
    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// A number.
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// A new array.
    public init(arrayLiteral elements: Value...) { self = .array(ArrayValue(elements)) }
    /// A new dictionary; of equal keys the last wins.
    public init(dictionaryLiteral elements: (ByteString, Value)...) {
        let dictionary = DictionaryValue()
        for (key, value) in elements { dictionary[key] = value }
        self = .dictionary(dictionary)
    }
}
