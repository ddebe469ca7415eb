import Collector

/// The value of a custom variable: what JSON and Icinga both can say, and no functions.
enum VariableValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([VariableValue])
    case dictionary([String: VariableValue])

    /// How deep arrays and dictionaries may nest in an inventory.
    ///
    /// 16: people nest to three or four, and Icinga's own JSON reader stops at 24.
    static let depthLimit = 16
    /// How deep they may nest at all; reading deeper JSON fails.
    ///
    /// As deep as a definition's variables, and the keys of an inventory that lie above them:
    /// `hosts`, index, `services`, index, `vars`, name.
    private static let readingLimit = Definitions.deepestVariables + 6

    /// True when arrays and dictionaries nest no deeper than this.
    func isNested(within limit: Int) -> Bool {
        guard limit > 0 else { return false }
        return switch self {
        case .array(let elements): elements.allSatisfy { $0.isNested(within: limit - 1) }
        case .dictionary(let members): members.values.allSatisfy { $0.isNested(within: limit - 1) }
        default: true
        }
    }
}

extension VariableValue: Codable {
    init(from decoder: any Decoder) throws {
        guard decoder.codingPath.count < Self.readingLimit else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "nested deeper than \(Self.readingLimit)"
                )
            )
        }
        let container = try decoder.singleValueContainer()
        // lost on purpose: each try? of a scalar asks whether the value has that type
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if (try? decoder.unkeyedContainer()) != nil {
            self = .array(try container.decode([VariableValue].self))
        } else {
            self = .dictionary(try container.decode([String: VariableValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .dictionary(let value): try container.encode(value)
        }
    }
}
