extension PrivateMaster {
    /// A zone and where its nodes listen.
    struct Zone: Sendable {
        var name: String
        var nodes: [(name: String, port: LoopbackPort)]

        /// The zone's objects, the same on every node.
        var configuration: String {
            let endpoints = nodes.map { node in
                """
                object Endpoint "\(node.name)" { host = "127.0.0.1", port = \(node.port.number) }
                """
            }
            let names = nodes.map { "\"\($0.name)\"" }.joined(separator: ", ")
            let zone = "object Zone \"\(name)\" { endpoints = [ \(names) ] }"
            return (endpoints + [zone]).joined(separator: "\n")
        }
    }
}

/// Two real Icinga 2 masters in one zone, connected to each other on loopback.
///
/// Each is started, stopped, killed and paused by itself; see ``PrivateMaster``.
package final class MasterPair: Sendable {
    /// The node that a forwarder prefers.
    package let first: PrivateMaster
    /// The other one.
    package let second: PrivateMaster

    /// Prepares two nodes, `master1` and `master2`, that are not started yet.
    package init(logLevel: String = "information") throws {
        let authority = try CertificateAuthority()
        let zone = PrivateMaster.Zone(
            name: PrivateMaster.name,
            nodes: [("master1", try LoopbackPort()), ("master2", try LoopbackPort())]
        )
        let nodes = try zone.nodes.indices.map { place in
            try PrivateMaster(
                configuration: "", authority: authority, identity: nil, logLevel: logLevel,
                zone: zone, place: place)
        }
        (first, second) = (nodes[0], nodes[1])
    }

    /// Starts both and returns when they are connected to each other.
    package func start() throws {
        try first.start()
        try second.start()
        try waitUntilConnected()
    }

    /// Returns when both nodes see each other.
    package func waitUntilConnected() throws {
        try eventually("the nodes of the zone are connected", patience: .seconds(60)) {
            try Self.sees(first, second) && Self.sees(second, first)
        }
    }

    private static func sees(_ one: PrivateMaster, _ other: PrivateMaster) throws -> Bool {
        let answer = try one.get("/v1/objects/endpoints/\(other.nodeName)?attrs=connected")
        return answer.json["results"][0]["attrs"]["connected"].bool == true
    }
}
