package import Monitoring

/// One node of one destination, by its place in ``UplinkSettings``.
package struct NodeID: Hashable, Sendable {
    /// Index into `UplinkSettings.nodes`.
    package let index: UInt16

    /// The node at this place.
    package init(index: UInt16) { self.index = index }
}

/// What the uplink has to know about one node of a master; all of it counts for this node alone.
package struct NodeSettings: Hashable, Sendable {
    /// How many connections a node may be given.
    ///
    /// 64: each costs a TLS handshake and some 40 KiB; 4 already keep a master busy.
    package static let connectionBounds: ClosedRange<UInt16> = 1...64
    /// How many requests may be in flight on one connection.
    ///
    /// 1,024: what a round trip of 200 ms takes at 5,000 results a second.
    package static let windowBounds: ClosedRange<UInt16> = 1...1024
    /// How long a connection or an answer may take.
    ///
    /// A day: longer than any master is worth waiting for.
    package static let timeoutBounds: ClosedRange<Duration> = .milliseconds(1) ... .seconds(86_400)

    /// The Master object's name: the node's certificate must carry it.
    package var name: String
    /// The name under which the uplink's own arguments hold certificate, key and CA.
    package var identity: String
    /// Numeric addresses, best first; the uplink never resolves names.
    package var addresses: [String]
    /// TCP port of the API.
    package var port: UInt16
    /// Connections it gets at most, within ``connectionBounds``.
    package var connections: UInt16
    /// Requests in flight on one connection at most, within ``windowBounds``.
    package var window: UInt16
    /// Longest wait for a connection including its TLS handshake, within ``timeoutBounds``.
    package var connectTimeout: Duration
    /// Longest wait for the answer at the head of a connection's line, within ``timeoutBounds``.
    package var answerTimeout: Duration

    /// A node with all its settings.
    package init(
        name: String, identity: String, addresses: [String], port: UInt16,
        connections: UInt16 = 4, window: UInt16 = 128,
        connectTimeout: Duration = .seconds(15), answerTimeout: Duration = .seconds(30)
    ) {
        self.name = name
        self.identity = identity
        self.addresses = addresses
        self.port = port
        self.connections = connections
        self.window = window
        self.connectTimeout = connectTimeout
        self.answerTimeout = answerTimeout
    }
}

/// Everything the daemon tells the uplink before work starts.
package struct UplinkSettings: Hashable, Sendable {
    /// All nodes of all destinations; a ``NodeID`` is an index into this.
    package var nodes: [NodeSettings]

    /// Settings with all their parts.
    package init(nodes: [NodeSettings]) { self.nodes = nodes }
}

/// One result on its way to one node: exactly what leaves the host, nothing else.
package struct Submission: Hashable, Sendable {
    /// Told back with the outcome; unique within one uplink's life.
    package var id: UInt64
    /// Where to.
    package var node: NodeID
    /// Which object.
    package var object: ObjectName
    /// 0 to 3 for a service, 0 or 1 for a host.
    package var exitStatus: UInt8
    /// Plugin output.
    package var output: String
    /// Performance data, one `label=value…` a piece.
    package var performanceData: [String]
    /// The stamp that orders it, in the master's clock.
    package var executionStart: Timestamp
    /// The end of the execution, in the master's clock; never before the start.
    package var executionEnd: Timestamp
    /// How long the master may wait for the next one, in whole seconds.
    package var ttlSeconds: UInt32
    /// This node's name.
    package var checkSource: String
    /// The command line that was run, word by word; empty to say nothing of it.
    package var command: [String]

    /// Most words of a command line.
    package static let commandWordLimit = 4096
    /// Most bytes of a command line's words together.
    ///
    /// 16 KiB: with 64 KiB of output far below ``Wire/frameByteLimit``.
    package static let commandByteLimit = 16_384

    /// A submission with all its parts.
    package init(
        id: UInt64, node: NodeID, object: ObjectName, exitStatus: UInt8, output: String,
        performanceData: [String], executionStart: Timestamp, executionEnd: Timestamp,
        ttlSeconds: UInt32, checkSource: String, command: [String] = []
    ) {
        self.id = id
        self.node = node
        self.object = object
        self.exitStatus = exitStatus
        self.output = output
        self.performanceData = performanceData
        self.executionStart = executionStart
        self.executionEnd = executionEnd
        self.ttlSeconds = ttlSeconds
        self.checkSource = checkSource
        self.command = command
    }
}

/// What the daemon asks of the uplink.
package enum DaemonMessage: Hashable, Sendable {
    /// Comes first, once.
    case settings(UplinkSettings)
    /// New addresses of a node; connections to others go on until they end.
    case addresses(node: NodeID, addresses: [String])
    /// Submit one result.
    case submit(Submission)
    /// The fence: reset every connection to the node, open a new one, ask `GET /v1` and report.
    /// Nothing that was sent before it can arrive after its answer, middleboxes aside.
    case probe(id: UInt64, node: NodeID)
    /// Read what the master holds of these objects; at most ``Wire/objectLimit``.
    case readBack(id: UInt64, node: NodeID, objects: [ObjectName])
    /// Read when the master means these objects to be checked next; at most
    /// ``Wire/scheduleLimit``.
    case readSchedule(id: UInt64, node: NodeID, objects: [ObjectName])
}

extension DaemonMessage {
    /// The frame to write.
    package var frame: [UInt8] {
        var out: FrameWriter
        switch self {
        case .settings(let settings):
            out = FrameWriter(type: 1)
            out.write(settings)
        case .addresses(let node, let addresses):
            out = FrameWriter(type: 2)
            out.write(node.index)
            out.write(list: addresses) { $0.write($1) }
        case .submit(let submission):
            out = FrameWriter(type: 3)
            out.write(submission)
        case .probe(let id, let node):
            out = FrameWriter(type: 4)
            out.write(id)
            out.write(node.index)
        case .readBack(let id, let node, let objects):
            out = FrameWriter(type: 5)
            out.writeQuestion(id, node, objects)
        case .readSchedule(let id, let node, let objects):
            out = FrameWriter(type: 6)
            out.writeQuestion(id, node, objects)
        }
        return out.finished()
    }

    /// Reads a frame as ``FrameAccumulator/next()`` gives it.
    package init(frame: ArraySlice<UInt8>) throws(MessageFault) {
        var reader = FrameReader(payload: frame)
        let type = try reader.readByte()
        switch type {
        case 1: self = .settings(try reader.readSettings())
        case 2:
            self = .addresses(
                node: try reader.readNode(), addresses: try reader.readAddresses())
        case 3: self = .submit(try reader.readSubmission())
        case 4:
            self = .probe(id: try reader.readInteger(UInt64.self), node: try reader.readNode())
        case 5:
            let (id, node, objects) = try reader.readQuestion(limit: Wire.objectLimit)
            self = .readBack(id: id, node: node, objects: objects)
        case 6:
            let (id, node, objects) = try reader.readQuestion(limit: Wire.scheduleLimit)
            self = .readSchedule(id: id, node: node, objects: objects)
        default: throw .unknownType(type)
        }
        try reader.finish()
    }
}

extension FrameWriter {
    fileprivate mutating func writeQuestion(
        _ id: UInt64, _ node: NodeID, _ objects: [ObjectName]
    ) {
        write(id)
        write(node.index)
        write(list: objects) { $0.write($1.fullName) }
    }

    fileprivate mutating func write(_ settings: UplinkSettings) {
        write(list: settings.nodes) { out, node in
            out.write(node.name)
            out.write(node.identity)
            out.write(list: node.addresses) { $0.write($1) }
            out.write(node.port)
            out.write(node.connections)
            out.write(node.window)
            out.write(node.connectTimeout)
            out.write(node.answerTimeout)
        }
    }

    fileprivate mutating func write(_ submission: Submission) {
        write(submission.id)
        write(submission.node.index)
        write(submission.object.fullName)
        write(submission.exitStatus)
        write(submission.output)
        write(list: submission.performanceData) { $0.write($1) }
        write(submission.executionStart)
        write(submission.executionEnd)
        write(submission.ttlSeconds)
        write(submission.checkSource)
        write(list: submission.command) { $0.write($1) }
    }
}

extension FrameReader {
    mutating func readNode() throws(MessageFault) -> NodeID {
        NodeID(index: try readInteger(UInt16.self))
    }

    fileprivate mutating func readQuestion(
        limit: Int
    ) throws(MessageFault) -> (UInt64, NodeID, [ObjectName]) {
        let id = try readInteger(UInt64.self)
        let node = try readNode()
        let objects = try readList("objects", limit: limit) {
            (one) throws(MessageFault) in try one.readObject()
        }
        return (id, node, objects)
    }

    fileprivate mutating func readAddresses() throws(MessageFault) -> [String] {
        try readList("addresses", limit: 16) { (one) throws(MessageFault) in
            try one.readString("address", limit: 64)
        }
    }

    fileprivate mutating func readSettings() throws(MessageFault) -> UplinkSettings {
        UplinkSettings(
            nodes: try readList("nodes", limit: Wire.nodeLimit) { (one) throws(MessageFault) in
                try one.readNodeSettings()
            })
    }

    private mutating func readNodeSettings() throws(MessageFault) -> NodeSettings {
        NodeSettings(
            name: try readString("node name", limit: ObjectName.maximumByteCount),
            identity: try readString("identity", limit: ObjectName.maximumByteCount),
            addresses: try readAddresses(),
            port: try Self.bounded("port", 1...UInt16.max, readInteger(UInt16.self)),
            connections: try Self.bounded(
                "connections", NodeSettings.connectionBounds, readInteger(UInt16.self)),
            window: try Self.bounded(
                "window", NodeSettings.windowBounds, readInteger(UInt16.self)),
            connectTimeout: try Self.bounded(
                "connect timeout", NodeSettings.timeoutBounds, readDuration()),
            answerTimeout: try Self.bounded(
                "answer timeout", NodeSettings.timeoutBounds, readDuration()))
    }

    private static func bounded<Value>(
        _ field: String, _ bounds: ClosedRange<Value>, _ value: Value
    ) throws(MessageFault) -> Value {
        guard bounds.contains(value) else { throw .outOfBounds(field: field) }
        return value
    }

    fileprivate mutating func readSubmission() throws(MessageFault) -> Submission {
        let submission = Submission(
            id: try readInteger(UInt64.self),
            node: try readNode(),
            object: try readObject(),
            exitStatus: try readByte(),
            output: try readString("output", limit: CheckResult.outputByteLimit),
            performanceData: try readList("performance data", limit: 16_384) {
                (one) throws(MessageFault) in
                try one.readString("performance data", limit: CheckResult.outputByteLimit)
            },
            executionStart: try readTimestamp(),
            executionEnd: try readTimestamp(),
            ttlSeconds: try readInteger(UInt32.self),
            checkSource: try readString("check source", limit: ObjectName.maximumByteCount),
            command: try readList("command", limit: Submission.commandWordLimit) {
                (one) throws(MessageFault) in
                try one.readString("command", limit: Submission.commandByteLimit)
            })
        guard submission.exitStatus <= (submission.object.isHost ? 1 : 3) else {
            throw .outOfBounds(field: "exit status")
        }
        return submission
    }
}
