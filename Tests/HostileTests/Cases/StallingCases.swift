/// Masters that stand still, go slowly or end in the middle.
extension HostileCase {
    static let stalling: [HostileCase] = [
        HostileCase(
            name: "silence after a request", does: "takes a submission and says nothing",
            guards: [.answerTimeout],
            holds: "The connection is reset after `answer_timeout`; the result is read back.",
            reaction: .hangsUp, says: "gave no answer within", isShort: true
        ) { _ in .to(.submission, reply: .silence) },
        HostileCase(
            name: "silence after the handshake", does: "shakes hands and never answers the probe",
            guards: [.answerTimeout],
            holds: "The connection is reset after `answer_timeout`; nothing was sent.",
            reaction: .hangsUp, says: "gave no answer within"
        ) { _ in .to(.probe, reply: .silence) },
        HostileCase(
            name: "no handshake", does: "takes the connection and says nothing at all",
            guards: [Guard("Forwarder/Link/Connector.swift", "scheduleTask(in: share)")],
            holds: "It is given up after `connect_timeout`; nothing was sent.",
            reaction: .sendsNothing, says: "did not complete the TLS handshake within"
        ) { _ in .beginning(.plaintext([], piece: [])) },
        HostileCase(
            name: "an answer in drops", does: "sends one byte of an answer each 50 ms",
            guards: [.answerTimeout],
            holds: "A whole answer has that time, not each byte of it.", reaction: .hangsUp,
            says: "gave no answer within", isShort: true
        ) { _ in
            .to(
                .submission,
                reply: .dribble(Answers.processed("web1!pulse1"), milliseconds: 50))
        },
        HostileCase(
            name: "deafness", does: "reads no more and answers no more",
            guards: [
                .answerTimeout,
                Guard("Delivery/DeliverySettings.swift", "flightByteLimit = 1 << 20"),
            ],
            holds: "A window of results is out at most; then the connection is reset.",
            reaction: .hangsUp, says: "gave no answer within"
        ) { _ in .to(.submission, reply: .deafness) },
        HostileCase(
            name: "a reset after each result", does: "takes each result and resets the connection",
            guards: [
                Guard("Delivery/DeliveryMachine+Doubt.swift", "mutating func lost("),
                Guard("Delivery/DeliveryMachine+Doubt.swift", "mutating func noteFence("),
            ],
            holds: "What took effect is seen by reading back, and not sent again.",
            reaction: .bears(3), isShort: true
        ) { _ in
            .to([.submission]) { request, ledger in
                ledger.take(request)
                return .bytesThenEnd([], .reset)
            }
        },
        HostileCase(
            name: "a goodbye after each result",
            does: "takes each result and ends the connection politely without an answer",
            guards: [Guard("Delivery/DeliveryMachine+Doubt.swift", "mutating func lost(")],
            holds: "What took effect is seen by reading back, and not sent again.",
            reaction: .bears(3)
        ) { _ in
            .to([.submission]) { request, ledger in
                ledger.take(request)
                return .bytesThenEnd([], .goodbye)
            }
        },
        HostileCase(
            name: "a greeting and a goodbye", does: "greets and ends each connection at once",
            guards: [Guard("Delivery/DeliveryLink.swift", "shortestIdle")],
            holds: "That counts as a failure: it is left alone for a while, ever longer.",
            reaction: .bears(4), earliest: 3
        ) { _ in .to(.probe, reply: .bytesThenEnd(Answers.greeting, .goodbye)) },
        HostileCase(
            name: "an end after each answer",
            does: "takes each result, answers, and ends the connection with `Connection: close`",
            guards: [Guard("Delivery/DeliveryMachine+Doubt.swift", "mutating func noteFence(")],
            holds: "Results get through one by one, none twice, and no processor is kept busy.",
            reaction: .bears(20)
        ) { _ in
            .to([.submission]) { request, ledger in
                .bytesThenEnd(Answers.last(ledger.take(request)), .goodbye)
            }
        },
        HostileCase(
            name: "forgotten after each answer",
            does: "says that it took each result, forgets it, and ends the connection",
            guards: [Guard("Delivery/DeliveryMachine+Kept.swift", "lane.isLacking(held)")],
            holds: "Each new connection sends again what it lacks; the processor stays idle.",
            reaction: .bears(30)
        ) { _ in
            .to([.submission]) { request, _ in
                .bytesThenEnd(Answers.last(Answers.processed(request.objects[0])), .goodbye)
            }
        },
    ]
}
