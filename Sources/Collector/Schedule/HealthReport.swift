package import Monitoring

/// What the daemon says of itself when its own health is checked.
package struct HealthReport: Hashable, Sendable {
    /// OK, or what is wrong.
    package var state: ServiceState
    /// One line for people, and details.
    package var text: String
    /// Whether results get through, by destination; nil where no daemon runs that could tell.
    package var links: [String: Link]?

    /// The way to one destination.
    package enum Link: Hashable, Sendable {
        /// The last attempt to reach a master got through.
        case connected
        /// None gets through since then.
        case broken(since: Timestamp)
        /// None was tried yet.
        case untried
    }

    /// A report with its parts.
    package init(state: ServiceState, text: String, links: [String: Link]? = nil) {
        self.state = state
        self.text = text
        self.links = links
    }

    /// What a check of the way to one destination comes to.
    ///
    /// Names nothing but the destination: it may go to another one.
    package func report(onLinkTo zone: String) -> HealthReport {
        guard let links else {
            return HealthReport(
                state: .unknown,
                text: "Whether zone '\(zone)' is connected is known to the running daemon only."
            )
        }
        return switch links[zone] {
        case .connected: HealthReport(state: .ok, text: "Zone '\(zone)' is connected.")
        case .broken(let since):
            HealthReport(
                state: .critical,
                text: """
                    Zone '\(zone)' is not connected since \(LocalTime(since).longDateTime), see \
                    forwarder status
                    """
            )
        case .untried:
            HealthReport(
                state: .unknown, text: "Zone '\(zone)' has not been connected to yet.")
        case nil:
            HealthReport(
                state: .unknown,
                text: """
                    Zone '\(zone)' does not exist: no Master object of forwarder.conf is in it. \
                    Set cluster_zone to a Master's zone.
                    """
            )
        }
    }
}
