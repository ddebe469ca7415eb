import Foundation
import Synchronization

/// Verdicts on results that are not what became of them.
extension HostileCase {
    private static let icinga = "Forwarder/Icinga/IcingaAnswer.swift"
    private static let again = "The effect is unverified: it is read back, and sent again."

    static let verdicts: [HostileCase] = [
        HostileCase(
            name: "500 to everything", does: "answers each submission with 500, and takes none",
            guards: [
                Guard("Delivery/DeliveryMachine+Doubt.swift", "proofs < Self.unverifiedLimit")
            ],
            holds: "The master is at fault, not the results: none is set aside.",
            reaction: .bears(10)
        ) { _ in
            .to(.submission, reply: .bytes(Answers.result(500, "Could not process.")))
        },
        HostileCase(
            name: "404 to everything", does: "knows no object of ours",
            guards: [
                Guard("Delivery/DeliveryMachine+Lanes.swift", "takeBack(flight)"),
                Guard("Delivery/DeliveryMachine+Lanes.swift", "private mutating func park("),
            ],
            holds: "Objects are left alone, each for a minute and more; an operator's flush tries.",
            reaction: .bears(5), isShort: true
        ) { _ in
            .to(.submission, reply: .text("404 Not Found", #"{"error":404,"status":"No."}"#))
        },
        HostileCase(
            name: "passive checks are off", does: "answers 403 for each object",
            guards: [Guard(icinga, "case 403: .passiveChecksDisabled")],
            holds: "Objects are left alone for a while; nothing is lost.", reaction: .bears(4)
        ) { _ in .to(.submission, reply: .bytes(Answers.result(403, "Disabled."))) },
        HostileCase(
            name: "no permission any more", does: "answers 403 for each request",
            guards: [Guard(icinga, "case 403: .permissionMissing")],
            holds: "Results wait; it is tried again, ever later.", reaction: .bears(2)
        ) { _ in
            .to(.submission, reply: .text("403 Forbidden", #"{"error":403,"status":"No."}"#))
        },
        HostileCase(
            name: "never ready", does: "greets, and answers each submission with 503",
            guards: [Guard(icinga, "case 503: .unavailable")],
            holds: "Results wait; it is tried again, ever later.", reaction: .bears(2)
        ) { _ in
            .to(.submission, reply: .text("503 No", #"{"error":503,"status":"Reloading."}"#))
        },
        HostileCase(
            name: "refused for good", does: "answers 400 for each result",
            guards: [Guard("Delivery/DeliveryMachine+Lanes.swift", "case .rejected:")],
            holds: "Each is kept for inspection and counted as rejected.", reaction: .bears(6),
            price: .counted, isShort: true
        ) { _ in .to(.submission, reply: .bytes(Answers.result(400, "Never."))) },
        HostileCase(
            name: "ignored", does: "says of each result that it ignores it",
            guards: [Guard("Delivery/DeliveryMachine+Lanes.swift", "case .ignored:")],
            holds: "Each is counted as ignored.", reaction: .bears(6), price: .counted
        ) { _ in .to(.submission, reply: .bytes(Answers.result(200, "Ignoring it."))) },
        HostileCase(
            name: "too old", does: "says of each result that it holds a newer one",
            guards: [
                Guard("Delivery/DeliveryMachine+Discards.swift", "settle(flight, .superseded)")
            ],
            holds: "Each is counted as superseded.", reaction: .bears(6), price: .counted
        ) { _ in .to(.submission, reply: .bytes(Answers.result(409, "Newer one."))) },
        HostileCase(
            name: "taken and forgotten", does: "says that it took results, and holds none",
            guards: [Guard("Delivery/DeliveryMachine+Kept.swift", "lane.isLacking(held)")],
            holds: "The next connection's comparison finds them missing; they are sent again.",
            reaction: .bears(12), isShort: true
        ) { _ in
            .to([.submission]) { request, _ in .bytes(Answers.processed(request.objects[0])) }
        },
        HostileCase(
            name: "answers of yesterday",
            does: "answers each submission with the bytes that it answered the first with",
            guards: [Guard("Delivery/DeliveryMachine+Kept.swift", "lane.isLacking(held)")],
            holds: "The same: a word is not believed for longer than until the next reading.",
            reaction: .bears(8)
        ) { _ in
            let first = FirstAnswers()
            return .to([.submission]) { .bytes(first.answer($0, $1)) }
        },
        HostileCase(
            name: "another status than the result's",
            does: "says 500 around a result that says 200",
            guards: [Guard(icinga, "code == answer.status")], holds: again, reaction: .bears(4),
            isDoubted: true
        ) { _ in
            .to(.submission, reply: .text("500 No", result("200.0", "Successfully processed")))
        },
        HostileCase(
            name: "no result, or a thousand",
            does: "answers a submission with no result, with two and with a thousand",
            guards: [Guard(icinga, "results.count == 1")], holds: again, reaction: .bears(4),
            isDoubted: true,
            isShort: true
        ) { _ in
            let one = #"{"code":200.0,"status":"Successfully processed."}"#
            let turns = Turns(
                [2, 1000, 0].map { count in
                    let results = [String](repeating: one, count: count)
                    return #"{"results":[\#(results.joined(separator: ","))]}"#
                })
            return .to([.submission]) { _, _ in .text("200 OK", turns.next()) }
        },
        HostileCase(
            name: "verdicts of wrong types",
            does: "tells codes as texts, lists, fractions and negative numbers",
            guards: [Guard("Forwarder/Icinga/JSONValue.swift", "UInt(exactly: $0)")],
            holds: again, reaction: .bears(6), isDoubted: true
        ) { _ in
            let codes = [#""200""#, "[200]", "200.5", "-200", "true", "null", "{}"]
            let turns = Turns(codes.map { result($0, "Successfully processed") })
            return .to([.submission]) { _, _ in .text("200 OK", turns.next()) }
        },
        HostileCase(
            name: "other words of success",
            does: "says in other words, or other letters, that it processed a result",
            guards: [Guard(icinga, "hasBytePrefix(\"Successfully processed\")")],
            holds: again, reaction: .bears(3), isDoubted: true
        ) { _ in
            let words = ["successfully processed", "Ѕuccessfully processed", " OK", ""]
            let turns = Turns(words.map { result("200.0", $0) })
            return .to([.submission]) { _, _ in .text("200 OK", turns.next()) }
        },
        HostileCase(
            name: "two verdicts in one",
            does: "names code and status of a result twice, with success in the second place",
            guards: [Guard("Forwarder/Icinga/JSONValue.swift", "return members.first { member in")],
            holds: "The first counts, everywhere: it is read back, and sent again.",
            reaction: .bears(3), isDoubted: true
        ) { _ in
            .to(
                .submission,
                reply: .text(
                    "200 OK",
                    #"{"results":[{"code":500.0,"code":200.0,"status":"No","#
                        + #""status":"Successfully processed check result"}]}"#))
        },
    ]

    private static func result(_ code: String, _ text: String) -> String {
        #"{"results":[{"code":\#(code),"status":"\#(text)"}]}"#
    }
}

/// Remembers the first fair answer to each kind of request, and gives it from then on.
final class FirstAnswers: Sendable {
    private let answers = Mutex<[MasterRequest.Kind: [UInt8]]>([:])

    func answer(_ request: MasterRequest, _ ledger: IcingaLedger) -> [UInt8] {
        answers.withLock { answers in
            if let first = answers[request.kind] { return first }
            let first = ledger.answer(request)
            answers[request.kind] = first
            return first
        }
    }
}

/// The time of now with this many seconds on top, as Icinga prints it.
func now(_ offset: Double = 0) -> String {
    Answers.seconds(Int((Date().timeIntervalSince1970 + offset) * 1_000_000))
}
