/// The value of a custom variable, with what is in it.
package indirect enum VariableTree: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// A number as the definitions wrote it into JSON.
    case number(String)
    case text(String)
    case list([VariableTree])
    case table([Entry])

    /// A key of a dictionary and its value.
    package struct Entry: Sendable, Hashable {
        /// The key.
        package var key: String
        /// Its value.
        package var value: VariableTree

        /// An entry with both parts.
        package init(key: String, value: VariableTree) {
            self.key = key
            self.value = value
        }
    }

    /// Custom variables of an object, as an empty dictionary.
    package static let none = VariableTree.table([])

    /// A scalar as text, as Icinga DB flattens it; nil for lists and dictionaries.
    package var scalarText: String? {
        switch self {
        case .null: "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .number(let text), .text(let text): text
        case .list, .table: nil
        }
    }

    /// Values below this one with the last part of their path; empty for scalars.
    var children: [(step: [UInt8], value: VariableTree)] {
        switch self {
        case .null, .boolean, .number, .text: []
        case .list(let elements):
            elements.enumerated().map { (Array("[\($0.offset)]".utf8), $0.element) }
        case .table(let entries): entries.map { (Array($0.key.utf8), $0.value) }
        }
    }

    /// The path of a child: `name`, `name.key` or `name[0]`; nil is where the names are.
    func path(of step: [UInt8], below path: [UInt8]?) -> [UInt8] {
        guard let path else { return step }
        guard case .table = self else { return path + step }
        return path + [UInt8(ascii: ".")] + step
    }

    /// The value as JSON: keys in their order, no blanks.
    ///
    /// - Source: RFC 8259.
    package var json: String {
        var text = ""
        write(into: &text)
        return text
    }

    private func write(into text: inout String) {
        switch self {
        case .null, .boolean, .number: text += scalarText ?? ""
        case .text(let value): Self.write(value, into: &text)
        case .list(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(into: &text)
            }
            text += "]"
        case .table(let entries):
            text += "{"
            for (index, entry) in entries.enumerated() {
                if index > 0 { text += "," }
                Self.write(entry.key, into: &text)
                text += ":"
                entry.value.write(into: &text)
            }
            text += "}"
        }
    }

    private static func write(_ value: String, into text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

/// A scalar custom variable with its whole path, as Icinga DB flattens them.
package struct FlatVariable: Sendable, Hashable {
    /// `name.key[0]`.
    package var path: [UInt8]
    /// Its value as text.
    package var value: [UInt8]
}

extension VariableTree {
    /// Most bytes of all flat paths and values together; nil comes out when there are more.
    ///
    /// 4 MiB: sixteen times the largest JSON; long keys above many values would make gigabytes.
    static let flatByteLimit = 4_194_304

    /// All scalars with their paths; an empty list or dictionary has none.
    func flattened() -> [FlatVariable]? {
        var flat: [FlatVariable] = []
        var room = Self.flatByteLimit
        return flatten(path: nil, into: &flat, room: &room) ? flat : nil
    }

    private func flatten(path: [UInt8]?, into flat: inout [FlatVariable], room: inout Int) -> Bool {
        if let path, let value = scalarText {
            room -= path.count + value.utf8.count
            flat.append(FlatVariable(path: path, value: Array(value.utf8)))
            return room >= 0
        }
        return children.allSatisfy { step, value in
            value.flatten(path: self.path(of: step, below: path), into: &flat, room: &room)
        }
    }
}
