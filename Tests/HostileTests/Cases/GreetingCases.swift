/// Answers to the question who is there.
extension HostileCase {
    private static let icinga = "Forwarder/Icinga/IcingaAnswer.swift"
    private static let greeting = "GET /v1 was not answered as Icinga 2 does"
    private static let stays = "Nothing is submitted; it is tried again, ever later."

    static let greetings: [HostileCase] = [
        greets(
            "a greeting of wrong types", "tells its version as a list and permissions as a number",
            Guard(icinga, "let version = result[\"version\"]?.text"),
            #"{"results":[{"permissions":7,"version":["r2.14.6"]}]}"#, isShort: true),
        greets(
            "a greeting without permissions", "tells permissions of which none is to submit",
            Guard("Delivery/DeliveryMachine.swift", "where !greeting.canSubmit"),
            #"{"results":[{"permissions":["events/*"],"version":"r2.14.6-1"}]}"#),
        greets(
            "permissions without end", "lists 3,000 permissions before the one that is needed",
            Guard("UplinkMessages/UplinkMessage.swift", "greeting.permissions.prefix(64)"),
            #"{"results":[{"permissions":["#
                + String(repeating: #""objects/query/*","#, count: 3_000)
                + #""actions/process-check-result"],"version":"r2.14.6-1"}]}"#),
        greets(
            "a permission of stars", "lists permissions of 512 bytes of `*a`",
            Guard("Delivery/DeliveryLink.swift", "struct PermissionPattern"),
            #"{"results":[{"permissions":["#
                + String(
                    repeating: "\"" + String(repeating: "*a", count: 256) + "\",", count: 63)
                + #""x"],"version":"r2.14.6-1"}]}"#),
        greets(
            "a result's answer as greeting", "answers the probe as if it had been a submission",
            Guard(icinga, "let version = result[\"version\"]?.text"),
            #"{"results":[{"code":200.0,"status":"Successfully processed check result."}]}"#,
            isShort: true),
        HostileCase(
            name: "the greeting as a result's answer",
            does: "answers each submission with what it answered the probe",
            guards: [Guard(icinga, "results[0][\"code\"]?.wholeNumber")],
            holds: "The effect is unverified: it is read back, and sent again.",
            reaction: .bears(2), isDoubted: true
        ) { _ in .to(.submission, reply: .bytes(Answers.greeting)) },
        HostileCase(
            name: "nobody is known", does: "answers everything with 401",
            guards: [Guard(icinga, "case 401: .unauthorized")],
            holds: "Results wait. \(stays)", reaction: .bears(2)
        ) { _ in
            .to(
                .probe, .submission, .readBack, .schedule,
                reply: .text("401 Unauthorized", #"{"error":401,"status":"Unauthorized."}"#))
        },
        HostileCase(
            name: "a version for the terminal",
            does: "calls itself by 60 KiB of escape sequences, and says no more than that",
            guards: [Guard("UplinkMessages/UplinkMessage.swift", "cut(toByteCount:")],
            holds: "512 bytes of it are passed on, and shown as printable text.",
            reaction: .goesOn
        ) { _ in
            let name = String(repeating: #"\u001b[2J\u0007"#, count: 4_000)
            return .to(
                .probe,
                reply: .text(
                    "200 OK",
                    #"{"results":[{"permissions":\#(Answers.permissions),"version":"\#(name)"}]}"#))
        },
    ]

    private static func greets(
        _ name: String, _ does: String, _ guards: Guard, _ body: String, isShort: Bool = false
    ) -> HostileCase {
        HostileCase(
            name: name, does: does, guards: [guards], holds: stays, reaction: .bears(2),
            isShort: isShort
        ) { _ in .to(.probe, reply: .text("200 OK", body)) }
    }
}
