@testable import Collector
import ConfigLanguage
import Testing

@Suite struct MacroTests {
    private static func fixture(
        host: [ByteString: Value] = [:],
        service: [ByteString: Value] = [:],
        command: [ByteString: Value] = [:]
    ) -> MacroFixture {
        MacroFixture(
            host: MacroFixture.variables(host).merging(["address": "192.0.2.1"]) { old, _ in old },
            service: MacroFixture.variables(service),
            command: MacroFixture.variables(command)
        )
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("$$", #""$""#), ("a$$b", #""a$b""#),
        ("$a", "Closing $ not found in macro format string '$a'."),
        ("$nope$", "null missing nope"), ("x$nope$y", #""xy" missing nope"#), ("", "null"),
    ])
    func `dollar signs pair up, and two are one`(text: String, expected: String) {
        #expect(Self.fixture().resolve(.text(text)) == expected)
    }

    @Test func `the service hides the host, which hides the command`() {
        let all = Self.fixture(host: ["a": 2, "b": 2], service: ["a": 1], command: ["c": 3])
        #expect(all.resolve("$a$ $b$ $c$") == #""1 2 3""#)
    }

    @Test func `a null or empty variable hides those behind it`() {
        let empty = Self.fixture(host: ["a": "host"], service: ["a": .null])
        #expect(empty.resolve("$a$") == "null")
        #expect(empty.resolve("<$a$>") == #""<>""#)
    }

    @Test func `attributes are found after variables, of the service first`() {
        let names = Self.fixture()
        #expect(names.resolve("$name$ $address$ $host.name$") == #""disk 192.0.2.1 web1""#)
        #expect(names.resolve("$check_interval$") == "300")
        #expect(names.resolve("$timeout$") == "60")
    }

    @Test func `an attribute that exists but is empty is found`() {
        #expect(Self.fixture().resolve("$address6$") == #""""#)
    }

    @Test func `a runtime value comes between variables and attributes`() {
        var runtime = Self.fixture(service: ["output": "mine"])
        runtime.runtime = ["output": "theirs", "name": "runtime"]
        #expect(runtime.resolve("$output$ $name$") == #""mine runtime""#)
    }

    @Test func `a long name walks dictionaries but not arrays`() {
        let nested = Self.fixture(host: ["a": ["b": ["c": "deep"]], "list": ["x"]])
        #expect(nested.resolve("$host.vars.a.b.c$") == #""deep""#)
        #expect(nested.resolve("$a.b$") == "null missing a.b")
        #expect(nested.resolve("$host.vars.list.0$") == "null missing host.vars.list.0")
        #expect(nested.resolve("$host.name.rest$") == #""web1""#)
    }

    @Test func `one macro alone keeps its type`() {
        let typed = Self.fixture(service: ["n": 1.5, "b": true, "l": ["x", "$n$"], "d": ["k": 1]])
        #expect(typed.resolve("$n$") == "1.5")
        #expect(typed.resolve("$b$") == "true")
        #expect(typed.resolve("$l$") == #"["x",1.5]"#)
        #expect(typed.resolve("$d$") == #"{"k":1}"#)
        #expect(typed.resolve("<$n$>") == #""<1.500000>""#)
    }

    @Test func `an array cannot stand inside a text`() {
        let list = Self.fixture(service: ["l": ["x", "y"]])
        #expect(
            list.resolve("<$l$>")
                == "Mixing both strings and non-strings in macros is not allowed."
        )
    }

    @Test func `an array's elements that become arrays are joined`() {
        let list = Self.fixture(service: ["l": ["x", "y"]])
        #expect(list.resolve(["$l$", 5, "$nope$"]) == #"["x;y","5",null] missing nope"#)
    }

    @Test func `macros that refer to each other end`() {
        let loop = Self.fixture(service: ["a": "$b$", "b": "$a$"])
        #expect(loop.resolve("$a$") == "Infinite recursion detected while resolving macros")
    }

    @Test func `fifteen references deep is allowed, sixteen is not`() {
        func chain(_ length: Int) -> MacroFixture {
            var variables: [ByteString: Value] = [ByteString("v\(length)"): "end"]
            for step in 0..<length { variables[ByteString("v\(step)")] = .text("$v\(step + 1)$") }
            return Self.fixture(service: variables)
        }
        #expect(chain(14).resolve("$v0$") == #""end""#)
        #expect(chain(15).resolve("$v0$") == "Infinite recursion detected while resolving macros")
    }

    @Test func `variables hold macros, other attributes do not`() {
        let fixture = MacroFixture(
            host: ["address": "$name$", "notes": "n $address$"],
            service: [:]
        )
        #expect(fixture.resolve("$address$") == #""$name$""#)
        #expect(fixture.resolve("$host.notes$") == #""n $name$""#)
    }

    @Test func `words for the shell are quoted one by one`() {
        let words = Self.fixture(service: ["q": "it's", "l": ["a b", 2]])
        #expect(
            words.resolve("echo $q$ $l$ $nope$", quoting: .shell)
                == #""echo 'it'\\''s' 'a b' '2' ''" missing nope"#
        )
    }

    @Test func `names are bytes, so two spellings of one letter are two names`() {
        let spelled = Self.fixture(service: ["caf\u{E9}": "composed"])
        #expect(spelled.resolve("$cafe\u{301}$") == "null missing cafe\u{301}")
    }
}
