/// One object of a configuration after its body was evaluated.
public final class ConfigObject {
    /// What its type allows.
    public let schema: ObjectTypeSchema
    /// The name it was declared with, or assigned as `name`: `disk` for the service `web1!disk`.
    public internal(set) var name: ByteString
    /// The name that identifies it within its type: `web1!disk`, or the name itself.
    public internal(set) var fullName: ByteString
    /// What the body (and templates and presets) assigned; defaults are not in here.
    public let attributes: DictionaryValue
    /// Its own name, then every template it imported, in order.
    public internal(set) var templates: ArrayValue
    /// Where it is declared.
    public let location: SourceLocation
    /// True for a template.
    public let isAbstract: Bool
    /// Where each attribute was last assigned, for validation that comes later.
    public internal(set) var attributeLocations: [ByteString: SourceLocation] = [:]
    /// The same for what was assigned within attributes: `vars`, `disk` for `vars.disk = …`.
    public internal(set) var nestedLocations: [[ByteString]: SourceLocation] = [:]
    /// True for one that is left out where something is wrong with it.
    var ignoresErrors = false
    /// True once groups and rules were applied to it.
    var isSettled = false
    weak var registry: ObjectRegistry?

    /// Makes an object; sessions do this, and tests of host programs.
    public init(
        schema: ObjectTypeSchema,
        name: ByteString,
        fullName: ByteString? = nil,
        attributes: DictionaryValue = DictionaryValue(),
        location: SourceLocation,
        isAbstract: Bool = false
    ) {
        self.schema = schema
        self.name = name
        self.fullName = fullName ?? name
        self.attributes = attributes
        self.location = location
        self.isAbstract = isAbstract
        templates = ArrayValue([.string(name)])
    }

    /// The type's name, such as `Host`.
    public var typeName: String { schema.name }

    /// The value of an attribute: assigned, computed or default; nil when the type has none such.
    public func attribute(_ key: ByteString) -> Value? {
        switch key {
        case _ where schema.isValue: break
        case "name": return .string(name)
        case "__name": return .string(fullName)
        case "type": return .text(schema.name)
        case "templates": return .array(templates)
        case Self.place where attributes[key] == nil: return place
        default: break
        }
        guard let description = schema.attribute(key) else {
            return schema.acceptsAnyAttribute ? attributes[key] ?? .null : nil
        }
        if let compute = description.computed { return compute(self, registry) }
        guard let value = attributes[key],
            !description.isDefaultWhenEmpty || value.asString?.isEmpty != true
        else { return defaultValue(of: description) }
        return value
    }

    /// The attribute that tells where an object is declared.
    static let place: ByteString = "source_location"

    private var place: Value {
        [
            "path": .text(location.file), "first_line": .number(Double(location.line)),
            "first_column": .number(Double(location.column)),
        ]
    }

    /// A default that scripts can change, such as `groups`, is the object's own from then on.
    private func defaultValue(of description: AttributeSchema) -> Value {
        let value = description.defaultValue(self)
        if value.asArray != nil, attributes[description.name] == nil {
            attributes[description.name] = value
        }
        return value
    }

    /// The value of an attribute as it reads for the host program; null when unknown.
    public subscript(key: ByteString) -> Value { attribute(key) ?? .null }

    /// Where the attribute was assigned, or where the object is declared.
    ///
    /// - Parameter path: what lies within the attribute; the place of the innermost part of it that
    ///   was assigned by itself.
    public func location(of key: ByteString, _ path: [ByteString] = []) -> SourceLocation {
        for count in stride(from: path.count, to: 0, by: -1) {
            if let place = nestedLocations[[key] + path.prefix(count)] { return place }
        }
        return attributeLocations[key] ?? location
    }
}

/// All objects of a session by type and full name.
public final class ObjectRegistry {
    private var byType: [String: [ByteString: ConfigObject]] = [:]
    private var order: [String: [ConfigObject]] = [:]
    /// What the host program keeps for computed attributes, which get the registry.
    public var attachment: AnyObject?

    /// Makes an empty registry.
    public init() {}

    /// The object of this type and full name.
    public func object(type: String, name: ByteString) -> ConfigObject? {
        byType[type]?[name]
    }

    /// Every object of a type, in the order of their definition.
    public func objects(ofType type: String) -> [ConfigObject] {
        order[type] ?? []
    }

    /// The types that have objects, sorted.
    public var typeNames: [String] { order.keys.sorted() }

    /// Adds an object; returns the one that already has its type and name, if any.
    public func add(_ object: ConfigObject) -> ConfigObject? {
        if let present = byType[object.typeName]?[object.fullName] { return present }
        byType[object.typeName, default: [:]][object.fullName] = object
        order[object.typeName, default: []].append(object)
        object.registry = self
        return nil
    }

    /// Takes out objects of one type; nothing finds them any more.
    func remove(_ objects: [ConfigObject], ofType type: String) {
        let gone = Set(objects.map { ObjectIdentifier($0) })
        order[type]?.removeAll { gone.contains(ObjectIdentifier($0)) }
        for object in objects { byType[type]?[object.fullName] = nil }
    }
}
