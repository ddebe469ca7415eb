import Monitoring
import NIOCore
import NIOEmbedded
import Testing
import TestSupport
import UplinkMessages

@testable import Forwarder

/// Refusals of a link whose owner asks again from within the answer.
struct NodeLinkTests {
    /// Asks again each time it is answered, so many times.
    private final class Insistent {
        let loop = EmbeddedEventLoop()
        let link: NodeLink
        var answers: [String] = []
        var depth = 0
        var deepest = 0

        init() {
            let node = NodeSettings(name: "n", identity: "i", addresses: [], port: 1)
            link = NodeLink(
                node,
                tls: .failure(LinkFailure(.keysUnusable, "no keys")),
                time: FakeTime(),
                on: loop,
                tell: { _ in }
            )
        }

        func exchange(asksAgain ask: @escaping () -> Void = {}) -> HTTPExchange {
            let request = HTTPRequest(
                method: .post,
                path: "/",
                body: ByteBuffer(string: "{}"),
                answerByteLimit: 1
            )
            return HTTPExchange(request: request) { [self] report in
                depth += 1
                deepest = max(deepest, depth)
                if case .notSent(let failure) = report.end { answers.append(failure.text) }
                ask()
                depth -= 1
            }
        }

        /// An exchange that on its end hands over another one, `count` in a row.
        func chain(_ count: Int, _ handOver: @escaping (HTTPExchange) -> Void) -> HTTPExchange {
            exchange { [self] in
                if count > 1 { handOver(chain(count - 1, handOver)) }
            }
        }
    }

    /// Deep enough to end the process if each refusal nested in the one before.
    private let count = 20_000

    @Test func `who adds and pumps from within a refusal is answered each time, in no depth`() {
        let one = Insistent()
        one.link.add(
            one.chain(count) {
                one.link.add($0)
                one.link.pump()
            }
        )
        one.link.pump()
        #expect(one.answers.count < count && !one.link.isIdle)  // the loop has its turn meanwhile
        one.loop.run()
        #expect(one.answers.count == count && one.deepest == 1)
        #expect(one.answers.allSatisfy { $0.contains("probe first") })
        #expect(one.link.isIdle)
    }

    @Test func `what is only added from within a refusal is not forgotten`() {
        let one = Insistent()
        one.link.add(one.chain(3) { one.link.add($0) })
        one.link.pump()
        one.loop.run()
        #expect(one.answers.count == 3 && one.deepest == 1)
        #expect(one.link.isIdle)
    }

    @Test func `who probes from within a failed probe is answered each time, in no depth`() {
        let one = Insistent()
        one.link.fence(one.chain(count) { one.link.fence($0) })
        one.loop.run()
        #expect(one.answers == Array(repeating: "no keys", count: count))
        #expect(one.deepest == 1 && one.link.isIdle)
    }

    @Test func `a full queue refuses at once, and who insists waits for the loop's next turn`() {
        let one = Insistent()
        for _ in 0..<NodeLink.queueLimit { one.link.add(one.exchange()) }
        #expect(one.answers.isEmpty)
        one.link.add(one.chain(count) { one.link.add($0) })
        #expect(one.answers.count == 1 && one.deepest == 1)
        #expect(one.answers.first?.contains("too many requests") == true)
        one.loop.run()
        #expect(one.answers.count == NodeLink.queueLimit + count)
        #expect(one.deepest == 1 && one.link.isIdle)
    }
}
