import Monitoring

/// What a master needs to know of a node's objects to take their results: no code, no commands.
///
/// It crosses a border of trust: the node writes it, the master's administrator gives it
/// to `render`. Everything in it is foreign there.
struct Inventory: Sendable, Hashable {
    /// The format of the JSON text; another number is refused.
    static let schemaVersion = 1

    /// The node's own host.
    var node: String
    /// The hosts that the node monitors, itself among them.
    var hosts: [Host]

    /// An inventory; hosts and services are put in the byte order of their names.
    init(node: String, hosts: [Host]) {
        self.node = node
        self.hosts = hosts.sorted { Inventory.precedes($0.attributes.name, $1.attributes.name) }
    }

    /// One host with its services.
    struct Host: Sendable, Hashable {
        /// The host itself.
        var attributes: Attributes
        /// Its services.
        var services: [Attributes]

        /// A host; its services are put in the byte order of their names.
        init(_ attributes: Attributes, services: [Attributes] = []) {
            self.attributes = attributes
            self.services = services.sorted { Inventory.precedes($0.name, $1.name) }
        }
    }

    /// What is told of one host or service; the names are Icinga's.
    struct Attributes: Sendable, Hashable {
        /// The host's name, or the service's without its host's.
        var name: String
        /// What people read; the name when nil; never empty, which Icinga takes for nil.
        var displayName: String?
        /// How often it is checked.
        var checkInterval: Duration
        /// How often while a problem is soft.
        var retryInterval: Duration
        /// How often a problem must be seen to become hard.
        var maxCheckAttempts: Int
        /// Names of its groups.
        var groups: [String]
        /// The custom variables that may leave the node.
        var variables: [String: VariableValue]

        /// Attributes with Icinga's defaults.
        init(
            name: String,
            displayName: String? = nil,
            checkInterval: Duration = .seconds(300),
            retryInterval: Duration = .seconds(60),
            maxCheckAttempts: Int = 3,
            groups: [String] = [],
            variables: [String: VariableValue] = [:]
        ) {
            self.name = name
            self.displayName = displayName?.isEmpty == true ? nil : displayName
            self.checkInterval = checkInterval
            self.retryInterval = retryInterval
            self.maxCheckAttempts = maxCheckAttempts
            self.groups = groups
            self.variables = variables
        }
    }

    /// Byte order, which is also Icinga's.
    static func precedes(_ a: String, _ b: String) -> Bool {
        a.utf8.lexicographicallyPrecedes(b.utf8)
    }
}

/// Why JSON text is no inventory.
enum InventoryFault: Error, Hashable, CustomStringConvertible {
    case tooLarge(bytes: Int)
    case malformed(String)
    case unknownSchema(Int)

    var description: String {
        switch self {
        case .tooLarge(let bytes):
            """
            The inventory has \(bytes) bytes; more than \(Inventory.byteLimit) are refused. \
            Leave out custom variables (icingadb/denylist/variables in the node's policy).
            """
        case .malformed(let reason):
            """
            This is not an inventory: \(reason). Nothing was rendered. \
            Feed the output of `forwarder inventory` unchanged.
            """
        case .unknownSchema(let schema):
            """
            The inventory has format \(schema), this program reads \(Inventory.schemaVersion). \
            Use the version of forwarder that wrote it, or a newer one.
            """
        }
    }
}
