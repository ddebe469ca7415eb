package import Monitoring
package import Spool
package import UplinkMessages

/// A point in both of this host's clocks, read together once an event.
package struct Moment: TimeSource, Hashable {
    package var wall: Timestamp
    package var monotonic: Duration

    /// Both clocks as they stand now.
    package init(_ time: some TimeSource) {
        (wall, monotonic) = time.together
    }

    /// Two clocks that stand like this.
    package init(wall: Timestamp, monotonic: Duration) {
        self.wall = wall
        self.monotonic = monotonic
    }

    /// The monotonic time of a moment of the wall clock not long ago; what another process
    /// reports is kept within the last hour.
    func monotonic(of past: Timestamp) -> Duration {
        monotonic - min(max(wall - past, .zero), .seconds(3600))
    }
}

/// One master (a zone with its nodes) as delivery sees it.
package struct DeliverySettings: Sendable, Hashable {
    /// The destination's name: its zone.
    package var name: String
    /// Distinguishes submissions of different destinations; at most 65,535.
    package var number: UInt16
    /// Its nodes, preferred first; never empty.
    package var nodes: [Node]
    /// The forwarder's own health: `HOST!forwarder`.
    package var healthObject: ObjectName
    /// This node's name, sent as `check_source`.
    package var checkSource: String
    /// How much later a result may be read back at another node of the same zone: the time within
    /// which nodes relay to each other.
    ///
    /// 30 seconds: nodes that lost each other connect again every 10 seconds.
    package var relayDelay = Duration.seconds(30)
    /// How long what a node may hold that stands still is not sent to another node: its host takes
    /// connections, and nothing answers.
    ///
    /// 2 minutes: within them most processes go on or are ended. What is sent elsewhere while it
    /// stands still can take effect twice; what waits is late, one result of each object that was
    /// out and all that follow it.
    package var stallPatience = Duration.seconds(120)
    /// How long another node is used at least before the preferred one is tried again.
    package var minimumStay = Duration.seconds(60)
    /// How often rechecks that somebody asked for on the master are looked for; zero for never.
    ///
    /// 8 seconds: the master ends a connection that is idle for 10. Each look is a line of some 160
    /// bytes in its log.
    package var watchInterval = Duration.seconds(8)
    /// What it gets of the results that wait for it.
    package var replay = ReplaySettings()

    /// A node of the destination.
    package struct Node: Sendable, Hashable {
        /// Its place in the uplink's settings.
        package var id: NodeID
        /// The Master object's name.
        package var name: String
        /// Submissions in flight at most, over all its connections.
        package var window: Int
        /// How long after a loss its bytes may still arrive there.
        package var grace: Duration

        /// A node with its parts.
        ///
        /// The grace period's default of 5 s is more than a stalled loopback or local network
        /// holds bytes; sites behind middleboxes that hold them longer raise it.
        package init(
            id: NodeID, name: String, window: Int = 512, grace: Duration = .seconds(5)
        ) {
            self.id = id
            self.name = name
            self.window = window
            self.grace = grace
        }
    }

    /// How long a loss at the node of this name is left alone; of a node that is gone, the longest.
    func grace(of node: String) -> Duration {
        let known = nodes.first { $0.name == node }?.grace
        return known ?? nodes.map(\.grace).max() ?? .zero
    }

    /// Settings with all their parts.
    package init(
        name: String, number: UInt16, nodes: [Node], healthObject: ObjectName,
        checkSource: String
    ) {
        precondition(!nodes.isEmpty, "a destination has at least one node")
        self.name = name
        self.number = number
        self.nodes = nodes
        self.healthObject = healthObject
        self.checkSource = checkSource
    }

    /// How long a delivered result is kept until a read proves that the master will remember it.
    ///
    /// 10 minutes: a crashed master forgets what came after its last state dump, every 300 s; twice
    /// that leaves room for a dump that was late.
    package static let keepDelivered = Duration.seconds(600)
    /// How long this destination keeps them.
    package var keepDelivered = Self.keepDelivered
    /// Most results leased by one transaction; its commit is shared by all of them.
    package static let leaseBatch = 128
    /// Most bytes of text that are out at once, give or take one result.
    ///
    /// 1 MiB: as JSON, each byte escaped as six, it fits into what the uplink lets wait for a node
    /// (8 MiB), and many windows of ordinary results fit into it.
    package static let flightByteLimit = 1 << 20
    /// Most read-backs asked at once.
    package static let questionLimit = 8
    /// How often kept results are compared while a connection lasts.
    ///
    /// A tenth of the time for which they are kept: a minute.
    package var verificationInterval: Duration { keepDelivered / 10 }
}

/// What a destination gets of the results that wait for it.
package struct ReplaySettings: Sendable, Hashable {
    /// What is delivered however old it is.
    package var mode = ReplayMode.all
    /// Of results that were executed longer ago than this only what the present standing needs is
    /// delivered; nil when age does not matter.
    package var maximumAge: Duration?

    /// Settings with their parts; everything is delivered unless told.
    package init(mode: ReplayMode = .all, maximumAge: Duration? = nil) {
        self.mode = mode
        self.maximumAge = maximumAge
    }

    /// The rule as it is at this time of this host's clock.
    func rule(at wall: Timestamp) -> ReplayRule {
        ReplayRule(mode, oldest: maximumAge.map { wall - $0 })
    }
}
