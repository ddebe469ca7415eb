/// Answers that are not HTTP/1.1 as agreed.
extension HostileCase {
    static let framing: [HostileCase] = heads + lengths + protocols

    private static let status = "HTTP/1.1 200 OK"
    private static let filler = [UInt8](repeating: UInt8(ascii: "a"), count: 16_384)
    private static let kept = "Nothing of it is kept; what was out is read back."
    private static let decoderSays = "something that is not HTTP/1.1"

    private static let heads: [HostileCase] = [
        HostileCase(
            name: "one header without end", does: "sends a header whose value never ends",
            guards: [Guard("Forwarder/HTTP/AnswerReader.swift", "maxHeaderFieldSize")],
            holds: "The connection ends at 8 KiB. \(kept)", reaction: .hangsUp,
            says: decoderSays, isShort: true
        ) { _ in
            .to(
                .submission,
                reply: .endless(Script.Reply.head(status) + Array("X: ".utf8), piece: filler))
        },
        HostileCase(
            name: "headers without end", does: "sends short headers for ever",
            guards: [Guard("Forwarder/HTTP/AnswerReader.swift", "maxHeaderFieldCount")],
            holds: "The connection ends at the 65th. \(kept)", reaction: .hangsUp,
            says: decoderSays
        ) { _ in
            .to(
                .submission,
                reply: .endless(Script.Reply.head(status), piece: Array("X: y\r\n".utf8)))
        },
        HostileCase(
            name: "headers of 25 KiB", does: "sends 50 headers of 500 bytes each",
            guards: [Guard("Forwarder/HTTP/AnswerReader.swift", "maxHeaderListSize")],
            holds: "The connection ends at 16 KiB. \(kept)", reaction: .hangsUp,
            says: decoderSays
        ) { _ in
            let line = "X: " + String(repeating: "a", count: 500) + "\r\n"
            let headers = String(repeating: line, count: 50)
            return .to(.submission, reply: .text("200 OK", "{}", headers: headers))
        },
        HostileCase(
            name: "a status line without end", does: "sends a reason phrase that never ends",
            guards: [.answerTimeout],
            holds: "Read and dropped, until the answer's time is over.", reaction: .hangsUp,
            says: "gave no answer within"
        ) { _ in
            .to(.submission, reply: .endless(Array("HTTP/1.1 200 ".utf8), piece: filler))
        },
        HostileCase(
            name: "blank lines without end", does: "sends line ends in the place of an answer",
            guards: [.answerTimeout],
            holds: "Read and dropped, until the answer's time is over.", reaction: .hangsUp,
            says: "gave no answer within"
        ) { _ in
            let blanks = [UInt8]("\r\n".utf8) + [UInt8](String(repeating: "\r\n", count: 4095).utf8)
            return .to(.submission, reply: .endless([], piece: blanks))
        },
        HostileCase(
            name: "NUL in a header", does: "sends a header with a NUL in it",
            guards: [.decoder], holds: "The connection ends. \(kept)", reaction: .hangsUp,
            says: decoderSays
        ) { _ in .to(.submission, reply: .text("200 OK", "{}", headers: "X: a\0b\r\n")) },
        HostileCase(
            name: "trailers without end", does: "sends headers behind the last chunk for ever",
            guards: [Guard("Forwarder/HTTP/AnswerReader.swift", "maxHeaderFieldCount")],
            holds: "They count as headers; the connection ends. \(kept)", reaction: .hangsUp,
            says: decoderSays
        ) { _ in
            let start = Script.Reply.head(status, "Transfer-Encoding: chunked", "", "0")
            return .to(.submission, reply: .endless(start, piece: Array("X: y\r\n".utf8)))
        },
    ]

    private static let lengths: [HostileCase] = [
        HostileCase(
            name: "a length of a terabyte", does: "announces a body of 2^40 bytes",
            guards: [Guard("Forwarder/HTTP/AnswerReader.swift", "count > UInt64(limit)")],
            holds: "The connection ends before the first of them. \(kept)", reaction: .hangsUp,
            says: "an answer of more than 65536 bytes", isShort: true
        ) { _ in
            .to(
                .submission,
                reply: .endless(
                    Script.Reply.head(status, "Content-Length: 1099511627776", ""), piece: filler))
        },
        HostileCase(
            name: "lengths that are none",
            does: "announces a body of 2^64 bytes, one of -1, and two lengths at once",
            guards: [.decoder], holds: "The connection ends. \(kept)", reaction: .hangsUp,
            says: decoderSays
        ) { _ in
            let turns = Turns([
                Script.Reply.head(status, "Content-Length: 18446744073709551616", "") + filler,
                Script.Reply.head(status, "Content-Length: -1", "") + filler,
                Script.Reply.head(status, "Content-Length: 2", "Content-Length: 3", "", "{}"),
            ])
            return .to([.submission]) { _, _ in .bytes(turns.next()) }
        },
        HostileCase(
            name: "length beside chunks",
            does: "sends Content-Length and Transfer-Encoding, to have two answers seen in one",
            guards: [.decoder], holds: "The connection ends. \(kept)", reaction: .hangsUp,
            says: decoderSays, isShort: true
        ) { _ in
            let head = Script.Reply.head(
                status, "Content-Length: 4", "Transfer-Encoding: chunked", "", "0", "")
            return .to(.submission, reply: .bytes(head + Answers.processed("web1!pulse1")))
        },
        HostileCase(
            name: "chunks without end", does: "sends chunks of 16 KiB for ever",
            guards: [.bodyLimit], holds: "The connection ends at 64 KiB. \(kept)",
            reaction: .hangsUp, says: "an answer of more than 65536 bytes", isShort: true
        ) { _ in
            let chunk = Array("4000\r\n".utf8) + filler + Array("\r\n".utf8)
            return .to(.submission, reply: .endless(chunked, piece: chunk))
        },
        HostileCase(
            name: "small chunks without end", does: "sends chunks of eight bytes for ever",
            guards: [.bodyLimit], holds: "The connection ends at 64 KiB. \(kept)",
            reaction: .hangsUp, says: "an answer of more than 65536 bytes"
        ) { _ in
            let chunks = [UInt8](String(repeating: "8\r\naaaaaaaa\r\n", count: 1_000).utf8)
            return .to(.submission, reply: .endless(chunked, piece: chunks))
        },
        HostileCase(
            name: "a chunk extension without end", does: "sends a chunk's head that never ends",
            guards: [.answerTimeout],
            holds: "Read and dropped, until the answer's time is over.", reaction: .hangsUp,
            says: "gave no answer within"
        ) { _ in
            .to(.submission, reply: .endless(chunked + Array("1;".utf8), piece: filler))
        },
        HostileCase(
            name: "a chunk of 2^64 bytes", does: "sends a chunk's head with 17 digits",
            guards: [.decoder], holds: "The connection ends. \(kept)", reaction: .hangsUp,
            says: decoderSays
        ) { _ in
            .to(.submission, reply: .bytes(chunked + Array("FFFFFFFFFFFFFFFFF\r\n".utf8) + filler))
        },
        HostileCase(
            name: "a body as long as the connection",
            does: "answers without a length and closes, as if all had been said",
            guards: [Guard("Forwarder/HTTP/AnswerReader.swift", "an answer without a length")],
            holds: "An answer that was cut off is none. \(kept)", reaction: .hangsUp,
            says: "an answer without a length", isShort: true
        ) { _ in
            let body = Answers.processed("web1!pulse1").drop { $0 != UInt8(ascii: "{") }
            return .to(
                .submission, reply: .bytesThenEnd(Script.Reply.head(status, "") + body, .cut))
        },
    ]

    private static let chunked = Script.Reply.head(status, "Transfer-Encoding: chunked", "")

    private static let protocols: [HostileCase] = [
        HostileCase(
            name: "HTTP/2 in words", does: "answers with the status line HTTP/2 200",
            guards: [
                .decoder,
                Guard("Forwarder/HTTP/AnswerReader.swift", "head.version.major == 1"),
            ],
            holds: "The connection ends. \(kept)", reaction: .hangsUp, says: decoderSays
        ) { _ in
            .to(
                .submission,
                reply: .bytes(Script.Reply.head("HTTP/2 200 OK", "Content-Length: 2", "", "{}")))
        },
        HostileCase(
            name: "HTTP/2 in frames", does: "answers with SETTINGS and endless PING frames",
            guards: [.decoder], holds: "The connection ends. \(kept)", reaction: .hangsUp,
            says: decoderSays
        ) { _ in
            let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
            let ping: [UInt8] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
            return .to(.submission, reply: .endless(settings, piece: ping))
        },
        HostileCase(
            name: "an upgrade", does: "answers 101 and goes on in HTTP/2",
            guards: [
                Guard("Forwarder/HTTP/AnswerReader.swift", "(200...599).contains(status)")
            ],
            holds: "The connection ends. \(kept)", reaction: .hangsUp, says: "status 101",
            isShort: true
        ) { _ in
            let head = Script.Reply.head(
                "HTTP/1.1 101 Switching Protocols", "Upgrade: h2c", "Connection: Upgrade", "")
            return .to(.submission, reply: .endless(head, piece: filler))
        },
        HostileCase(
            name: "100 Continue without end", does: "sends informational answers for ever",
            guards: [
                Guard("Forwarder/HTTP/AnswerReader.swift", "(200...599).contains(status)")
            ],
            holds: "The first ends the connection. \(kept)", reaction: .hangsUp,
            says: "status 100"
        ) { _ in
            let one = Script.Reply.head("HTTP/1.1 100 Continue", "")
            return .to(.submission, reply: .endless(one, piece: one))
        },
        HostileCase(
            name: "a status that there is not", does: "answers 999",
            guards: [
                Guard("Forwarder/HTTP/AnswerReader.swift", "(200...599).contains(status)")
            ],
            holds: "The connection ends. \(kept)", reaction: .hangsUp, says: "status 999"
        ) { _ in .to(.submission, reply: .text("999 Unheard-of", "{}")) },
        HostileCase(
            name: "noise", does: "answers with random bytes",
            guards: [.decoder], holds: "The connection ends. \(kept)", reaction: .hangsUp,
            says: decoderSays
        ) { _ in
            .to([.submission]) { _, _ in
                .bytes([0xFF] + (0..<4096).map { _ in UInt8.random(in: 0...255) })
            }
        },
        HostileCase(
            name: "an answer that nobody asked for",
            does: "answers each submission twice, the second time for another object",
            guards: [
                Guard("Forwarder/HTTP/AnswerReader.swift", "an answer that nobody asked for"),
                .decoder,
            ],
            holds: """
                With nothing in flight the connection ends; what another request took for its \
                answer is found missing when kept results are compared, and sent again.
                """,
            reaction: .bears(6), isShort: true
        ) { _ in
            .to([.submission]) { request, ledger in
                .bytes(ledger.take(request) + Answers.processed("web1!pulse2"))
            }
        },
        HostileCase(
            name: "more behind the last answer",
            does: "says Connection: close and sends further answers behind it",
            guards: [Guard("Forwarder/HTTP/PipelinedClient.swift", "finished.isLastOnConnection")],
            holds: "Nothing behind it is heard; what was in flight is read back.",
            reaction: .hangsUp
        ) { _ in
            .to([.submission]) { request, ledger in
                .bytes(Answers.last(ledger.take(request)) + Answers.processed("web1!pulse2"))
            }
        },
        HostileCase(
            name: "redirects", does: "answers 301, 302, 307 and 308 to another port of this host",
            guards: [.unverified],
            holds: "Nobody goes there: paths are constants. The result is read back, sent again.",
            reaction: .bears(8), isDoubted: true, isShort: true
        ) { stage in
            let turns = Turns(["301 A", "302 B", "307 C", "308 D"])
            let place = "Location: https://127.0.0.1:\(stage.trapPort)/v1\r\n"
            return .to([.submission]) { _, _ in .text(turns.next(), "{}", headers: place) }
        },
    ]
}
