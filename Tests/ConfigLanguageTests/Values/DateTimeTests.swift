import ConfigLanguage
import Testing

@Suite struct DateTimeTests {
    @Test(arguments: [
        ("DateTime(0)", "1970-01-01 00:00:00 +0000"),
        ("DateTime(2020, 2, 30)", "2020-03-01 00:00:00 +0000"),
        ("DateTime(2026, 11, 27, 12, 5, 0)", "2026-11-27 12:05:00 +0000"),
        ("DateTime(10) + 5", "1970-01-01 00:00:15 +0000"),
        ("DateTime(10) - 5", "1970-01-01 00:00:05 +0000"),
        ("DateTime()", "2001-09-09 01:46:40 +0000"),
    ])
    func `a point in time is written as Icinga writes it`(text: String, expected: String) throws {
        #expect(try value(text).toText.text == expected)
    }

    @Test(arguments: [
        ("DateTime(7) - DateTime(3)", "4"), ("DateTime(3) < DateTime(7)", "true"),
        ("DateTime(3) == DateTime(3)", "true"), ("DateTime(3).value", "3"),
        ("DateTime(3).format(\"%H:%M:%S\")", "\"00:00:03\""),
        ("typeof(DateTime(3)).name", "\"DateTime\""),
        ("var d = DateTime(3); d.value = 5; d.value", "3"),
        ("DateTime(3).format(\"\")", "\"\""),
    ])
    func `points in time can be compared, subtracted and formatted`(text: String, expected: String)
    {
        #expect(shown(text) == expected)
    }

    @Test(arguments: [
        "DateTime(1, 2)", "DateTime(3) < 5", "5 - DateTime(3)", "DateTime(3) + DateTime(4)",
        "DateTime(3).format()", "DateTime(3).name", "DateTime(\"x\")", "-DateTime(3)",
        "DateTime(number(\"inf\")).format(\"%Y\")", "DateTime(3).format(\"%99999d\")",
        "DateTime(3).format(range(3000).join(\"%Y\"))",
    ])
    func `what makes no sense with a point in time is an error`(text: String) {
        #expect(shown(text).hasPrefix("error"))
    }

    @Test(arguments: ["number(\"nan\")", "number(\"-inf\")", "100000000000000000000"])
    func `a time out of range still is a value`(seconds: String) {
        #expect(shown("string(DateTime(\(seconds)))") == "\"Object of type 'DateTime'\"")
    }
}
