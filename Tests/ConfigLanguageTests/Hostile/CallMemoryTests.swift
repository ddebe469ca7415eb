import ConfigLanguage
import Testing

/// What functions leave behind is bounded over the life of a session.
@Suite struct CallMemoryTests {
    private static let half = "var z = \"0123456789abcdef\"; for (i in range(14)) { z += z }\n"

    /// Calls a function so often, or until it fails, and returns the error.
    private func call(_ body: String, times: Int) throws -> String? {
        let session = try committed(
            "globals.leak = [ ]\nglobals.n = 0\nobject Host \"h\" { vars.x = [ ] }\n"
                + "globals.f = function() { \(body) }"
        )
        let function = try #require(session.constant("f")?.asFunction)
        for _ in 0..<times {
            do throws(ConfigFault) {
                _ = try session.call(function)
            } catch {
                return error.message
            }
        }
        return nil
    }

    @Test func `what piles up in a global ends in an error that names it`() throws {
        let message = try call(Self.half + "globals.leak.add(z + 1)", times: 1000)
        #expect(message?.contains("the global 'leak'") == true)
        #expect(message?.contains("reload") == true)
    }

    @Test func `what piles up in an object ends in an error that names it`() throws {
        let message = try call(Self.half + "get_host(\"h\").vars.x.add(z + 1)", times: 1000)
        #expect(message?.contains("Host 'h'") == true)
    }

    @Test(arguments: [
        "globals.leak.add(this)", "globals.leak.add([ [ ], [ ], [ ] ])",
        "globals[\"k\" + globals.n] = { a = 1 }; globals.n += 1",
        "String.prototype[\"k\" + globals.n] = [ \"some text\" ]; globals.n += 1",
        "globals.leak.add(() => 1)",
    ])
    func `small things that pile up end in an error too`(body: String) throws {
        let loop = "for (i in range(1000)) { \(body) }"
        let message = try call(loop, times: 2000)
        #expect(message?.contains("left behind") == true || message?.contains("elements") == true)
    }

    @Test func `what is replaced or taken out again goes on for ever`() throws {
        let replaced = "globals.leak = [ z + 1 ]; globals.n += 1"
        #expect(try call(Self.half + replaced, times: 400) == nil)
        let cleared = "globals.leak.add(z + 1); globals.leak.clear()"
        #expect(try call(Self.half + cleared, times: 400) == nil)
        #expect(try call("globals.n += 1", times: 20_000) == nil)
    }

    @Test func `calls with one budget share it`() throws {
        let session = try committed(
            "globals.f = () => { for (i in range(1000)) { if (i == -1) { break } } }")
        let function = try #require(session.constant("f")?.asFunction)
        let budget = CallBudget(EvaluationLimits(steps: 10_000))
        var calls = 0
        while calls < 100 {
            do throws(ConfigFault) {
                _ = try session.call(function, within: budget)
                calls += 1
            } catch {
                #expect(error.message.contains("10000 evaluation steps"))
                break
            }
        }
        #expect((1...9).contains(calls))
        #expect(throws: Never.self) { try session.call(function) }
    }
}
