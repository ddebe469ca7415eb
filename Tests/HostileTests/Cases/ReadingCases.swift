/// Lies about what the master holds.
extension HostileCase {
    private static let icinga = "Forwarder/Icinga/IcingaAnswer.swift"
    private static let unread = Guard(icinga, "unread.remove(name) != nil")
    private static let absent = """
        What is not told counts as not held, and is sent again; what the master holds after all it \
        discards, and that is counted.
        """

    static let readings: [HostileCase] = [
        HostileCase(
            name: "objects that nobody asked about",
            does: "tells of foreign hosts, paths, shell words and names of 2,000 bytes instead",
            guards: [unread, Guard("Monitoring/ObjectName.swift", "maximumByteCount")],
            holds: "They are nobody's business. \(absent)", reaction: .bears(2), price: .counted,
            isShort: true
        ) { stage in
            lies(about: foreignNames(stage), [#""last_check":1.0"#])
        },
        HostileCase(
            name: "one object a thousand times",
            does: "tells of each object a thousand times, always something else",
            guards: [unread], holds: "The first time counts.", reaction: .bears(2), price: .counted
        ) { _ in
            lies { request, _ in
                Answers.results(
                    (0..<1000).flatMap { number in
                        let held = #""last_check_result":{"execution_start":\#(number)}"#
                        return request.objects.map { Answers.reading($0, attributes: [held]) }
                    })
            }
        },
        HostileCase(
            name: "readings of wrong types",
            does: "tells times as texts, lists, null and truth values",
            guards: [
                Guard(icinga, "attributes[\"last_check_result\"]?[\"execution_start\"]?.number")
            ],
            holds: "They count as no times. \(absent)", reaction: .bears(3), price: .counted
        ) { _ in
            let turns = Turns([#""1""#, "[1]", "null", "true", "{}", #""'; DROP TABLE result;--""#])
            return lies { request, _ in
                Answers.results(
                    request.objects.map { name in
                        let word = turns.next()
                        return Answers.reading(
                            name,
                            attributes: [
                                #""last_check":\#(word)"#,
                                #""last_check_result":{"execution_start":\#(word)}"#,
                            ])
                    })
            }
        },
        HostileCase(
            name: "times that no clock shows",
            does: "tells stamps of 1e300, the year 90,000, and long before 1970",
            guards: [
                Guard("Monitoring/Timestamp.swift", "abs(seconds) < 3.2e12"),
                Guard("Delivery/MasterClock.swift", "isPlausible(lastCheck)"),
            ],
            holds: "No sum overflows, and no clock is learned from them.", reaction: .bears(6),
            price: .counted
        ) { _ in
            let turns = Turns(["1e300", "2777000000000", "-3.1e12", "3.19e12", "-1"])
            return lies { request, _ in
                Answers.results(
                    request.objects.map { name in
                        Answers.reading(name, attributes: held(at: turns.next()))
                    })
            }
        },
        HostileCase(
            name: "readings of yesterday",
            does: "answers each question with its own first answer, always the same",
            guards: [Guard("Delivery/DeliveryMachine+Kept.swift", "lane.isLacking(held)")],
            holds: "What it seems to have forgotten is sent again, and has no second effect.",
            reaction: .bears(4), price: .counted
        ) { _ in
            let first = FirstAnswers()
            return lies { request, ledger in first.answer(request, ledger) }
        },
        HostileCase(
            name: "nothing is known", does: "answers each question with 404",
            guards: [
                Guard("Delivery/DeliveryMachine+Questions.swift", "case .objectUnknown where"),
                Guard("Delivery/ShunnedObjects.swift", "Duration.seconds(3600)"),
            ],
            holds: "Halves are asked, down to single ones, and those are left alone for an hour.",
            reaction: .bears(4)
        ) { _ in
            .to(
                .readBack, .schedule,
                reply: .text("404 Not Found", #"{"error":404,"status":"No objects found."}"#))
        },
        HostileCase(
            name: "nothing may be read", does: "lists permission to query and refuses it",
            guards: [Guard("Delivery/DeliveryMachine+Questions.swift", "case .permissionMissing:")],
            holds: "Nothing is sent that could not be verified; results wait.",
            reaction: .bears(2)
        ) { _ in
            .to(
                .readBack, .schedule,
                reply: .text("403 Forbidden", #"{"error":403,"status":"Missing permission."}"#))
        },
        HostileCase(
            name: "everything is newer",
            does: "loses results, and tells of a newer one of somebody else for each object",
            guards: [Guard("Delivery/StampRule.swift", "if held > base { return .superseded }")],
            holds: "That is what superseded means: each is counted.", reaction: .bears(3),
            price: .counted
        ) { _ in
            Script(
                answering: { request, _, _ in
                    switch request.kind {
                    case .submission: .bytesThenEnd([], .reset)
                    case .readBack:
                        .bytes(
                            Answers.results(
                                request.objects.map {
                                    Answers.reading($0, attributes: held(at: now(-0.01)))
                                }))
                    default: .fair
                    }
                })
        },
    ]

    /// An answer of the script to each question about what the master holds.
    static func lies(
        _ answer: @escaping @Sendable (MasterRequest, IcingaLedger) -> [UInt8]
    ) -> Script {
        .to([.readBack, .schedule]) { .bytes(answer($0, $1)) }
    }

    /// The same attributes of these objects, whatever was asked.
    static func lies(about names: [String], _ attributes: [String]) -> Script {
        lies { _, _ in Answers.results(names.map { Answers.reading($0, attributes: attributes) }) }
    }

    static func held(at time: String) -> [String] {
        [#""last_check":\#(time)"#, #""last_check_result":{"execution_start":\#(time)}"#]
    }

    /// Names that this host did not define, or that are none.
    static func foreignNames(_ stage: Stage) -> [String] {
        [
            "web2!disk", "localhost", "web1!secret", "web1!../../etc/passwd", "/etc/shadow",
            "web1!; touch \(stage.canary)", "$(touch \(stage.canary))", "web1!pulse1\\u0000",
            "web1!", "!pulse1", "", "web1!pulse1!", "WEB1!PULSE1",
            "web1!" + String(repeating: "x", count: 2_000),
        ]
    }
}
