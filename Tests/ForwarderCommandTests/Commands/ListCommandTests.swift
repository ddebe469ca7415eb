import Foundation
import TestSupport
import Testing

/// What `list`, `run` and `validate` show of definitions: all that counts, and where it is from.
@Suite struct ListCommandTests {
    private static let definitions = """
        template Service "patient" { check_interval = 7m }
        object CheckCommand "says" {
            command = [ "PLUGINS/says" ]
            arguments = { "--level" = "$level$" }
            env.SAYS_WHAT = "$host.name$ $level$"
            env.PATH = "/nowhere"
            timeout = 20
        }
        object TimePeriod "always" { ranges.monday = "00:00-24:00" }
        object HostGroup "all" { assign where true }
        object Host NodeName { check_command = "says" }
        object Service "disk" {
            import "patient"
            host_name = NodeName
            check_command = "says"
            check_period = "always"
            vars.level = "a b"
            vars.deep = { list = [ 1, true, null, "x" ] }
        }
        object Service "other" {
            host_name = NodeName
            check_command = "says"
            command_endpoint = "elsewhere"
        }
        apply Dependency "up" to Service {
            parent_host_name = host.name
            disable_checks = true
            assign where service.name == "disk"
        }
        """

    private static func site(_ definitions: String = definitions) throws -> ForwarderSite {
        let site = try ForwarderSite(master: PrivateMaster(), definitions: definitions)
        try site.plugin("says", #"echo "$SAYS_WHAT $PATH $LC_NUMERIC"; exit 0"#)
        return site
    }

    /// The place of a text in the definitions, as the commands print it.
    private static func place(of text: String, on site: ForwarderSite) throws -> String {
        let lines = definitions.split(separator: "\n", omittingEmptySubsequences: false)
        let line = try #require(lines.firstIndex { $0.contains(text) })
        return "\(site.folder.path("conf.d/test.conf")):\(line + 1):"
    }

    @Test func `list --json shows attributes with their places, environment and timeout`() throws {
        let site = try Self.site()
        let disk = try #require(try site.list()["web1!disk"])
        let attributes = disk["attributes"]
        #expect(attributes["check_interval"].number == 420)
        #expect(attributes["max_check_attempts"].number == 3, "a default")
        #expect(attributes["vars"]["deep"]["list"] == [1, true, .null, "x"])
        #expect(attributes["state"] == .null, "no part of a definition")
        #expect(disk["templates"] == ["disk", "patient"])
        #expect(disk["environment"]["SAYS_WHAT"].string == "web1 a b")
        #expect(disk["timeout"].number == 20)
        let places = disk["assigned_at"]
        let interval = try #require(places["check_interval"].string)
        #expect(interval.hasPrefix(try Self.place(of: "check_interval = 7m", on: site)))
        let location = try #require(disk["location"].string)
        #expect(location.hasPrefix(try Self.place(of: "object Service \"disk\"", on: site)))
    }

    /// A service with a variable of arrays in arrays.
    private static func nested(_ depth: Int) -> String {
        """
        object Service "deep" {
            host_name = NodeName
            check_command = "says"
            var value = "x"
            for (i in range(\(depth))) { value = [ value ] }
            vars.nested = value
        }
        """
    }

    @Test func `list --json shows variables as deep as a definition may have them`() throws {
        // the dictionary of variables is one level, the text in the innermost array another
        let site = try Self.site(Self.definitions + "\n" + Self.nested(62))
        let vars = try #require(try site.list()["web1!deep"])["attributes"]["vars"]
        var value = vars["nested"]
        for _ in 0..<62 { value = value[0] }
        #expect(value == "x")
    }

    @Test func `variables that are nested deeper are refused`() throws {
        let site = try Self.site(Self.definitions + "\n" + Self.nested(63))
        let outcome = try site.run("validate")
        #expect(outcome.ending != .exited(0))
        #expect(outcome.errorText.contains("must not be nested deeper than 64"))
    }

    @Test(arguments: [
        ("commands", "CheckCommand", "says"), ("periods", "TimePeriod", "always"),
        ("groups", "HostGroup", "all"), ("dependencies", "Dependency", "web1!disk!up"),
    ])
    func `what is not checked is listed with its place`(
        subject: String, type: String, name: String
    ) throws {
        let site = try Self.site()
        let rows = try JSON(parsing: site.run("list", [subject, "--json"]).output).elements
        let row = try #require(rows.first { $0["name"].string == name })
        #expect(row["type"].string == type)
        let place = try #require(row["location"].string)
        #expect(place.hasPrefix(try Self.place(of: type, on: site)))
        let text = try site.run("list", [subject]).outputText
        #expect(text.contains(name) && text.contains(place))
    }

    @Test func `run shows the environment that the plugin had, and where the object is from`()
        throws
    {
        let site = try Self.site()
        let ran = try JSON(parsing: site.run("run", ["disk", "--json"]).output)
        #expect(ran["output"].string == "web1 a b /nowhere C")
        #expect(ran["environment"]["SAYS_WHAT"].string == "web1 a b")
        #expect(ran["environment"]["PATH"].string == "/nowhere")
        #expect(ran["environment"]["LC_NUMERIC"].string == "C")
        #expect(ran["timeout"].number == 20)
        let place = try Self.place(of: "object Service \"disk\"", on: site)
        #expect(ran["location"].string?.hasPrefix(place) == true)
        let text = try site.run("run", ["disk"]).outputText
        #expect(text.contains("\nenvironment:\n"))
        #expect(text.contains("\n  SAYS_WHAT=web1 a b\n"))
        #expect(text.contains("\ndefined at \(place)"))
    }

    @Test func `validate names what is not ours with its place`() throws {
        let site = try Self.site()
        let text = try site.run("validate").outputText
        let place = try Self.place(of: "object Service \"other\"", on: site)
        let line = #"Not ours: web1!other (command_endpoint = "elsewhere"), defined at "#
        #expect(text.contains(line + place), "\(text)")
    }
}
