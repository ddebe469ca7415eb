import ConfigLanguage
import Delivery
import Spool
import Testing
import UplinkMessages

@testable import ForwarderCommand

@Suite struct ConfigurationTests {
    private typealias Fixture = ConfigurationFixture

    @Test func `each master gets its own settings, whatever zone it is in`() throws {
        let loaded = try Fixture.load(
            Fixture.master(
                "m1",
                """
                zone = "z", port = 5666, connections = 1, window = 2
                connect_timeout = 3s, answer_timeout = 4s, grace = 5s
                """)
                + Fixture.master(
                    "m2", host: "192.0.2.2",
                    """
                    zone = "z", connections = 6, window = 7
                    connect_timeout = 8s, answer_timeout = 9s, grace = 10s
                    """)
                + Fixture.master("m3", host: "192.0.2.3"))
        let nodes = loaded.uplinkSettings(addresses: [["192.0.2.1"], [], ["::1"]]).nodes
        #expect(
            nodes == [
                NodeSettings(
                    name: "m1", identity: "m1", addresses: ["192.0.2.1"], port: 5666,
                    connections: 1, window: 2, connectTimeout: .seconds(3),
                    answerTimeout: .seconds(4)),
                NodeSettings(
                    name: "m2", identity: "m2", addresses: [], port: 5665, connections: 6,
                    window: 7, connectTimeout: .seconds(8), answerTimeout: .seconds(9)),
                NodeSettings(
                    name: "m3", identity: "m3", addresses: ["::1"], port: 5665, connections: 4,
                    window: 128, connectTimeout: .seconds(15), answerTimeout: .seconds(30)),
            ])
        let ways = loaded.deliverySettings
        #expect(ways.map(\.name) == ["z", "m3"])
        #expect(ways.map { $0.nodes.map(\.window) } == [[2, 42], [512]])
        #expect(
            ways.map { $0.nodes.map(\.grace) } == [[.seconds(5), .seconds(10)], [.seconds(5)]])
    }

    @Test(arguments: [
        ("port = 5665.4", "port"), ("port = 0", "port"), ("port = -1", "port"),
        ("port = 65536", "port"),
        ("connections = 0", "connections"), ("connections = 1.5", "connections"),
        ("window = 1025", "window"), (#"window = "-inf""#, "window"),
        ("window = Math.pow(10, 400)", "window"),
        ("grace = 0", "grace"), ("grace = -1s", "grace"), ("grace = Math.pow(10, 400)", "grace"),
        ("grace = Math.sqrt(-1)", "grace"),
        ("connect_timeout = 2d", "connect_timeout"),
        ("answer_timeout = 0.0001", "answer_timeout"),
        (#"replay = "newest""#, "replay"), (#"replay = """#, "replay"),
        ("max_age = 0.5", "max_age"), ("max_age = -1h", "max_age"), ("max_age = 4000d", "max_age"),
        ("max_age = Math.sqrt(-1)", "max_age"),
        (#"zone = """#, "zone"), (#"host = "a\nb""#, "host"),
    ])
    func `a value that cannot be used as it stands is refused at its place`(
        line: String, attribute: String
    ) throws {
        let errors = Fixture.errors(in: Fixture.master("m1", "  " + line))
        let error = try #require(errors.first)
        #expect(errors.count == 1, "\(errors)")
        #expect(error.hasPrefix("\(Fixture.path):4:"), "\(error)")
        let isNamed = error.contains("'\(attribute)'") || error.contains("Unknown \(attribute)")
        #expect(isNamed, "\(error)")
    }

    @Test(arguments: ["host", "certificate", "private_key", "ca"])
    func `what a master must have must not be empty`(attribute: String) {
        let errors = Fixture.errors(in: Fixture.master("m1", #"  \#(attribute) = """#))
        #expect(errors.count == 1, "\(errors)")
        #expect(errors.first?.contains("'\(attribute)'") == true, "\(errors)")
        #expect(errors.first?.contains("must not be empty") == true, "\(errors)")
    }

    @Test(arguments: [
        ("Spool", #"path = """#), ("Spool", "size_limit = 67108864.5"), ("Spool", "size_limit = 1"),
        ("Spool", #"replay = "some""#), ("Spool", "max_age = 0.1"),
        ("Checks", #"definitions = """#), ("Checks", #"include_path = """#),
        ("Checks", "concurrent_checks = 0"), ("Uplink", #"program = """#),
        ("Uplink", #"user = """#), ("Control", #"path = """#), ("Logging", #"level = """#),
        ("Logging", #"format = """#), ("Logging", #"format = "xml""#),
    ])
    func `so it is with every other object`(type: String, line: String) {
        let errors = Fixture.errors(in: "object \(type) \"x\" {\n  \(line)\n}\n")
        #expect(errors.count == 1, "\(errors)")
        #expect(errors.first?.hasPrefix("\(Fixture.path):2:") == true, "\(errors)")
    }

    @Test func `replay and max_age are those of the spool unless a master says otherwise`() throws {
        let loaded = try Fixture.load(
            #"object Spool "s" { replay = "latest", max_age = 2h }"# + "\n"
                + Fixture.master("m1") + Fixture.master("m2", host: "192.0.2.2", "max_age = 0")
                + Fixture.master("m3", host: "192.0.2.3", #"replay = "changes", max_age = 1d"#))
        #expect(
            loaded.deliverySettings.map(\.replay) == [
                ReplaySettings(mode: .latest, maximumAge: .seconds(7200)),
                ReplaySettings(mode: .latest),
                ReplaySettings(mode: .changes, maximumAge: .seconds(86_400)),
            ])
        let plain = try Fixture.load(Fixture.master("m1"))
        #expect(plain.deliverySettings.map(\.replay) == [ReplaySettings()])
    }

    @Test(arguments: [
        (#"replay = "latest""#, #"replay = "changes""#, 11, "replay"),
        ("max_age = 1h", "max_age = 2h", 11, "max_age"),
        (#"replay = "latest""#, "", 7, "replay"), ("", "max_age = 2h", 11, "max_age"),
    ])
    func `nodes of one zone that do not agree on what is skipped are refused`(
        first: String, second: String, line: Int, attribute: String
    ) {
        func errors(_ first: String, _ second: String) -> [String] {
            let one = Fixture.master("m1", "  zone = \"z\"\n  \(first)")
            return Fixture.errors(
                in: one + Fixture.master("m2", host: "192.0.2.2", "  zone = \"z\"\n  \(second)"))
        }
        #expect(errors(first, first) == [])
        let found = errors(first, second)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.contains("'\(attribute)'") == true, "\(found)")
        #expect(found.first?.hasPrefix("\(Fixture.path):\(line):") == true, "\(found)")
    }

    @Test func `two masters of one name are refused`() {
        let errors = Fixture.errors(
            in: Fixture.master("m1") + Fixture.master("m1", host: "192.0.2.2"))
        #expect(errors.count == 1 && errors[0].contains("m1"), "\(errors)")
    }

    @Test func `two zones that lead to one port are refused, two nodes of one zone are not`() {
        let two = Fixture.master("m1") + Fixture.master("m2")
        let errors = Fixture.errors(in: two)
        #expect(errors.count == 1, "\(errors)")
        #expect(errors.first?.contains("processed twice") == true, "\(errors)")
        let one = Fixture.master("m1", #"zone = "z""#) + Fixture.master("m2", #"zone = "z""#)
        #expect(Fixture.errors(in: one) == [])
    }

    @Test(arguments: ["", String(repeating: "n", count: 1025), "a\\nb"])
    func `a master whose name no certificate can carry is refused`(name: String) {
        #expect(Fixture.errors(in: Fixture.master(name)).count == 1)
    }
}
