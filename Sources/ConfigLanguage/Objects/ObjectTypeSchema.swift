/// What the host program says about one type of object.
public struct ObjectTypeSchema: Sendable {
    /// How objects of the type are named.
    public enum Naming: Sendable, Equatable {
        /// By the declared name alone.
        case plain
        /// By these attributes and the declared name, joined with `!`; empty ones are left out.
        case composed([ByteString])
    }

    /// The type's name, such as `Service`.
    public let name: String
    /// The types between it and `ConfigObject`, the nearest first; they have no objects.
    private(set) var bases: [String] = []
    /// What may be assigned and read, besides `name`, `__name`, `type` and `templates`.
    public let attributes: [ByteString: AttributeSchema]
    /// The names of the attributes that an object must have, sorted.
    let required: [ByteString]
    /// How its objects are named.
    public let naming: Naming
    /// What an `apply` of this type can be applied to; empty: no `apply`.
    public let applyTargets: [ApplyTarget]
    /// Types whose objects must exist before the bodies of this type are evaluated.
    public let evaluatedAfter: [String]
    /// Set for groups: `assign where` puts objects of another type into them.
    public let membership: MembershipRule?
    /// Every template that is imported first when it exists and the object is none itself.
    public let defaultTemplates: [ByteString]
    /// True for a type of no use here: bodies are evaluated loosely and counted, nothing is kept.
    public let isIgnored: Bool
    /// True when any attribute may be assigned and read.
    public let acceptsAnyAttribute: Bool
    /// What a value of the type is as a string; nil: `Object of type '…'`.
    let text: @Sendable (ConfigObject) -> ByteString?
    /// True for what functions return, such as a `DateTime`: it has no name and no templates.
    let isValue: Bool

    /// Describes a type.
    public init(
        _ name: String,
        attributes: [AttributeSchema] = [],
        naming: Naming = .plain,
        applyTargets: [ApplyTarget] = [],
        evaluatedAfter: [String] = [],
        membership: MembershipRule? = nil,
        defaultTemplates: [ByteString] = [],
        isIgnored: Bool = false,
        acceptsAnyAttribute: Bool = false
    ) {
        text = { _ in nil }
        isValue = false
        self.name = name
        self.attributes = Dictionary(attributes.map { ($0.name, $0) }) { _, last in last }
        required = attributes.filter(\.isRequired).map(\.name).sorted()
        self.naming = naming
        self.applyTargets = applyTargets
        self.evaluatedAfter = evaluatedAfter
        self.membership = membership
        self.defaultTemplates = defaultTemplates
        self.isIgnored = isIgnored
        self.acceptsAnyAttribute = acceptsAnyAttribute
    }

    /// A type whose values functions return; none is ever declared.
    init(
        value name: String,
        attributes: [AttributeSchema],
        text: @escaping @Sendable (ConfigObject) -> ByteString? = { _ in nil }
    ) {
        self.name = name
        self.attributes = Dictionary(attributes.map { ($0.name, $0) }) { _, last in last }
        required = attributes.filter(\.isRequired).map(\.name).sorted()
        self.text = text
        isValue = true
        naming = .plain
        applyTargets = []
        evaluatedAfter = []
        membership = nil
        defaultTemplates = []
        isIgnored = false
        acceptsAnyAttribute = false
    }

    /// A type whose objects are parsed, evaluated, counted and otherwise ignored.
    ///
    /// - Parameter attributes: what may be assigned; nil: anything.
    public static func ignored(
        _ name: String,
        attributes: [AttributeSchema]? = nil,
        naming: Naming = .plain,
        applyTargets: [ApplyTarget] = [],
        evaluatedAfter: [String] = [],
        membership: MembershipRule? = nil
    ) -> ObjectTypeSchema {
        ObjectTypeSchema(
            name,
            attributes: attributes ?? [],
            naming: naming,
            applyTargets: applyTargets,
            evaluatedAfter: evaluatedAfter,
            membership: membership,
            isIgnored: true,
            acceptsAnyAttribute: attributes == nil
        )
    }

    /// The same type, derived from these, the nearest first, whose methods its objects have too.
    public func derived(from bases: [String]) -> ObjectTypeSchema {
        var schema = self
        schema.bases = bases
        return schema
    }

    /// The description of an attribute, nil when the type has none such.
    public func attribute(_ name: ByteString) -> AttributeSchema? {
        attributes[name]
    }
}

/// One attribute of a type.
public struct AttributeSchema: Sendable {
    /// Which values may be assigned; null is always allowed and means the default, but for the
    /// fixed kinds.
    public enum Kind: Sendable, Equatable {
        /// A number, or a string or boolean that converts.
        case number
        /// Anything, by its truth.
        case boolean
        /// A string, or a number or boolean that converts.
        case string
        /// A number, or what converts to one; null is 0.
        case fixedNumber
        /// The same, cut to a whole number.
        case fixedInteger
        /// True or false, or what converts to a number, by whether that is 0; null is false.
        case fixedBoolean
        /// Anything, as text; null is the empty string.
        case fixedString
        /// An array.
        case array
        /// A dictionary.
        case dictionary
        /// A function.
        case function
        /// Anything.
        case any
    }

    /// The attribute's name.
    public let name: ByteString
    /// Which values may be assigned.
    public let kind: Kind
    /// What reads while nothing is assigned.
    public let defaultValue: @Sendable (ConfigObject) -> Value
    /// Set for what can be read but not assigned.
    public let computed: (@Sendable (ConfigObject, ObjectRegistry?) -> Value)?
    /// True when an object without it is an error.
    public let isRequired: Bool
    /// True when an empty string reads as the default.
    public let isDefaultWhenEmpty: Bool
    /// True for what is computed and may be assigned all the same, with a warning and no effect.
    public let isAssignmentIgnored: Bool

    /// An attribute that bodies assign; without a default it reads null.
    public init(
        _ name: ByteString,
        _ kind: Kind,
        isRequired: Bool = false,
        isDefaultWhenEmpty: Bool = false,
        default defaultValue: @escaping @Sendable (ConfigObject) -> Value = { _ in .null }
    ) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.isRequired = isRequired
        self.isDefaultWhenEmpty = isDefaultWhenEmpty
        isAssignmentIgnored = false
        computed = nil
    }

    /// An attribute that only reads, such as a service's `host`.
    public init(
        _ name: ByteString,
        isAssignmentIgnored: Bool = false,
        computed: @escaping @Sendable (ConfigObject, ObjectRegistry?) -> Value
    ) {
        self.name = name
        kind = .any
        defaultValue = { _ in .null }
        isRequired = false
        isDefaultWhenEmpty = false
        self.isAssignmentIgnored = isAssignmentIgnored
        self.computed = computed
    }
}

/// One kind of object that a type's `apply` rules can be applied to.
public struct ApplyTarget: Sendable {
    /// Names with values.
    public typealias Bindings = @Sendable (ConfigObject) -> [(ByteString, Value)]

    /// The target's type.
    public let typeName: String
    /// The locals that filters and bodies see, for a target: `host`, or `host` and `service`.
    public let locals: Bindings
    /// The attributes that the new object begins with, for a target: `host_name`.
    public let presets: Bindings

    /// Describes a target.
    public init(
        _ typeName: String,
        locals: @escaping Bindings,
        presets: @escaping Bindings
    ) {
        self.typeName = typeName
        self.locals = locals
        self.presets = presets
    }
}

/// How `assign where` of a group finds its members.
public struct MembershipRule: Sendable {
    /// The members' type.
    public let memberType: String
    /// The members' array attribute that gains the group's name.
    public let memberAttribute: ByteString
    /// The groups' own array attribute with the groups that their members are in as well.
    public let nestedAttribute: ByteString
    /// The locals that the filter sees, for a member.
    public let locals: ApplyTarget.Bindings

    /// Describes the members of a group type.
    public init(
        memberType: String,
        memberAttribute: ByteString = "groups",
        nestedAttribute: ByteString = "groups",
        locals: @escaping ApplyTarget.Bindings
    ) {
        self.memberType = memberType
        self.memberAttribute = memberAttribute
        self.nestedAttribute = nestedAttribute
        self.locals = locals
    }
}
