@testable import Collector
import ConfigLanguage
import Testing

@Suite struct ArgumentTests {
    private static var variables: [ByteString: Value] {
        [
            "text": "T", "empty": "", "nothing": .null, "list": ["a", "b"], "none": [],
            "table": ["k": "v"], "yes": true, "no": false, "number": 0.1,
        ]
    }

    private static func words(_ arguments: Value) -> [String] {
        let fixture = MacroFixture(service: MacroFixture.variables(variables))
        return Array(fixture.build(["/bin/probe"], arguments).dropFirst())
    }

    @Test func `a value becomes key and word`() {
        let cases: [(Value, [String])] = [
            (["-k": "$text$"] as Value, ["-k", "T"]), (["-k": .null], ["-k"]), (["-k": ""], ["-k"]),
            (["-k": [:]], ["-k"]), (["-k": 5], ["-k", "5"]),
            (["-k": "$number$"], ["-k", "0.100000"]),
            (["-k": "$empty$"], ["-k", ""]), (["-k": "$nothing$"], ["-k", ""]),
            (["-k": "$nope$"], []), (["-k": "$list$"], ["-k", "a", "-k", "b"]),
            (["-k": "$none$"], []), (["-k": "$table$"], []),
        ]
        for (value, expected) in cases {
            #expect(Self.words(value) == expected, "\(CanonicalJSON.text(value))")
        }
    }

    @Test func `repeat_key false writes the key once`() {
        #expect(
            Self.words(["-k": ["value": "$list$", "repeat_key": false]]) == ["-k", "a", "b"]
        )
    }

    @Test func `skip_key leaves the key out, and without a value everything`() {
        #expect(Self.words(["-k": ["value": "$list$", "skip_key": true]]) == ["a", "b"])
        #expect(Self.words(["-k": ["skip_key": true]]) == [])
    }

    @Test func `a separator joins key and value into one word`() {
        #expect(
            Self.words(["-k": ["value": "$list$", "separator": "="]]) == ["-k=a", "-k=b"]
        )
        #expect(
            Self.words(["-k": ["value": "$text$", "separator": "=", "skip_key": true]]) == ["T"]
        )
    }

    @Test func `key replaces what is printed and leaves the order`() {
        #expect(
            Self.words(["1": ["key": "-z", "value": "$text$"], "2": ["key": "-a"]])
                == ["-z", "T", "-a"]
        )
    }

    @Test func `order counts first, then the bytes of the key`() {
        #expect(
            Self.words([
                "b": "2", "a": "1", "Z": "0", "last": ["value": "9", "order": 1],
                "first": ["value": "-", "order": -1],
            ]) == ["first", "-", "Z", "0", "a", "1", "b", "2", "last", "9"]
        )
    }

    @Test func `more than sixteen arguments of one order stay in the order of their keys`() {
        let arguments = DictionaryValue()
        let keys = (10..<40).map { "k\($0)" }
        for key in keys { arguments[ByteString(key)] = Value.null }
        #expect(Self.words(.dictionary(arguments)) == keys)
    }

    @Test func `set_if takes true and numbers that are not zero`() {
        let cases: [(Value, Bool)] = [
            ("$yes$", true), ("$no$", false), ("true", true), ("false", false), ("1", true),
            ("-1", true), ("0.5", false), ("1e2", true), ("yes", false), ("True", false),
            (" 1", false), ("$nope$", false), ("$nothing$", false), ("$empty$", false),
            ("$list$", false), ("$table$", false), ("", true), (.null, true), (true, true),
            (false, false), (2, true),
        ]
        for (condition, isIn) in cases {
            let words = Self.words(["-k": ["set_if": condition]])
            #expect(words == (isIn ? ["-k"] : []), "\(CanonicalJSON.text(condition))")
        }
    }

    @Test func `a required argument without its macro is an error that names both`() {
        let fixture = MacroFixture()
        #expect(
            fixture.build(["/p"], ["-k": ["value": "$x$", "required": true]])
                == ["Non-optional macro 'x' used in argument '-k' is missing."]
        )
    }

    @Test func `required is satisfied by an empty value and overruled by set_if`() {
        #expect(Self.words(["-k": ["value": "$empty$", "required": true]]) == ["-k", ""])
        #expect(
            Self.words(["-k": ["value": "$x$", "required": true, "set_if": "$no$"]]) == []
        )
    }

    @Test func `a text command is one shell line with quoted values`() {
        let fixture = MacroFixture(service: MacroFixture.variables(["t": "a b"]))
        #expect(fixture.build("probe $t$ 'x'") == ["sh:probe 'a b' 'x'"])
    }

    @Test func `a word of the command without value is empty, an array is joined`() {
        let fixture = MacroFixture(service: MacroFixture.variables(["l": ["a", "b"]]))
        #expect(
            fixture.build(["/p", "$nope$", "$l$", "<$l$>"])
                == ["Mixing both strings and non-strings in macros is not allowed."]
        )
        #expect(fixture.build(["/p", "$nope$", "$l$"]) == ["/p", "", "a;b"])
    }
}
