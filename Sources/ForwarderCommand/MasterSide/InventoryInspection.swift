import Monitoring

/// Whether an inventory may be rendered for the hosts that the administrator named.
struct InventoryInspection: Sendable {
    let inventory: Inventory
    let host: String
    let otherHosts: [String]
    let topLevelVariables: [String]

    /// The most hosts and services of one inventory; more are refused.
    ///
    /// 50,000: a master with that many objects of one node has other problems.
    static let objectLimit = 50_000
    /// The longest interval: a year, beyond which it is a mistake of units.
    static let intervalLimit = Duration.seconds(31_536_000)
    /// The shortest interval: Icinga itself cannot tell shorter ones apart.
    static let shortestInterval = Duration.milliseconds(1)
    /// The most attempts until a problem is hard.
    static let attemptLimit = 1000
    /// The longest display name in bytes; Icinga's databases cut at 255 characters.
    static let displayNameLimit = 1024
    /// The longest string in a variable, in bytes.
    static let stringLimit = 65_536
    /// The most groups of one object.
    static let groupLimit = 1000

    /// Names in `vars` that decide what the master executes for the own host.
    private static let reservedVariables = [
        "dummy_state", "dummy_text", "forwarder",
        "forwarder_groups",
    ]

    /// Throws the first thing that is wrong.
    func inspect() throws(MasterConfigurationFault) {
        let names = [host] + otherHosts
        for name in names { try inspect(hostName: name, source: "--host or --other-host") }
        if let twice = Self.firstDuplicate(names) { throw .duplicate(twice) }
        for name in topLevelVariables where Self.reservedVariables.contains(name) || name.isEmpty {
            throw .reservedVariable(name)
        }
        guard Inventory.isSameName(inventory.node, host) else {
            throw .wrongNode(node: inventory.node, host: host)
        }
        let count = inventory.hosts.reduce(0) { $0 + 1 + $1.services.count }
        guard count <= Self.objectLimit else { throw .tooManyObjects(count) }
        for entry in inventory.hosts {
            let name = entry.attributes.name
            guard names.contains(where: { Inventory.isSameName($0, name) }) else {
                throw .foreignHost(name)
            }
        }
        let described = inventory.hosts.map(\.attributes.name)
        if let twice = Self.firstDuplicate(described) { throw .duplicate(twice) }
        for name in names where !described.contains(where: { Inventory.isSameName($0, name) }) {
            throw .missingHost(name)
        }
        for entry in inventory.hosts { try inspect(entry) }
    }

    private func inspect(_ entry: Inventory.Host) throws(MasterConfigurationFault) {
        let host = entry.attributes.name
        try inspect(entry.attributes, object: host)
        for service in entry.services {
            let full = "\(host)!\(service.name)"
            guard Self.isName(service.name), full.utf8.count <= ObjectName.maximumByteCount else {
                throw .badName(full, source: "the inventory")
            }
            try inspect(service, object: full)
        }
        if let twice = Self.firstDuplicate(entry.services.map(\.name)) {
            throw .duplicate("\(host)!\(twice)")
        }
    }

    private func inspect(
        hostName: String,
        source: String
    ) throws(MasterConfigurationFault) {
        guard Self.isName(hostName), hostName.utf8.count <= ObjectName.maximumByteCount else {
            throw .badName(hostName, source: source)
        }
    }

    private func inspect(
        _ attributes: Inventory.Attributes,
        object: String
    ) throws(MasterConfigurationFault) {
        for (name, interval) in [
            ("check_interval", attributes.checkInterval),
            ("retry_interval", attributes.retryInterval),
        ] {
            guard interval >= Self.shortestInterval, interval <= Self.intervalLimit else {
                throw .outOfRange(object, attribute: name)
            }
        }
        guard (1...Self.attemptLimit).contains(attributes.maxCheckAttempts) else {
            throw .outOfRange(object, attribute: "max_check_attempts")
        }
        if let display = attributes.displayName {
            guard display.utf8.count <= Self.displayNameLimit, !Self.hasControls(display) else {
                throw .outOfRange(object, attribute: "display_name")
            }
        }
        guard attributes.groups.count <= Self.groupLimit else {
            throw .outOfRange(object, attribute: "groups")
        }
        for group in attributes.groups where !Self.isText(group) {
            throw .outOfRange(object, attribute: "groups")
        }
        for (name, value) in attributes.variables {
            guard Self.isText(name), Self.isSound(value, depth: 1) else {
                throw .outOfRange(object, attribute: "vars.\(name.prefix(80))")
            }
        }
    }
}

// MARK: - Pieces

extension InventoryInspection {
    /// A name that Icinga takes and people can read: no `!`, no controls, no blanks at its ends.
    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, let last = name.utf8.last else { return false }
        let space = UInt8(ascii: " ")
        guard first != space, last != space else { return false }
        return !name.utf8.contains(UInt8(ascii: "!")) && !hasControls(name)
    }

    /// True for controls, line separators, and marks that reorder the text around them.
    private static func hasControls(_ text: String) -> Bool {
        text.unicodeScalars.contains { scalar in
            if scalar.properties.isBidiControl { return true }
            return switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
    }

    /// NUL ends a string in Icinga's databases and in the arguments of its commands.
    private static func isText(_ text: String) -> Bool {
        text.utf8.count <= stringLimit && !text.utf8.contains(0)
    }

    private static func isSound(_ value: VariableValue, depth: Int) -> Bool {
        guard depth <= VariableValue.depthLimit else { return false }
        return switch value {
        case .null, .bool: true
        case .number(let number): number.isFinite
        case .string(let text): isText(text)
        case .array(let elements): elements.allSatisfy { isSound($0, depth: depth + 1) }
        case .dictionary(let members):
            members.allSatisfy { isText($0.key) && isSound($0.value, depth: depth + 1) }
        }
    }

    private static func firstDuplicate(_ names: [String]) -> String? {
        var seen: Set<[UInt8]> = []
        return names.first { !seen.insert(Array($0.utf8)).inserted }
    }
}

extension Inventory {
    /// True when Icinga takes both for one name: byte by byte.
    static func isSameName(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
}

/// Why no configuration is rendered.
enum MasterConfigurationFault: Error, Hashable, CustomStringConvertible {
    case foreignHost(String)
    case missingHost(String)
    case wrongNode(node: String, host: String)
    case duplicate(String)
    case badName(String, source: String)
    case outOfRange(String, attribute: String)
    case reservedVariable(String)
    case tooManyObjects(Int)

    var description: String { "\(what) Nothing was rendered. \(remedy)" }

    private var what: String {
        switch self {
        case .foreignHost(let name):
            "The inventory describes the host \(quoted(name)), which was not named."
        case .missingHost(let name):
            "The inventory does not describe the host \(quoted(name))."
        case .wrongNode(let node, let host):
            "The inventory is of the node \(quoted(node)), not of \(quoted(host))."
        case .duplicate(let name):
            "\(quoted(name)) is there twice."
        case .badName(let name, let source):
            "\(quoted(name)) in \(source) is no name: it is empty, too long, or holds `!`, control "
                + "characters or blanks at its ends."
        case .outOfRange(let object, let attribute):
            "\(attribute) of \(quoted(object)) is not what a master should be given."
        case .reservedVariable(let name):
            "The variable \(quoted(name)) belongs to the rendered configuration itself."
        case .tooManyObjects(let count):
            "The inventory has \(count) hosts and services, more than "
                + "\(InventoryInspection.objectLimit)."
        }
    }

    private var remedy: String {
        switch self {
        case .foreignHost:
            "If the node may speak for it, name it with --other-host; if not, ask its owner."
        case .missingHost: "Correct the name, or make the inventory again on the node."
        case .wrongNode: "Give --host the node's name, or render the right file."
        case .duplicate: "Name each host once, or correct the definitions on the node."
        case .badName, .outOfRange, .tooManyObjects: "Correct the definitions on the node."
        case .reservedVariable: "Leave it out; it stays readable below vars.forwarder."
        }
    }

    /// Foreign names are shown as literals: they cannot move a terminal's cursor.
    private func quoted(_ name: String) -> String { IcingaText.string(String(name.prefix(200))) }
}
