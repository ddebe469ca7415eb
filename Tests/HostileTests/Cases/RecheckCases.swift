import Foundation

/// What a master can have run: a check that this host defined, by the policy; nothing else.
///
/// What it asks for stands in every answer about objects, whichever question that answers.
extension HostileCase {
    private static let icinga = "Forwarder/Icinga/IcingaAnswer.swift"
    private static let watch = "Delivery/RecheckWatch.swift"
    private static let gate = "Policy/Rechecks/RecheckGate.swift"
    private static let unread = Guard(icinga, "unread.remove(name) != nil")

    static let rechecks: [HostileCase] = [
        recheck(
            "a flood of rechecks",
            "asks for a recheck of each object 10,000 times in each answer, each time another one",
            [unread, Guard(gate, "private func refusal(")],
            "One of an answer counts, and rest and limit of the policy count for all.",
            isShort: true, to: [.schedule]
        ) { _, request, _ in
            Answers.results(
                (0..<10_000).flatMap { number in
                    request.objects.map { Answers.reading($0, attributes: due(-number)) }
                })
        },
        recheck(
            "rechecks of strangers",
            "asks for rechecks of foreign hosts, paths, shell words and names of 2,000 bytes",
            [unread, Guard("Monitoring/ObjectName.swift", "maximumByteCount")],
            "What was not asked about is nobody's business.", isShort: true
        ) { stage, _, _ in
            Answers.results(foreignNames(stage).map { Answers.reading($0, attributes: due()) })
        },
        recheck(
            "rechecks that the policy denies",
            "asks for rechecks of all objects, own host and own health, also where not allowed",
            [Guard(gate, "policy.decision.isAllowed")],
            "What no role allows is not run."
        ) { _, request, ledger in ledger.tell(request, behind: due()) },
        recheck(
            "one recheck again and again", "asks for the same recheck in every answer",
            [Guard(gate, "entry?.covers(request.value) == true")],
            "Each is honoured once."
        ) { _, request, ledger in
            ledger.tell(
                request, behind: [#""next_check":1700000000.0"#, #""force_next_check":true"#])
        },
        recheck(
            "rechecks of wrong types", "tells due times as texts, lists, null and objects",
            [Guard(icinga, "attributes[\"next_check\"]?.number")],
            "They are no due times."
        ) { _, request, ledger in
            let word = [#""now""#, "[1]", "null", "true", "{}", #""$(date)""#].randomElement()
            return ledger.tell(
                request, behind: [#""next_check":\#(word ?? "")"#, #""force_next_check":"yes""#])
        },
        recheck(
            "rechecks at no time", "asks for checks at 1e300, in 1900, at 0 and in a hundred years",
            [
                Guard("Monitoring/Timestamp.swift", "abs(seconds) < 3.2e12"),
                Guard(watch, "reading.nextCheck <= passed"),
            ],
            "What is not due by the master's own clock, or never was, is no request."
        ) { _, request, ledger in
            let time = ["1e300", "-2208988800", "0", "4900000000"].randomElement() ?? "0"
            return ledger.tell(
                request, behind: [#""next_check":\#(time)"#, #""force_next_check":true"#])
        },
        recheck(
            "commands with a recheck",
            "sends a command, arguments, an environment and variables along with each recheck",
            [
                Guard(icinga, "private static func scheduleReading("),
                Guard("UplinkMessages/QueryAnswer.swift", "struct ScheduleReading"),
            ],
            "There is no field that could carry them: a name and a time pass on.", isShort: true
        ) { stage, request, ledger in ledger.tell(request, behind: due() + smuggled(stage)) },
        recheck(
            "a force that comes and goes",
            "turns `force_next_check` on and off, at fractions of seconds",
            [Guard(watch, "forcedTime == reading.nextCheck")],
            "Each time is one request at most, and the policy's limit counts."
        ) { _, request, ledger in
            ledger.tell(
                request,
                behind: [
                    #""next_check":\#(now(-0.5))"#, #""force_next_check":\#(Bool.random())"#,
                ])
        },
        recheck(
            "a schedule of 3 MiB", "answers a question with 3 MiB of blanks and a recheck",
            [
                .bodyLimit,
                Guard("Forwarder/Icinga/IcingaRequest.swift", "scheduleByteLimit = 2 << 20"),
            ],
            "A look for rechecks ends at 2 MiB; in a read-back, blanks are nothing."
        ) { _, request, ledger in
            let body = ledger.tell(request, behind: due()).drop { $0 != UInt8(ascii: "{") }
            return Answers.plain("200 OK", [UInt8](repeating: 32, count: 3 << 20) + body)
        },
    ]

    /// Behind all others: what it leaves behind lies in the master's future.
    static let rechecksByFalseClock: [HostileCase] = [
        HostileCase(
            name: "rechecks by a false clock",
            does: "tells a clock a day ahead, and asks for checks that are due by it",
            guards: [Guard(watch, "clock.certainlyPassed(at: now.monotonic)")],
            holds: "Its clock is its own affair; the policy's limits count by this host's.",
            reaction: .asks(3), price: .order
        ) { _ in
            .to([.submission, .readBack, .schedule]) { request, ledger in
                request.kind == .submission
                    ? .bytes(ledger.take(request, clock: 86_400))
                    : .bytes(ledger.tell(request, behind: due(86_000)))
            }
        }
    ]

    private static func recheck(
        _ name: String, _ does: String, _ guards: [Guard], _ holds: String, isShort: Bool = false,
        to kinds: [MasterRequest.Kind] = [.readBack, .schedule],
        _ answer: @escaping @Sendable (Stage, MasterRequest, IcingaLedger) -> [UInt8]
    ) -> HostileCase {
        HostileCase(
            name: name, does: does, guards: guards, holds: holds, reaction: .asks(2),
            price: .counted, isShort: isShort
        ) { stage in .to(kinds) { .bytes(answer(stage, $0, $1)) } }
    }

    /// A request for a check, as Icinga DB Web makes one: a whole second that has passed.
    private static func due(_ offset: Int = -1) -> [String] {
        let second = Int(Date().timeIntervalSince1970) + offset
        return [#""next_check":\#(second).0"#, #""force_next_check":true"#]
    }

    private static func smuggled(_ stage: Stage) -> [String] {
        let touch = "touch \(stage.canary)"
        return [
            #""check_command":"\#(touch)""#, #""command":["/bin/sh","-c","\#(touch)"]"#,
            #""event_command":"\#(touch)""#, #""arguments":{"-c":{"value":"\#(touch)"}}"#,
            #""env":{"LD_PRELOAD":"/tmp/x.so","PATH":"/tmp"}"#,
            #""vars":{"service.name":"$(\#(touch))","dummy_text":"`\#(touch)`"}"#,
            #""check_command_args":["\#(touch)"]"#, #""timeout":0.001"#,
            #""name":"x"#
                + #"; \#(touch)""#,
        ]
    }
}
