import Synchronization

/// Tells the alarm board of results that were given up because memory is bounded.
final class LossWatch: Sendable {
    private struct State {
        var count = 0
        var since: ContinuousClock.Instant?
    }

    /// How long the last loss stays an alarm.
    ///
    /// An hour: long enough for a person to see it, and it ends by itself.
    private static let memory = Duration.seconds(3600)

    private let alarms: AlarmBoard
    private let state = Mutex(State())

    init(alarms: AlarmBoard) { self.alarms = alarms }

    /// Looks at how many results were given up since the start; true when they begin to be.
    func look(_ count: Int, at now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            if count > state.count {
                state = State(count: count, since: now)
                let text = """
                    \(Words.counted(count, "result")) had to be given up since the start: nothing \
                    could be stored, and memory is bounded. The newest of each object was kept. \
                    Mend what the other alarms say of the spool.
                    """
                return alarms.raise(.memory, text)
            }
            if let since = state.since, now - since > Self.memory {
                state.since = nil
                alarms.clear(.memory)
            }
            return false
        }
    }
}
