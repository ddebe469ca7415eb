import Synchronization

/// The same thing done at every byte of what a master says.
struct SweepCase: Sendable {
    /// What is cut.
    enum Subject: Sendable {
        /// The answer to a submission, inside TLS; every other one took effect.
        case answer
        /// All that goes over the wire from the connection's first byte on.
        case wire
    }

    var name: String
    var does: String
    var guards: [HostileCase.Guard]
    var holds: String
    var subject: Subject
    /// How it stops there; nil: it stands still.
    var ending: MasterConnection.Ending?

    /// An answer, a little longer than any of these tests.
    static let answerByteCount = Answers.processed("web1!pulse1").count
    /// The handshake (of TLS 1.3 with a P-256 certificate some 1,100 bytes), tickets and greeting.
    static let wireByteCount = 2_000

    static let all: [SweepCase] = [
        SweepCase(
            name: "a stop at every byte of an answer",
            does: "stands still after 0, 1, 2, … bytes of an answer",
            guards: [.answerTimeout], holds: "It is reset and read back; never twice, never lost.",
            subject: .answer, ending: nil),
        SweepCase(
            name: "an end at every byte of an answer",
            does: "closes after 0, 1, 2, … bytes of an answer",
            guards: [Self.lost], holds: "It is read back; never twice, never lost.",
            subject: .answer, ending: .cut),
        SweepCase(
            name: "a reset at every byte of an answer",
            does: "resets the connection after 0, 1, 2, … bytes of an answer",
            guards: [Self.lost], holds: "It is read back; never twice, never lost.",
            subject: .answer, ending: .reset),
        SweepCase(
            name: "a stop all along the wire",
            does: "stands still after 0, 11, 22, … bytes of handshake and greeting",
            guards: [.init("Forwarder/Link/Connector.swift", "scheduleTask(in: share)")],
            holds: "It is given up after `connect_timeout` or `answer_timeout`.",
            subject: .wire, ending: nil),
        SweepCase(
            name: "an end all along the wire",
            does: "closes after 0, 11, 22, … bytes of handshake and greeting",
            guards: [.init("Forwarder/TLS/TLSHandler.swift", "ended the connection without")],
            holds: "It is tried again, ever later.", subject: .wire, ending: .cut),
        SweepCase(
            name: "a reset all along the wire",
            does: "resets after 0, 11, 22, … bytes of handshake and greeting",
            guards: [.init("Forwarder/Link/Connector.swift", "case let error as IOError:")],
            holds: "It is tried again, ever later.", subject: .wire, ending: .reset),
    ]

    private static let lost = HostileCase.Guard(
        "Delivery/DeliveryMachine+Doubt.swift", "mutating func lost(")

    /// The bytes after which it stops.
    func positions(every step: Int) -> [Int] {
        let count = subject == .answer ? Self.answerByteCount : Self.wireByteCount
        // In the long form each byte of the answer, and each eleventh of the wire.
        return Array(stride(from: 0, to: count, by: subject == .answer ? step : 11 * step))
    }

    /// One master's part: it takes the next position whenever a result got through since its last,
    /// so that the forwarder's waits stay short.
    func script(_ positions: Once) -> Script {
        let isDue = Flag()
        switch subject {
        case .answer:
            return Script(answering: { request, _, ledger in
                guard request.kind == .submission else { return .fair }
                guard isDue.take(), let position = positions.next() else {
                    isDue.set()
                    return .fair
                }
                if position % 2 == 0 { ledger.take(request) }
                let part = Answers.processed(request.objects[0]).prefix(position)
                if let ending { return .bytesThenEnd(Array(part), ending) }
                return .bytesThenSilence(Array(part))
            })
        case .wire:
            let halt: @Sendable () -> MasterConnection.Halt? = {
                guard isDue.take(), let position = positions.next() else { return nil }
                return MasterConnection.Halt(after: position, ending: ending)
            }
            return Script(
                beginning: .halted(halt),
                answering: { request, _, ledger in
                    guard request.kind == .submission, positions.count > 0 else { return .fair }
                    isDue.set()
                    return .bytesThenEnd(ledger.answer(request), .goodbye)
                }, needsNewConnection: true)
        }
    }
}

/// A mark that is set and taken away; safe from any thread.
final class Flag: Sendable {
    private let mark = Mutex(false)

    func set() { mark.withLock { $0 = true } }

    /// True once after each ``set()``.
    func take() -> Bool {
        mark.withLock { mark in
            defer { mark = false }
            return mark
        }
    }
}
