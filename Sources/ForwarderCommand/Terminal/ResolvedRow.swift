import Collector
import Foundation

/// One object of the definitions as `list --json` prints it.
struct ResolvedRow: Encodable {
    var type: String
    var name: String
    /// `file:line:column` of its definition.
    var location: String
    var templates: [String]
    /// What can be set, with the value that counts; functions as a word.
    var attributes: [String: VariableValue]
    /// Where what is set was set last.
    var assignedAt: [String: String]

    enum CodingKeys: String, CodingKey {
        case type, name, location, templates, attributes
        case assignedAt = "assigned_at"
    }

    init(_ object: ResolvedObject) {
        type = object.type
        name = object.name
        location = object.location
        templates = object.templates
        attributes = object.attributes.mapValues(VariableValue.init(json:))
        assignedAt = object.assignedAt
    }
}

extension VariableValue {
    /// The value of a JSON text; what nests too deeply stays a text.
    init(json text: String) {
        // lost on purpose: the text itself is the answer then
        let decoded = try? JSONDecoder().decode(VariableValue.self, from: Data(text.utf8))
        self = decoded ?? .string(text)
    }
}
