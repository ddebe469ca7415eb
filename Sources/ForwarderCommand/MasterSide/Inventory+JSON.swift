import Foundation
import Monitoring

extension Inventory {
    /// The longest JSON text that is read, in bytes; a longer one is refused unread.
    ///
    /// 16 MiB: some 20,000 services with ten variables each.
    static let byteLimit = 16 << 20

    /// Reads what ``json()`` wrote, from whoever sent it.
    init(json: Data) throws(InventoryFault) {
        guard json.count <= Self.byteLimit else { throw .tooLarge(bytes: json.count) }
        let document: Document
        do {
            let schema = try JSONDecoder().decode(Schema.self, from: json).schema
            guard schema == Self.schemaVersion else {
                throw InventoryFault.unknownSchema(schema)
            }
            document = try JSONDecoder().decode(Document.self, from: json)
        } catch let fault as InventoryFault {
            throw fault
        } catch {
            throw .malformed(Self.reason(error))
        }
        self.init(node: document.node, hosts: document.hosts.map(\.host))
        let objects = hosts.flatMap { [$0.attributes] + $0.services }
        for object in objects {
            for (name, value) in object.variables
            where !value.isNested(within: VariableValue.depthLimit) {
                throw .malformed(
                    "the variable \(name) is nested deeper than \(VariableValue.depthLimit)")
            }
        }
    }

    /// The inventory as JSON text: the same bytes for the same inventory.
    func json() throws(InventoryFault) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let document = Document(
            schema: Self.schemaVersion,
            node: node,
            hosts: hosts.map(HostDocument.init)
        )
        do {
            return try encoder.encode(document) + Data("\n".utf8)
        } catch {
            throw .malformed(Self.reason(error))
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            "\(path(context.codingPath + [key])) is missing"
        case DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context):
            "\(path(context.codingPath)) has another type than expected"
        case DecodingError.dataCorrupted(let context):
            "\(path(context.codingPath)): \(context.debugDescription)"
        case EncodingError.invalidValue(_, let context):
            "\(path(context.codingPath)): \(context.debugDescription)"
        default:
            "\(error)"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        let names = keys.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }
        return keys.isEmpty ? "the text" : String(names.joined().drop { $0 == "." }.prefix(200))
    }
}

// MARK: - The JSON text, key by key

private struct Schema: Codable {
    var schema: Int
}

private struct Document: Codable {
    var schema: Int
    var node: String
    var hosts: [HostDocument]
}

private struct HostDocument: Codable {
    var attributes: AttributesDocument
    var services: [AttributesDocument]

    init(_ host: Inventory.Host) {
        attributes = AttributesDocument(host.attributes)
        services = host.services.map(AttributesDocument.init)
    }

    private enum CodingKeys: CodingKey { case services }

    init(from decoder: any Decoder) throws {
        attributes = try AttributesDocument(from: decoder)
        services = try decoder.container(keyedBy: CodingKeys.self)
            .decode([AttributesDocument].self, forKey: .services)
    }

    func encode(to encoder: any Encoder) throws {
        try attributes.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(services, forKey: .services)
    }

    var host: Inventory.Host {
        Inventory.Host(attributes.attributes, services: services.map(\.attributes))
    }
}

/// One object with Icinga's names for its attributes; intervals are seconds, as in Icinga's API.
private struct AttributesDocument: Codable {
    var name: String
    var display_name: String?
    var check_interval: Double
    var retry_interval: Double
    var max_check_attempts: Int
    var groups: [String]?
    var vars: [String: VariableValue]?

    init(_ attributes: Inventory.Attributes) {
        name = attributes.name
        display_name = attributes.displayName
        check_interval = Self.seconds(attributes.checkInterval)
        retry_interval = Self.seconds(attributes.retryInterval)
        max_check_attempts = attributes.maxCheckAttempts
        groups = attributes.groups.isEmpty ? nil : attributes.groups
        vars = attributes.variables.isEmpty ? nil : attributes.variables
    }

    var attributes: Inventory.Attributes {
        Inventory.Attributes(
            name: name,
            displayName: display_name,
            checkInterval: Self.span(check_interval),
            retryInterval: Self.span(retry_interval),
            maxCheckAttempts: max_check_attempts,
            groups: groups ?? [],
            variables: vars ?? [:]
        )
    }

    /// Not by way of floating-point seconds, so that 2.897 s is written as 2.897.
    private static func seconds(_ span: Duration) -> Double {
        Double(span.wholeMicroseconds) / 1_000_000
    }

    /// Whole microseconds; what no interval can be becomes zero, which `render` refuses.
    private static func span(_ seconds: Double) -> Duration {
        guard seconds > 0, seconds < 1e12 else { return .zero }
        return .microseconds(Int64((seconds * 1_000_000).rounded()))
    }
}
