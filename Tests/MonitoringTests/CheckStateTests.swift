import Monitoring
import Testing

/// The expected sequences were read from a running Icinga 2.13.6 that was sent these results.
@Suite struct CheckStateTests {
    struct Sequence: Sendable {
        var attempts: Int
        var kind: ObjectKind
        var results: [ServiceState]
        var expected: String
    }

    private static let services: [ServiceState] = [
        .critical, .critical, .warning, .unknown, .ok, .critical, .critical, .critical,
    ]

    @Test(arguments: [
        Sequence(
            attempts: 1,
            kind: .service,
            results: services,
            expected: "H1 H1 H1 H1 H1 H1 H1 H1"
        ),
        Sequence(
            attempts: 2,
            kind: .service,
            results: services,
            expected: "H1 H1 H1 H1 H1 S1 H1 H1"
        ),
        Sequence(
            attempts: 3,
            kind: .service,
            results: services,
            expected: "S2 H1 H1 H1 H1 S1 S2 H1"
        ),
        Sequence(
            attempts: 5,
            kind: .service,
            results: services,
            expected: "S2 S3 S4 H1 H1 S1 S2 S3"
        ),
        Sequence(
            attempts: 3,
            kind: .host,
            results: [.critical, .critical, .critical, .ok, .critical],
            expected: "S2 H1 H1 H1 S1"
        ),
        Sequence(
            attempts: 3,
            kind: .host,
            results: [.warning, .unknown, .critical, .critical],
            expected: "H1 S1 S2 H1"
        ),
    ])
    func `type and attempt follow the master's`(sequence: Sequence) {
        var state: CheckState?
        let seen = sequence.results.map { result in
            if var known = state {
                _ = known.apply(
                    result,
                    maxCheckAttempts: sequence.attempts,
                    kind: sequence.kind
                )
                state = known
            } else {
                state = .first(result, maxCheckAttempts: sequence.attempts, kind: sequence.kind)
            }
            return state.map { "\($0.type == .hard ? "H" : "S")\($0.attempt)" } ?? ""
        }
        #expect(seen.joined(separator: " ") == sequence.expected)
    }

    @Test func `a soft problem that repeats counts as an attempt, a hard one as nothing new`() {
        var state = CheckState(state: .critical, type: .soft, attempt: 1)
        #expect(state.apply(.critical, maxCheckAttempts: 3, kind: .service) == .attempt)
        #expect(state.apply(.critical, maxCheckAttempts: 3, kind: .service) == .change)
        #expect(state.apply(.critical, maxCheckAttempts: 3, kind: .service) == .unchanged)
        #expect(state.apply(.warning, maxCheckAttempts: 3, kind: .service) == .change)
    }
}
