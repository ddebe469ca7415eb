/// Bodies that are no sound JSON, or more of it than anybody needs.
extension HostileCase {
    private static let json = "Forwarder/Icinga/JSONValue.swift"
    private static let again = "The effect is unverified: it is read back, and sent again."

    static let texts: [HostileCase] = [
        unsound(
            "deep JSON", "nests 30,000 arrays in the answer to a submission",
            Guard(json, "depth < Self.depthLimit"),
            Array(String(repeating: "[", count: 30_000).utf8), isShort: true),
        unsound(
            "invalid UTF-8", "puts bytes that are no UTF-8 into all texts",
            Guard(json, "String(decoding: bytes[start..<place], as: UTF8.self)"),
            Array(#"{"results":[{"code":500.0,"status":""#.utf8) + [0xC0, 0xAF, 0xFF, 0xED, 0xA0]
                + Array(#""}]}"#.utf8), isShort: true),
        unsound(
            "NULs", "puts NULs into texts, raw ones and escaped ones",
            Guard(json, "case 0..<0x20: return nil"),
            Array("{\"results\":[{\"code\":200.0,\"status\":\"Successfully\0processed\"}]}".utf8)),
        unsound(
            "halves of surrogates", "escapes halves of characters",
            Guard(json, "(0xDC00...0xDFFF).contains(second)"),
            Array(#"{"results":[{"code":200.0,"status":"\ud800\ud800\udc00\udfff"}]}"#.utf8)),
        unsound(
            "numbers without bounds", "sends 1e999 and a number of 10,000 digits",
            Guard(json, "place - start <= 64"),
            Array(
                (#"{"results":[{"code":1e999,"status":"\u0000"},"#
                    + String(repeating: "9", count: 10_000) + "]}").utf8)),
        unsound(
            "text behind JSON", "puts further JSON behind that which says success",
            Guard(json, "return place == bytes.count ? value : nil"),
            Array(
                #"{"results":[{"code":200.0,"status":"Successfully processed."}]}{"a":1}"#.utf8)),
        unsound("nothing at all", "sends an empty body under 200", .unverified, []),
        unsound(
            "something packed",
            "says Content-Encoding: gzip; what is unpacked from 64 KiB would be 64 MiB",
            .unverified, [0x1F, 0x8B, 8, 0] + [UInt8](repeating: 0, count: 60_000),
            headers: "Content-Encoding: gzip\r\n"),
        HostileCase(
            name: "ever more values",
            does: "sends 4,000,000 values in 8 MiB of JSON in the place of a read-back",
            guards: [Guard(json, "valueCount <= Self.valueLimit")],
            holds: "Reading ends at 300,000; the answer counts as none.", reaction: .hangsUp
        ) { _ in
            var body = Array(#"{"results":["#.utf8)
            for _ in 0..<4_000_000 { body += [UInt8(ascii: "0"), UInt8(ascii: ",")] }
            body += Array("0]}".utf8)
            return .to(.readBack, .schedule, reply: .bytes(Answers.plain("200 OK", body)))
        },
        HostileCase(
            name: "a read-back of 9 MiB", does: "answers a question with 9 MiB of JSON",
            guards: [
                .bodyLimit,
                Guard("Forwarder/Icinga/IcingaRequest.swift", "readBackByteLimit = 8 << 20"),
            ],
            holds: "The length alone ends the connection.", reaction: .hangsUp,
            says: "an answer of more than"
        ) { _ in
            let body = [UInt8](repeating: UInt8(ascii: " "), count: 9 << 20)
            return .to(.readBack, .schedule, reply: .bytes(Answers.plain("200 OK", body)))
        },
        HostileCase(
            name: "words for the terminal",
            does: """
                refuses with 60 KiB of escape sequences, shell words and line ends as explanation
                """,
            guards: [
                Guard("UplinkMessages/Wire.swift", "textByteLimit = 512"),
                Guard("Monitoring/PrintableText.swift", "var printable: String"),
            ],
            holds: "512 bytes of it are passed on, and shown as printable text.",
            reaction: .bears(2), isShort: true
        ) { stage in
            let words = #"\u001b]0;x\u0007\u001b[2J\n\r; touch CANARY; $(touch CANARY) `id`"#
                .replacing("CANARY", with: stage.canary)
            let text = String(repeating: words, count: 60_000 / words.utf8.count)
            return .to(
                .submission, .probe,
                reply: .text("503 Service Unavailable", #"{"error":503,"status":"\#(text)"}"#))
        },
    ]

    /// An answer to a submission from which nothing can be told.
    private static func unsound(
        _ name: String, _ does: String, _ guards: Guard, _ body: [UInt8], headers: String = "",
        isShort: Bool = false
    ) -> HostileCase {
        HostileCase(
            name: name, does: does, guards: [guards], holds: again, reaction: .bears(2),
            isDoubted: true,
            isShort: isShort
        ) { _ in
            .to(.submission, reply: .bytes(Answers.plain("200 OK", body, headers: headers)))
        }
    }
}
