import ConfigLanguage
import Testing

@Suite(.enabled(if: Oracle.isInstalled, "Icinga 2 is not installed"))
struct OracleTests {
    /// Most texts are compared in some seconds; the seed keeps them the same.
    private static let count = 150

    @Test func `mutated texts get the verdict that Icinga gives`() {
        var random = SeededGenerator(seed: 20261121)
        for _ in 0..<Self.count {
            let text = Mutations.text(&random)
            guard let expected = Oracle.accepts(text) else { continue }
            let verdict = verdict(text)
            #expect((verdict == "accepted") == expected, "\(text)\n\(verdict)")
        }
    }

    @Test func `expressions have the values that Icinga gives`() throws {
        let parts = Self.expressions.map {
            "try { r.add(string(\($0))) } except { r.add(\"error\") }"
        }
        let text = "var r = [ ]; " + parts.joined(separator: "; ") + "; Json.encode(r)"
        let printed = try #require(Oracle.evaluate(text))
        let unquoted = try #require(try value("Json.decode(\(printed))").asArray)
        let mine = try #require(try value(text.replacing("Json.encode(r)", with: "r")).asArray)
        #expect(unquoted.count == Self.expressions.count)
        for (index, expression) in Self.expressions.enumerated() {
            #expect(
                mine.elements[index].toText == unquoted.elements[index].toText,
                "\(expression): Icinga has \(unquoted.elements[index].toText.text)"
            )
        }
    }

    static let expressions = [
        "1 + 2", "0.1", "1.5 + \"x\"", "5 + \"5\"", "\"5\" + 5", "null + 5", "null + \"\"",
        "true + 1",
        "1 == true", "null == \"\"", "null == 0", "null == false", "\"\" == 0", "\"1\" == 1",
        "[ 1 ] == [ 1 ]", "[ 1 ] + null", "null + [ 1 ]", "[ 1, 2 ] - [ 2 ]", "{ a = 1 } + null",
        "-5", "- \"5\"", "+ \"x\"", "!null", "~1", "7 % 3", "-7 % 3", "7 / 2", "1 / 0", "1 << 3",
        "6 & 3", "6 | 3", "6 ^ 3", "1 && 0", "0 || \"a\"", "\"a\" < \"b\"", "1 < \"2\"", "null < 1",
        "\"a\" in null", "\"a\" in [ \"a\" ]", "1 in \"x\"", "null in [ null ]", "1 !in [ 2 ]",
        "match(\"a*\", \"ABC\")", "match(\"a*\", [ ])", "match(\"a*\", [ \"a\", \"b\" ], MatchAny)",
        "regex(\"^a\", \"abc\")", "cidr_match(\"10.0.0.0/8\", \"10.1.2.3\")", "len(\"abc\")",
        "len(5)",
        "union([ \"b\" ], [ \"a\" ])", "intersection([ 1, 2 ], [ 2 ])", "range(3)",
        "range(3, 0, -1)",
        "string([ 1, \"a\", null ])", "string({ a = 1; b = { c = [ ] } })", "string({ })",
        "string([ ])",
        "number(\"1e2\")", "number(\" 1\")", "number(\"0x1\")", "number(\"\")", "number(null)",
        "bool(\"\")", "typeof(5)", "typeof(null)", "typeof({ })", "typeof(x => x).name",
        "\"abc\".len()", "\"abc\".substr(1)", "\"abc\".substr(1, 1)", "\"abc\".substr(3)",
        "\"abc\".substr(4)", "\"a,b\".split(\",\")", "\"a,,b\".split(\",\")", "\"abc\".find(\"c\")",
        "\"abc\".find(\"x\")", "\"abc\".contains(\"b\")", "\"aXbX\".replace(\"X\", \"yy\")",
        "\" a \".trim()", "\"abc\".reverse()", "\"aB\".upper()", "[ 3, 1, 2 ].sort()",
        "[ 1, 2 ].join(\",\")", "[ 1, [ 2 ] ].join(\",\")", "[ 1, 2 ].map(x => x * 2)",
        "[ 1, 2 ].reduce((a, b) => a + b)", "[ 1, 2 ].filter(x => x > 1)", "[ 2, 1, 2 ].unique()",
        "[ 1, 2 ].contains(2)", "[ 1, 2 ][0]", "[ 1 ][3]", "[ 1 ].len()", "[ 1 ].reverse()",
        "{ b = 1; a = 2 }.keys()", "{ a = 1 }.values()", "{ a = 1 }.contains(\"a\")", "{ a = 1 }.b",
        "null.a.b", "(5).foo", "\"abc\".foo", "escape_shell_arg(\"it's\")", "basename(\"/a/b\")",
        "dirname(\"/a/b\")", "basename(\"/a/b/\")", "dirname(\"a\")", "dirname(\"/\")",
        "dirname(\"/a\")", "dirname(\"/a/\")", "basename(\"/\")", "basename(\"\")",
        "basename(\"a\")", "Math.floor(2.5)",
        "Math.round(2.5)", "Math.max(1, 2)", "Math.pow(2, 10)", "Math.sign(-3)", "1m", "1.5h", "2d",
        "100ms", "1000000000000000", "10000000000000000000000", "0.1 + 0.2", "\"\\101\"",
        "if (1) { 5 } else { 6 }", "(x => x + 1)(2)", "((x) use (y = 3) => x + y)(2)",
        "Json.encode({ a = [ 1, 0.5, null, true ] })", "Json.decode(\"[1,2]\")",
        "Json.decode(\"x\")",
        "true ? 1 : 2", "undefined_name", "String(5)", "Number(\"5\")", "typeof(\"\") == String",
        "escape_shell_cmd(\"a;b\")", "keys({ a = 1 })", "\"a\" + [ 1 ]", "1 + { }", "2 * \"3\"",
        "\"6\" / 2", "\"x\" * 2", "null * 2", "null - 1", "\"5\" - 1", "1 - null", "5 > null",
        "\"b\" > null", "true < 2", "true & 1", "5 % 0",
    ]
}

@Suite(.enabled(if: Oracle.hasIncludes, "the package icinga2-common is not installed"))
struct InstalledDefinitionsTests {
    @Test func `every installed file is of the language`() throws {
        let reader = SystemFileReader()
        let files =
            reader.files(below: Oracle.includes, matching: "*")
            + reader.files(below: Oracle.definitions, matching: "*.conf")
        #expect(files.count > 20)
        for file in files {
            let text = try reader.read(file)
            #expect(throws: Never.self, "\(file)") {
                try ConfigSession.checkSyntax(of: text, name: file)
            }
        }
    }

    @Test func `the stock definitions load unchanged`() throws {
        let constants: [ByteString: Value] = [
            "PluginDir": "/usr/lib/nagios/plugins", "ManubulonPluginDir": "/m",
            "PluginContribDir": "/c", "PrefixDir": "/usr", "NodeName": "sandbox",
            "ZoneName": "sandbox",
            "ConfigDir": "/etc/icinga2", "PlatformName": "Debian", "OK": 0, "Warning": 1,
            "Critical": 2, "Unknown": 3, "Up": 0, "Down": 1, "Problem": 32, "Acknowledgement": 16,
            "Recovery": 64, "Custom": 8, "FlappingStart": 128, "FlappingEnd": 256,
            "DowntimeStart": 1, "DowntimeEnd": 2, "DowntimeRemoved": 4,
        ]
        let session = ConfigSession(
            schemas: TestTypes.all,
            constants: constants,
            includePaths: [Oracle.includes],
            reader: SystemFileReader()
        )
        session.load(
            text: Array(
                """
                template CheckCommand "plugin-check-command" { }
                template CheckCommand "icinga-check-command" { }
                template CheckCommand "cluster-check-command" { }
                template CheckCommand "cluster-zone-check-command" { }
                template CheckCommand "dummy-check-command" { }
                template CheckCommand "random-check-command" { }
                template CheckCommand "exception-check-command" { }
                template CheckCommand "sleep-check-command" { }
                template CheckCommand "clr-check-command" { }
                template NotificationCommand "plugin-notification-command" { }
                template TimePeriod "legacy-timeperiod" { }
                include <itl>
                include <plugins>
                include <plugins-contrib>
                include <manubulon>
                include <windows-plugins>
                include <nscp>
                include_recursive "/etc/icinga2/conf.d"
                """.utf8
            ),
            name: "/etc/icinga2/test.conf"
        )
        try session.commit()
        #expect(session.registry.objects(ofType: "CheckCommand").count == 244)
        #expect(
            session.registry.objects(ofType: "Service").map(\.name.text).sorted() == [
                "apt", "disk", "disk /", "http", "icinga", "load", "ping4", "ping6", "procs",
                "ssh", "swap", "users",
            ]
        )
        #expect(session.ignoredCounts["Notification"] == 13)
        let host = try #require(session.registry.object(type: "Host", name: "sandbox"))
        #expect(host["groups"].toText.text == "[ \"linux-servers\" ]")
    }
}
