import Monitoring

/// Clocks that are set while life is quiet.
extension SimulatedWorld {
    /// The clock of every master is set, at once.
    mutating func setMasterClocks(_ step: Duration) {
        for node in zone.skews.indices { zone.skews[node] += step }
    }

    /// The host is paused for so long, as a virtual machine is: its monotonic clock stands, its
    /// wall clock is set right afterwards.
    mutating func pauseHost(_ span: Duration) {
        // The others' time goes on.
        setMasterClocks(span)
        wallStep += span
    }

    /// Something happens to this host, its connections and its results; masters live.
    mutating func quietStep() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: try await accept()
        case 30..<80: try await deliver()
        case 80..<85: try await breakConnection(to: anyNode())
        case 85..<87: try await crashClient()
        default: try await pass(.milliseconds(Int.random(in: 1...4000, using: &random)))
        }
    }

    /// Some seconds in which nothing goes wrong.
    mutating func live(_ seconds: Int) async throws {
        for second in 0..<seconds {
            if second % 12 == 0 { try await accept() }
            for _ in 0..<4 { try await deliver() }
            try await pass(.seconds(1))
        }
    }

    /// The connection to the first node breaks.
    mutating func breakConnection() async throws { try await breakConnection(to: 0) }
}
