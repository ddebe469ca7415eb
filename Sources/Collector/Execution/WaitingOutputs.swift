internal import HeapModule
internal import Monitoring

/// Results that are known and come later: what a check that only waits is made of.
struct WaitingOutputs {
    /// One of them.
    struct Waiting {
        /// Whose.
        let id: RunID
        /// When it began to wait.
        let start: Moment
        /// When it comes, on the monotonic clock.
        let deadline: Duration
        /// What it is.
        let output: PluginOutput
    }

    private var waiting = Heap<Entry>()

    /// When the next one comes; nil when none waits.
    var earliest: Duration? { waiting.min?.content.deadline }

    /// Has one wait.
    mutating func insert(_ one: Waiting) { waiting.insert(Entry(content: one)) }

    /// Takes out the next one that has waited long enough; nil when there is none.
    mutating func next(at now: Duration) -> Waiting? {
        guard let earliest, earliest <= now else { return nil }
        return waiting.removeMin().content
    }

    /// Forgets all.
    mutating func removeAll() { waiting = Heap() }

    private struct Entry: Comparable {
        let content: Waiting

        static func < (a: Entry, b: Entry) -> Bool {
            (a.content.deadline, a.content.id) < (b.content.deadline, b.content.id)
        }

        static func == (a: Entry, b: Entry) -> Bool { a.content.id == b.content.id }
    }
}
