/// What became of one submitted result.
enum SubmissionVerdict: Codable, Sendable, Hashable {
    /// It is durable; where its object stands with it.
    case taken(SubmitReply)
    /// It was taken before, with the same batch.
    case known
    /// It will never be taken, and is stored nowhere.
    case refused(String)
}

/// What became of a batch.
struct BatchOutcome: Codable, Sendable, Hashable {
    /// One for each record, from the first on, as far as it came.
    var verdicts: [SubmissionVerdict] = []
    /// Why it came no further for now; nil when it came to its end.
    var obstacle: String?

    /// How many results are durable by it.
    var takenCount: Int {
        verdicts.count { if case .refused = $0 { false } else { true } }
    }
}
