import Foundation

/// Lies about the master's clock, told by the time at which it processed own health.
extension HostileCase {
    private static let year = 31_536_000.0
    private static let afterwards = """
        Stamps follow the master's clock, as ever, and back with it; what is missing is counted.
        """

    static let clocks: [HostileCase] = [
        lies("a clock a year ahead", "tells processing times a year ahead", { year }),
        lies(
            "a clock in 1970", "tells processing times near 1970",
            {
                -Date().timeIntervalSince1970 + 1000
            }),
        lies(
            "a clock that jumps", "tells other processing times each time, days before and after",
            { Double.random(in: -5...5) * 86_400 }, isShort: true),
        HostileCase(
            name: "a clock without time", does: "tells no processing time of own health, or 0",
            guards: [Guard("Delivery/DeliveryMachine+Questions.swift", "calibrationLimit")],
            holds: "After five tries this host's clock is taken, and `status` says so.",
            reaction: .bears(1), price: .order
        ) { _ in
            .to([.readBack]) { request, _ in
                .bytes(
                    Answers.results(
                        request.objects.map {
                            Answers.reading(
                                $0,
                                attributes: [
                                    #""last_check":0"#,
                                    #""last_check_result":{"execution_start":\#(now(-1))}"#,
                                ])
                        }))
            }
        },
    ]

    private static func lies(
        _ name: String, _ does: String, _ offset: @escaping @Sendable () -> Double,
        isShort: Bool = false
    ) -> HostileCase {
        HostileCase(
            name: name, does: does,
            guards: [
                Guard("Delivery/MasterClock.swift", "mutating func observe("),
                Guard("Delivery/StampRule.swift", "max(passed, ahead) <= longestHold"),
            ],
            holds: afterwards, reaction: .bears(12), price: .order, isShort: isShort
        ) { _ in
            .to([.submission]) { request, ledger in
                .bytes(ledger.take(request, clock: offset()))
            }
        }
    }
}
