@testable import Collector
import ConfigLanguage
import Monitoring
import Testing

/// What macros and functions read of the application, of places and of types.
@Suite struct ApplicationTests {
    private static let none = ""
    private static let own = """
        object IcingaApplication "app" {
          enable_flapping = false
          environment = "env1"
          vars.community = "x$host.name$"
          vars.list = [ "a", "$os$" ]
          vars.table = { k = "$os$" }
          vars.call = {{ host.name }}
          vars.nothing = null
          vars.timet = "T"
          vars.num_hosts_up = "N"
        }

        """

    /// The words of a command line whose argument `-e` is this, as the language writes it.
    private static func words(_ argument: String, _ application: String = none) throws -> String {
        let definitions = try DefinitionFixture.load(
            """
            \(application)object CheckCommand "c" {
              command = [ "/p" ]
              arguments = { "-e" = \(argument) }
            }
            object Host NodeName { check_command = "c"; address = "192.0.2.7"; vars.os = "L" }
            object Service "s" {
              host_name = NodeName; check_command = "c"; vars.a = "A"; vars.l = [ "p", "$a$" ]
            }
            """, library: "/nowhere")
        let preparer = CheckPreparer(definitions, runtime: NothingKnown())
        let check = preparer.prepare(ObjectName(host: "node1", service: "s"))
        switch check.action {
        case .plugin(let command):
            let words = command.argumentVector.map { String(decoding: $0, as: UTF8.self) }
            return words.dropFirst().joined(separator: " ")
        case .unbuildable(let reason): return reason
        case let other: return "\(other)"
        }
    }

    @Test(arguments: [
        ("$icinga.vars.community$", "-e xnode1"), ("$community$", "-e x$host.name$"),
        ("$icinga.community$", "-e x$host.name$"), ("$list$", "-e a -e $os$"),
        ("$icinga.vars.list$", "-e a -e L"), ("$icinga.vars.table.k$", "-e L"),
        ("$table.k$", ""), ("$call$", "-e node1"), ("$icinga.nothing$", "-e "),
        ("$icinga.vars.timet$", "-e T"), ("$icinga.timet$", "-e 1700000100"),
        ("$icinga.num_hosts_up$", "-e N"), ("$icinga.environment$", "-e env1"),
        ("$environment$", "-e env1"), ("$icinga.enable_flapping$", "-e false"),
        ("$icinga.enable_notifications$", "-e true"), ("$icinga.type$", "-e IcingaApplication"),
        ("$icinga.package$", "-e _etc"), ("$icinga.vars$", ""), ("$icinga.nope$", ""),
        ("$.community$", "-e x$host.name$"), ("$icinga.source_location.first_line$", "-e 1"),
    ])
    func `macros read the application that files define`(text: String, expected: String) throws {
        #expect(try Self.words("\"\(text)\"", Self.own) == expected)
    }

    @Test(arguments: [
        ("\"$icinga.name$\"", "-e app"), ("\"$icinga.environment$\"", "-e "),
        ("\"$icinga.enable_notifications$\"", "-e true"), ("\"$icinga.vars$\"", "-e "),
        ("\"$icinga.vars.community$\"", "-e "), ("\"$community$\"", ""),
        ("\"$icinga.package$\"", "-e "), ("\"$icinga.active$\"", "-e true"),
        ("\"$icinga.num_hosts$\"", ""), ("\"$icinga.num_services$\"", ""),
        ("\"$num_hosts$\"", ""), ("\"$num_services$\"", "-e 1"),
        ("{{ icinga }}", "-e Object of type 'IcingaApplication'"),
        ("{{ len(get_objects(IcingaApplication)) }}", "-e 1"),
    ])
    func `where nothing defines the application, there is one`(
        argument: String, expected: String
    ) throws {
        #expect(try Self.words(argument) == expected)
    }

    @Test func `only one that files define is counted as ignored`() throws {
        func ignored(_ text: String) throws -> Int? {
            try DefinitionFixture.load(text, library: "/nowhere").ignored["IcingaApplication"]
        }
        #expect(try ignored(Self.none) == nil)
        #expect(try ignored(Self.own) == 1)
    }

    @Test func `a variable of the application that a word is made of is told`() throws {
        let definitions = try DefinitionFixture.load(
            Self.own + """
                object CheckCommand "c" { command = [ "/p", "$community$", "$icinga.timet$" ] }
                object Service "s" { host_name = NodeName; check_command = "c" }
                """, library: "/nowhere")
        let check = CheckPreparer(definitions, runtime: NothingKnown())
            .prepare(ObjectName(host: "node1", service: "s"))
        #expect(check.snapshot.wordOrigins?.dropFirst().first?.variables == ["community"])
    }

    @Test(arguments: [
        ("$.name$", "-e s"), ("$.address$", "-e 192.0.2.7"), ("$.vars.a$", "-e A"),
        ("$.host.name$", "-e node1"), ("$.a$", ""), ("$..$", ""), ("$.$", ""),
        ("$host.package$", "-e _etc"), ("$command.package$", "-e _etc"),
        ("$host.source_location.path$", "-e \(DefinitionFixture.files)"),
        ("$service.source_location.first_line$", "-e 6"), ("$host.source_location$", ""),
        ("$host.source_location.nope$", ""),
    ])
    func `macros read places, and a name that begins with a dot is anybody's`(
        text: String, expected: String
    ) throws {
        #expect(try Self.words("\"\(text)\"") == expected)
    }

    @Test(arguments: [
        ("macro(service.vars.l)", "-e [ \"p\", \"A\" ]"), ("macro(\"$l$\")", "-e p -e A"),
        ("macro({ k = \"$a$\" })", "-e {\n\tk = \"A\"\n}"), ("macro(5)", "-e 5"),
        ("macro(host)", "-e Object of type 'Host'"),
        ("macro(x => x)", "-e Object of type 'Function'"), ("macro([ ])", "-e [ ]"),
        ("typeof(macro(null)).name", "-e String"), ("typeof(macro(\"\")).name", "-e String"),
        ("typeof(macro(\"$nope$\")).name", "-e Object"), ("macro(\"$a$\", 1)", "-e A"),
        ("macro(macro(\"$l$\"))", "-e [ \"p\", \"A\" ]"),
    ])
    func `macro() takes texts, and writes all else as one`(call: String, expected: String) throws {
        #expect(try Self.words("{{ \(call) }}") == expected)
    }

    @Test(arguments: [
        ("macro()", "Too few arguments"), ("macro([ \"$\" ])", "Closing $ not found"),
        ("macro([ \"$l$\" ])", "Mixing both strings and non-strings"),
        ("\"A\" in macro([ \"$a$\" ])", "in"), ("Environment", "'Environment'"),
    ])
    func `what icinga refuses in a function is UNKNOWN here`(call: String, part: String) throws {
        let told = try Self.words("{{ \(call) }}")
        #expect(told.hasPrefix("Error while evaluating a function") && told.contains(part))
    }

    @Test(arguments: [
        ("{{ try { \"in\" } except { \"ex\" } }}", "-e "),
        ("{{ try { throw 1 } except { \"ex\" } }}", "-e "),
        ("{{ try { return \"in\" } except { \"ex\" } }}", "-e in"),
        ("{{ [ 1, 2 ].map(x => { try { x } except { 0 } }) }}", "-e  -e "),
        ("{{ Types.Host.base.name }}", "-e Checkable"),
        ("{{ Types.Host.base.base.name }}", "-e CustomVarObject"),
        ("{{ Types.EventCommand.base.name }}", "-e Command"),
        ("{{ Types.Zone.base.name }}", "-e ConfigObject"),
        ("{{ Types.IcingaApplication.base.base.name }}", "-e ConfigObject"),
        ("{{ Checkable }}", "-e type 'Checkable'"),
        ("{{ ApplicationType }}", "-e IcingaApplication"), ("{{ TicketSalt }}", "-e "),
    ])
    func `statements and types are what they are in icinga`(
        argument: String, expected: String
    ) throws {
        #expect(try Self.words(argument) == expected)
    }

    @Test func `objects have the methods of all types above theirs`() throws {
        let text = "Checkable.prototype.twice = function(x) { return 2 * x }\n"
        #expect(try Self.words("{{ host.twice(4) + service.twice(1) }}", text) == "-e 10")
    }

    @Test(arguments: [
        ("child", "parent_service_name = \"app\"; child_service_name = \"databse\""),
        ("parent", "child_service_name = \"app\"; parent_service_name = \"databse\""),
    ])
    func `a dependency's service has to exist on an own host that no file defines`(
        end: String, body: String
    ) throws {
        func load(_ body: String) -> String {
            do {
                _ = try DefinitionFixture.load(
                    """
                    object CheckCommand "c" { command = [ "/p" ] }
                    object Host "other" { check_command = "c" }
                    object Service "app" { host_name = "node1"; check_command = "c" }
                    object Dependency "d" {
                      child_host_name = "node1"; parent_host_name = "node1"
                      \(body)
                    }
                    """, library: "/nowhere", ownHost: .missing)
                return "valid"
            } catch {
                return error.description
            }
        }
        let told = load(body)
        #expect(told.contains("References a \(end) host/service which doesn't exist"))
        #expect(told.contains("'node1!databse'"))
        #expect(load(body.replacing("databse", with: "app")) == "valid")
    }
}
