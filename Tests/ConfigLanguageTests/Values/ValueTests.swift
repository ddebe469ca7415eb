import ConfigLanguage
import Testing

@Suite struct ValueTests {
    @Test(arguments: [
        (0.1, "0.100000"), (1.5, "1.500000"), (5, "5"), (-3, "-3"), (1e20, "100000000000000000000"),
        (0, "0"), (-0.0, "-0"), (2.0 / 3, "0.666667"), (.infinity, "inf"),
        (1e15, "1000000000000000"),
    ])
    func `numbers become text by the rule of the C library`(number: Double, expected: String) {
        #expect(Value.text(ofNumber: number).text == expected)
    }

    @Test(arguments: [
        ("5", 5.0), ("-1.5", -1.5), ("1e2", 100), (".5", 0.5), ("5.", 5), ("+3", 3),
        (" 5", nil), ("5 ", nil), ("0x10", nil), ("", nil), ("1e", nil), ("five", nil), (".", nil),
    ])
    func `text becomes a number without blanks and hexadecimal`(text: String, expected: Double?) {
        #expect(Value.number(fromText: ByteString(text)) == expected)
    }

    @Test func `strings compare by bytes, not by canonical equivalence`() {
        #expect(ByteString("\u{e9}") != ByteString("e\u{301}"))
        #expect(ByteString([0xff]) > ByteString([0x7a]))
        #expect(ByteString([0xff]).text == "\u{fffd}")
        #expect(ByteString("ab") > ByteString("a"))
    }

    @Test func `dictionaries iterate in byte order of their keys`() {
        let dictionary = DictionaryValue()
        for key in ["b", "a", "B", "aa", "_"] { dictionary[ByteString(key)] = .null }
        #expect(dictionary.keys.map(\.text) == ["B", "_", "a", "aa", "b"])
        dictionary["a"] = nil
        #expect(!dictionary.contains("a"))
        #expect(dictionary.count == 4)
    }

    @Test func `collections become text in the form of configuration`() {
        let value: Value = ["a": 1.5, "in": ["x", .null]]
        #expect(value.toText.text == "{\n\ta = 1.500000\n\tin = [ \"x\", null ]\n}")
    }
}
