import ConfigLanguage
import Testing

/// What refers to itself is released all the same.
@Suite struct CycleTests {
    /// Scripts that make something that holds itself, and yield it.
    private static let scripts = [
        "var a = [ ]; a.add(a); a", "var a = [ 1 ]; a[0] = a; a",
        "var a = [ 1 ]; a.set(0, [ a ]); a",
        "var d = { }; d.d = d; d", "var d = { }; d.set(\"d\", { x = [ d ] }); d",
        "var d = { }; d.f = function() use (d) { }; d", "var a = [ 1 ]; a.add(&a[0]); a",
        "var d = { x = this }; d", "var l = locals; l", "var a = [ ]; locals.x = [ locals, a ]; a",
        "var d = { }; d.a.b.c = d; d", "var a = [ ]; var b = [ a ]; a.add(b); b",
    ]

    private final class Weak {
        weak var array: ArrayValue?
        weak var dictionary: DictionaryValue?

        init(_ value: Value) {
            array = value.asArray
            dictionary = value.asDictionary
        }

        var isGone: Bool { array == nil && dictionary == nil }
    }

    @Test(arguments: scripts)
    func `what holds itself is released with its session`(script: String) throws {
        let weak: Weak
        do {
            let session = session("")
            weak = Weak(try session.evaluate(Array(script.utf8)))
            #expect(!weak.isGone)
        }
        #expect(weak.isGone)
    }

    @Test func `what a call leaves to itself is released after the call`() throws {
        let session = try committed(
            """
            globals.kept = [ ]
            globals.f = function(seen) {
              var d = { }
              d.d = [ d ]
              seen(d)
            }
            globals.g = function(seen) {
              var d = { }
              d.d = [ d ]
              globals.kept.add(d)
              seen(d)
            }
            """
        )
        var weak: Weak?
        let seen = FunctionValue("seen") { call throws(ConfigFault) in
            weak = Weak(call.argument(0))
            return .null
        }
        for (name, isKept) in [("f", false), ("g", true)] {
            let function = try #require(try session.evaluate(Array(name.utf8)).asFunction)
            _ = try session.call(function, arguments: [.function(seen)])
            #expect(weak?.isGone == !isKept, "\(name)")
        }
        #expect(try session.evaluate(Array("kept[0].d[0].d.len()".utf8)).asNumber == 1)
    }

    @Test func `what a call returns stays whole`() throws {
        let session = try committed("globals.f = () => { var d = { a = 5 }; d.d = d; return d }")
        let function = try #require(try session.evaluate(Array("f".utf8)).asFunction)
        let result = try #require(try session.call(function).asDictionary)
        #expect(result["d"]?.asDictionary?["a"]?.asNumber == 5)
    }
}
