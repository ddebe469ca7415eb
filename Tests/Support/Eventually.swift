import Foundation

/// What kept a test from being carried out.
package struct SupportFault: Error, CustomStringConvertible {
    package let description: String

    /// A fault that `description` tells in full.
    package init(_ description: String) {
        self.description = description
    }
}

/// Asks until something outside this process gives an answer, and returns it.
///
/// For other programs only (a master that starts, a child that ends): nobody tells us when they are
/// done. What runs inside a test is told the time by ``FakeTime``.
///
/// The patience is for a machine that is ten times slower than it should be; only a broken program
/// uses it up.
///
/// - Throws: ``SupportFault`` naming `claim` when `patience` runs out; what `answer` throws.
package func eventually<Answer>(
    _ claim: String,
    patience: Duration = .seconds(180),
    _ answer: () throws -> Answer?
) throws -> Answer {
    let deadline = ContinuousClock.now + patience
    while true {
        if let answer = try answer() { return answer }
        guard ContinuousClock.now < deadline else {
            throw SupportFault("not within \(patience): \(claim)")
        }
        Thread.sleep(forTimeInterval: 0.01)
    }
}

/// Asks until something outside this process is so.
package func eventually(
    _ claim: String,
    patience: Duration = .seconds(180),
    isTrue: () throws -> Bool
) throws {
    let _: Bool = try eventually(claim, patience: patience) { try isTrue() ? true : nil }
}

/// Asks until something that runs beside the test is so; meanwhile other tasks have the thread.
///
/// - Throws: ``SupportFault`` naming `claim` when `patience` runs out; what `isTrue` throws.
package func becomesTrue(
    _ claim: String,
    patience: Duration = .seconds(180),
    isTrue: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + patience
    while try await !isTrue() {
        guard ContinuousClock.now < deadline else {
            throw SupportFault("not within \(patience): \(claim)")
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}
