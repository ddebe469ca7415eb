import ConfigLanguage
import Foundation
import Testing

/// Deep recursion is an error on every thread, however small its stack.
@Suite struct SmallStackTests {
    /// Runs something on a thread with a stack of this size.
    private func onThread<T: Sendable>(
        _ kibibytes: Int,
        _ body: @escaping @Sendable () -> T
    ) async -> T {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: body()) }
            thread.stackSize = kibibytes << 10
            thread.start()
        }
    }

    /// A function that calls itself at this depth of its only expression.
    private static func deep(_ depth: Int) -> String {
        let open = String(repeating: "1 + (", count: depth)
        let close = String(repeating: ")", count: depth)
        return "function f(x) { return x == 0 ? 0 : \(open)f(x - 1)\(close) }\n"
    }

    @Test(arguments: [(1024, 10), (2048, 40), (8192, 80)])
    func `a deep recursion ends in an error while loading and in calls`(
        kibibytes: Int,
        depth: Int
    ) async {
        let message = await onThread(kibibytes) { () -> String in
            let session = session(Self.deep(depth) + "globals.g = () => f(290)\n")
            do throws(ConfigFault) {
                try session.commit()
                guard let function = session.constant("g")?.asFunction else { return "no g" }
                _ = try session.call(function)
                return "no error"
            } catch {
                return error.message
            }
        }
        #expect(message.contains("the limit of the stack"))
        let loading = await onThread(kibibytes) {
            errors(in: Self.deep(depth) + "f(290)\n").map(\.message).joined()
        }
        #expect(loading.contains("the limit of the stack"))
    }

    @Test(arguments: [1024, 2048])
    func `nested texts are read or refused on a small stack`(kibibytes: Int) async {
        for (open, close) in [("(", ")"), ("[", "]"), ("{{ ", "}}"), ("-", "")] {
            let text =
                "x = " + String(repeating: open, count: 290) + "1"
                + String(repeating: close, count: 290)
            let answer = await onThread(kibibytes) { verdict(text) }
            #expect(answer == "accepted" || answer.contains("nested"))
        }
    }

    @Test func `values nested deep are written and compared on a small stack`() async {
        let text = """
            var a = [ ]; for (i in range(200)) { a = [ a, { x = a } ] }
            string(a).len() > 0 && a != 1 && Json.encode([ [ [ 1 ] ] ]) != ""
            """
        #expect(await onThread(1024) { shown(text) }.isEmpty == false)
    }
}
