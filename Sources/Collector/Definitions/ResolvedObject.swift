internal import ConfigLanguage

/// One object of the definitions with what templates, rules and defaults made of it, for people.
package struct ResolvedObject: Sendable, Hashable {
    /// Its type, such as `CheckCommand`.
    package let type: String
    /// Its full name.
    package let name: String
    /// `file:line:column` of its definition.
    package let location: String
    /// Its own name, then what it imported, in order.
    package let templates: [String]
    /// Every attribute that a definition can set, with the value that counts, as JSON text.
    package let attributes: [String: String]
    /// Where the attributes that anything assigned were last assigned: `file:line:column`.
    package let assignedAt: [String: String]
}

extension Definitions {
    /// The types whose objects mean something here, in Icinga's words.
    package static let usedTypes = [
        "Host", "Service", "CheckCommand", "TimePeriod", "HostGroup", "ServiceGroup", "Dependency",
    ]

    /// All objects of a type, sorted by name; those of other nodes too.
    package func resolved(_ type: String) -> [ResolvedObject] {
        session.registry.objects(ofType: type).sorted { $0.fullName < $1.fullName }
            .map(ResolvedObject.init)
    }
}

extension ResolvedObject {
    fileprivate init(_ object: ConfigObject) {
        type = object.typeName
        name = object.fullName.text
        location = object.location.description
        templates = object.templates.elements.map(\.toText.text)
        // what is computed is no part of a definition
        let settable = object.schema.attributes.values.filter { $0.computed == nil }
        attributes = Dictionary(
            settable.map { ($0.name.text, CanonicalJSON.text(object[$0.name])) }
        ) { first, _ in first }
        let nested = object.nestedLocations.map { path, place in
            (path.map(\.text).joined(separator: "."), place.description)
        }
        assignedAt = Dictionary(
            object.attributeLocations.map { ($0.key.text, $0.value.description) } + nested
        ) { first, _ in first }
    }
}
