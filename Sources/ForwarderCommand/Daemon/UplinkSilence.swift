/// Decides when an uplink that says nothing hangs.
///
/// Every question has an answer within the timeouts of the masters: the uplink itself tells of a
/// master that is silent. One that tells nothing for longer is stopped, stuck, or means harm.
struct UplinkSilence: Sendable, Hashable {
    /// How much longer than the masters' timeouts it may take.
    ///
    /// 30 s: a busy machine, or one that swaps.
    static let margin = Duration.seconds(30)

    private let patience: Duration
    /// Since when it owes something; nil while it owes nothing.
    private var since: Duration?

    /// One that was just started and owes word that it is ready.
    init(masters: [MasterNode], startedAt now: Duration) {
        let longest = masters.map { $0.connectTimeout + $0.answerTimeout }.max() ?? .zero
        patience = longest + Self.margin
        since = now
    }

    /// It was asked something.
    mutating func asked(at now: Duration) { if since == nil { since = now } }

    /// It said something, and owes so many answers more.
    mutating func heard(owed: Int, at now: Duration) { since = owed > 0 ? now : nil }

    /// Why it is to be ended; nil while it may go on.
    func verdict(at now: Duration) -> String? {
        guard let since, now - since > patience else { return nil }
        return "it owed an answer and said nothing for \((now - since).components.seconds) s; "
    }
}
