package import Monitoring

/// A host or service as the policy sees it: what a snapshot says, read once.
package struct PolicyObject: Sendable, Hashable {
    /// Whether this host runs checks of an object by itself.
    package enum Origin: Sendable {
        /// On a schedule of its own.
        case scheduled
        /// Others submit its results here.
        case submitted
    }

    /// Which object.
    package let name: ObjectName
    /// Where its results come from.
    package let origin: Origin
    /// Custom variables of the host.
    package let hostTree: VariableTree
    /// Custom variables of the service.
    package let serviceTree: VariableTree
    /// Custom variables of the check command; no filter asks them.
    package let commandTree: VariableTree
    /// Groups of the host.
    package let hostGroupNames: [String]
    /// Groups of the service.
    package let serviceGroupNames: [String]

    let hostName: [UInt8]
    let serviceName: [UInt8]?
    let hostGroups: [[UInt8]]
    let serviceGroups: [[UInt8]]
    let hostVariables: [FlatVariable]
    let serviceVariables: [FlatVariable]

    /// Reads a snapshot.
    ///
    /// - Throws: `.unreadableVariables`; nothing of such an object may leave.
    package init(_ snapshot: ObjectSnapshot, origin: Origin = .scheduled) throws(PolicyFault) {
        guard let name = ObjectName(fullName: snapshot.name) else {
            throw .unreadableVariables(object: snapshot.name, reason: "its name is none")
        }
        self.name = name
        self.origin = origin
        hostGroupNames = snapshot.hostGroups
        serviceGroupNames = name.isHost ? [] : snapshot.serviceGroups
        hostName = Array(name.host.utf8)
        serviceName = name.service.map { Array($0.utf8) }
        hostGroups = snapshot.hostGroups.map { Array($0.utf8) }
        serviceGroups = serviceGroupNames.map { Array($0.utf8) }
        (hostTree, hostVariables) = try Self.read(snapshot.hostVariables, of: snapshot.name)
        let service = name.isHost ? "{}" : snapshot.serviceVariables
        (serviceTree, serviceVariables) = try Self.read(service, of: snapshot.name)
        commandTree = try Self.tree(snapshot.commandVariables, of: snapshot.name)
    }

    private static func read(
        _ text: String,
        of object: String
    ) throws(PolicyFault) -> (VariableTree, [FlatVariable]) {
        let tree = try tree(text, of: object)
        guard let flat = tree.flattened() else {
            let limit = VariableTree.flatByteLimit
            throw .unreadableVariables(
                object: object,
                reason: "with all paths written out they have more than \(limit) bytes"
            )
        }
        return (tree, flat)
    }

    private static func tree(
        _ text: String,
        of object: String
    ) throws(PolicyFault) -> VariableTree {
        do throws(VariableReader.Failure) {
            return try VariableReader.read(text)
        } catch {
            throw .unreadableVariables(object: object, reason: error.reason)
        }
    }
}
