@testable import Collector
import ConfigLanguage
import Foundation

/// Compares resolved objects with those of Icinga's `icinga2.debug`.
struct ObjectComparison {
    private(set) var agreement: Agreement
    private let registry: ObjectRegistry
    private var seen: [String: Set<String>] = [:]

    /// The types that a client uses, all of whose objects are compared.
    static let types = [
        "Host", "Service", "CheckCommand", "TimePeriod", "HostGroup", "ServiceGroup", "Dependency",
    ]

    /// Left out: places, what names a native function, and group members, which Icinga adds after
    /// it has written its objects.
    private static let incomparable: Set<String> = [
        "source_location", "execute", "update", "groups",
    ]

    init(_ subject: String, _ definitions: Definitions) {
        agreement = Agreement(subject)
        registry = definitions.session.registry
    }

    /// Takes in one object of Icinga's; one attribute after the other is compared.
    mutating func compare(_ record: IcingaOracle.Record) {
        guard let type = record["type"]?.text, Self.types.contains(type),
            let properties = record["properties"], case .table(let table) = properties
        else { return }
        let name = properties["__name"].text ?? ""
        seen[type, default: []].insert(name)
        guard let object = registry.object(type: type, name: ByteString(name)) else {
            return agreement.note(false, "\(type) '\(name)' does not exist here")
        }
        for (attribute, expected) in table.sorted(by: { $0.key < $1.key })
        where !Self.incomparable.contains(attribute) {
            let isList = attribute == "templates"
            let ours = Self.comparable(object[ByteString(attribute)], isList)
            let theirs = Self.comparable(expected.value, isList)
            agreement.note(
                ours == theirs, "\(type) '\(name)'.\(attribute): \(ours), Icinga: \(theirs)")
        }
    }

    /// Looks for objects that Icinga does not have.
    ///
    /// - Parameter added: full names of those that only this module has.
    mutating func finish(added: Set<String> = []) {
        for type in Self.types {
            for object in registry.objects(ofType: type) {
                let name = object.fullName.text
                guard seen[type]?.contains(name) != true, !added.contains(name) else { continue }
                agreement.note(false, "\(type) '\(name)' does not exist in Icinga")
            }
        }
    }

    /// How many objects Icinga has of a type.
    func count(of type: String) -> Int { seen[type]?.count ?? 0 }

    /// JSON; of a list of templates each once, however often they were imported.
    private static func comparable(_ value: Value, _ isList: Bool) -> String {
        guard isList, let list = value.asArray else { return CanonicalJSON.text(value) }
        var seen: Set<ByteString> = []
        return CanonicalJSON.text(
            .array(ArrayValue(list.elements.filter { seen.insert($0.toText).inserted }))
        )
    }
}
