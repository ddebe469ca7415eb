package import Monitoring

/// Whether results get through to a destination, for those who want to know nothing else.
package struct LinkStanding: Sendable, Hashable {
    /// What is known of the way.
    package enum State: Sendable, Hashable {
        /// It is open, or was when it was last needed.
        case connected
        /// It is not, since then, by this host's clock.
        case broken(since: Timestamp)
        /// Nothing was tried yet.
        case untried
    }

    /// The destination's name.
    package let destination: String
    /// What is known of the way to it.
    package let state: State

    /// What is known of the way to a destination.
    package init(destination: String, state: State) {
        self.destination = destination
        self.state = state
    }
}

extension DeliveryLink {
    /// What is known of the way; one that rests after it worked counts as connected.
    var standing: LinkStanding.State {
        if isConnected { return .connected }
        if let fault { return .broken(since: fault.since) }
        return greeting == nil ? .untried : .connected
    }
}
