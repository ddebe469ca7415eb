import Spool

/// The states in which a spool can be, seen from its caller.
///
/// A call that succeeded did what it says. A call that threw did nothing, but for what an append
/// gave up before; only when the process or the power dies before the next change is stored, it may
/// have been stored as a whole after all.
struct Beliefs: Sendable {
    /// What the spool can hold now; one of these, unless a crash left it open.
    private(set) var models: [SpoolModel]
    /// What it can hold when it is opened after a crash, beside those.
    private(set) var ghosts: [SpoolModel] = []

    init(_ model: SpoolModel = SpoolModel()) { models = [model] }

    /// Keeps the models that predict the answer.
    ///
    /// - Returns: what the first of them predicts when none of them does.
    mutating func succeeded(
        _ action: SpoolAction,
        tick: Int,
        numbers: Int,
        answer: SpoolAnswer
    ) -> SpoolAnswer? {
        var first: SpoolAnswer?
        var left: [SpoolModel] = []
        for model in models {
            for marks in model.possibleMarks(answer, of: action) {
                var next = model
                let predicted = next.apply(
                    action,
                    tick: tick,
                    numbers: numbers,
                    observed: answer,
                    marks: marks
                )
                if predicted == answer, !left.contains(next) { left.append(next) }
                first = first ?? predicted
            }
        }
        guard !left.isEmpty else { return first }
        // a call that changed nothing wrote nothing over what failed before it
        if left != models { ghosts = [] }
        models = left
        return nil
    }

    /// Notes a call that threw.
    ///
    /// What an append gave up for records that it then could not store is gone, as it says.
    mutating func threw(_ action: SpoolAction, tick: Int, numbers: Int) {
        for model in models {
            for receipt in Self.parts(of: action) {
                var next = model
                _ = next.apply(action, tick: tick, numbers: numbers, observed: .receipt(receipt))
                if receipt.taken == 0, !receipt.evicted.isEmpty, !models.contains(next) {
                    models.append(next)
                }
                if !ghosts.contains(next) { ghosts.append(next) }
            }
        }
    }

    /// What an append that threw can have stored: the first of its results, and how much was
    /// evicted for them is not known either.
    private static func parts(of action: SpoolAction) -> [ReceiptAnswer] {
        guard case .append(let drafts) = action else { return [ReceiptAnswer()] }
        return (0...drafts.count).flatMap { taken in
            (0...evictionLimit).map { evicted in
                var receipt = ReceiptAnswer(taken: taken)
                if evicted > 0 { receipt.evicted[SpoolAction.object(0)] = evicted }
                return receipt
            }
        }
    }

    /// After a crash each of the ghosts may be real.
    mutating func crashed() {
        for ghost in ghosts where !models.contains(ghost) { models.append(ghost) }
        ghosts = []
        reopened()
    }

    /// After a clean close nothing is left of what failed.
    mutating func closed() { ghosts = [] }

    private mutating func reopened() {
        for index in models.indices { models[index].reopen() }
    }

    /// Keeps the models that look like this.
    ///
    /// - Returns: how the first of them differs when none of them does.
    mutating func saw(_ view: SpoolView) -> String? {
        let left = models.filter { $0.view == view }
        guard !left.isEmpty else {
            return models.first.map { view.differences(from: $0.view) } ?? "no model is left"
        }
        models = left
        return nil
    }

    /// More than a batch of our scenarios needs room for.
    private static let evictionLimit = 12
}
