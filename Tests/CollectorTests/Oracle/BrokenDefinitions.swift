/// Definitions with one mistake each, and some that look like one and are none.
struct BrokenDefinition: Sendable, CustomStringConvertible {
    /// The definitions.
    let text: String
    /// What Icinga's error and ours both name; nil where both accept it.
    let names: [String]?
    /// Where the error is.
    let line: Int

    /// Definitions that are refused, with these words in the error.
    static func refused(_ text: String, _ names: String..., line: Int = 1) -> BrokenDefinition {
        BrokenDefinition(text: text, names: names, line: line)
    }

    /// Definitions that are accepted.
    static func accepted(_ text: String) -> BrokenDefinition {
        BrokenDefinition(text: text, names: nil, line: 1)
    }

    var description: String { text }

    private static func host(_ body: String) -> String {
        "object Host \"x\" { check_command = \"dummy\"; \(body) }"
    }
    private static func service(_ body: String) -> String {
        "object Service \"s\" { host_name = NodeName; check_command = \"dummy\"; \(body) }"
    }
    private static func command(_ body: String) -> String {
        "object CheckCommand \"c\" { command = [ \"a\" ]; \(body) }"
    }
    private static func argument(_ body: String) -> String {
        command("arguments = { key1 = \(body) }")
    }
    private static func dependency(_ body: String) -> String {
        "object Dependency \"d\" { "
            + "parent_host_name = NodeName; child_host_name = NodeName; \(body) }"
    }

    /// All of them.
    static let all: [BrokenDefinition] =
        attributes + references + names + rules + commands + arguments + others + code + strays

    private static let attributes: [BrokenDefinition] = [
        .refused(host("foo = 1"), "foo"), .refused(service("address = \"x\""), "address"),
        .refused(command("methods = { }"), "methods"),
        .refused("object TimePeriod \"t\" { foo = 1 }", "foo"),
        .refused("object HostGroup \"g\" { members = [ ] }", "members"),
        .refused("object ServiceGroup \"g\" { foo = 1 }", "foo"),
        .refused(dependency("foo = 1"), "foo"), .refused(host("host_name = \"x\""), "host_name"),
        .refused(service("service_name = \"x\""), "service_name"),
        .refused(host("check_interval = \"abc\""), "abc"),
        .refused(host("check_interval = \"5m\""), "5m"),
        .refused(host("check_interval = 0"), "x", "Host", "check_interval", "greater than 0"),
        .refused(host("check_interval = null"), "check_interval", "greater than 0"),
        .refused(host("check_interval = \"\""), "check_interval", "greater than 0"),
        .refused(service("check_interval = [ 5 ]"), "number"),
        .refused(service("check_interval = {{ 5 }}"), "number"),
        .accepted(host("check_interval = true")), .accepted(host("check_interval = \"90\"")),
        .refused(host("retry_interval = -1"), "retry_interval", "greater than 0"),
        .refused(service("retry_interval = 0"), "sandbox!s", "retry_interval", "greater than 0"),
        .refused(host("max_check_attempts = 0"), "max_check_attempts", "greater than 0"),
        .refused(host("max_check_attempts = 0.5"), "max_check_attempts", "greater than 0"),
        .refused(service("max_check_attempts = -2"), "max_check_attempts", "greater than 0"),
        .refused(host("max_check_attempts = \"x\""), "'x'"),
        .accepted(host("check_timeout = 0")), .accepted(host("check_timeout = -1")),
        .accepted(host("check_timeout = null")),
        .refused(host("enable_active_checks = \"x\""), "'x'"),
        .refused(host("enable_flapping = { }"), "'"), .accepted(host("volatile = 5")),
        .accepted(host("enable_active_checks = null")),
        .refused(host("groups = \"g\""), "'"),
        .refused(host("groups = { }"), "groups", "Dictionary"),
        .refused(host("vars = \"x\""), "'"), .refused(host("vars = [ ]"), "vars", "Array"),
        .refused(service("vars = {{ 1 }}"), "vars", "Function"),
        .accepted(host("address = [ \"a\" ]")), .accepted(host("display_name = { }")),
        .accepted(host("icon_image = 3")), .accepted(host("address6 = null")),
        .accepted(host("state = 1")), .accepted(host("last_check = 5")),
        .accepted(host("next_check = 100")), .accepted(host("package = \"x\"")),
        .refused(host("type = \"x\""), "'"), .refused(service("host = \"x\""), "'"),
        .refused(host("flapping_threshold_high = \"x\""), "'x'"),
        .accepted(host("vars.a = source_location.path + package + ApplicationType")),
        .refused(host("vars.a = Environment"), "'Environment'"),
        .refused(
            "object IcingaApplication \"other\" { }", "other", "IcingaApplication",
            "must be named 'app'"),
        .refused("object IcingaApplication \"app\" { vars.x = \"a$b\" }", "app", "'x'", "a$b"),
        .refused("object IcingaApplication \"app\" { foo = 1 }", "foo"),
        .accepted(
            "object IcingaApplication \"app\" { vars.x = \"$host.name$\"; environment = \"e\" }"),
        .refused(
            "object CheckCommand \"c\" { import \"passive-check-command\" }",
            "passive-check-command"),
    ]

    private static let references: [BrokenDefinition] = [
        .refused("object Host \"x\" { }", "x", "Host", "check_command", "must not be empty"),
        .refused("object Host \"x\" { check_command = \"\" }", "check_command", "not be empty"),
        .refused("object Host \"x\" { check_command = null }", "check_command", "not be empty"),
        .refused("object Host \"x\" { check_command = \"nope\" }", "'nope'", "'CheckCommand'"),
        .refused("object Host \"x\" { check_command = 5 }", "'5'", "'CheckCommand'"),
        .refused("object Host \"x\" { check_command = [ \"x\" ] }", "[ \"x\" ]", "'CheckCommand'"),
        .refused(
            "object Service \"s\" { host_name = NodeName; check_command = \"nope\" }",
            "sandbox!s", "'nope'", "'CheckCommand'"),
        .refused(host("event_command = \"nope\""), "event_command", "'nope'", "'EventCommand'"),
        .refused(host("check_period = \"nope\""), "check_period", "'nope'", "'TimePeriod'"),
        .refused(service("check_period = \"nope\""), "check_period", "'nope'", "'TimePeriod'"),
        .refused(host("groups = [ \"nope\" ]"), "groups", "'nope'", "'HostGroup'"),
        .refused(host("groups = null"), "groups", "must not be empty"),
        .refused(host("groups = [ null ]"), "groups", "''", "'HostGroup'"),
        .refused(service("groups = [ \"nope\" ]"), "groups", "'nope'", "'ServiceGroup'"),
        .refused(
            "object Service \"s\" { host_name = \"nope\"; check_command = \"dummy\" }",
            "host_name", "'nope'", "'Host'"),
        .refused("object Service \"s\" { check_command = \"dummy\" }", "host_name", "be empty"),
        .refused(
            "object Service \"s\" { host_name = \"\"; check_command = \"dummy\" }",
            "host_name", "be empty"),
        .refused(host("import \"nope\""), "template", "'nope'"),
        .refused(service("import 5"), "string"),
        .refused(
            host("command_endpoint = \"nope\"") + "\nobject Endpoint \"e\" { }",
            "command_endpoint", "'nope'", "'Endpoint'"),
        .refused(
            service("command_endpoint = \"nope\"") + "\nobject Endpoint \"e\" { }",
            "command_endpoint", "'nope'", "'Endpoint'"),
        .refused(
            "object Zone \"z\" { endpoints = [ \"e\", \"nope\" ] }\nobject Endpoint \"e\" { }",
            "endpoints", "'nope'", "'Endpoint'"),
        .refused("object Zone \"z\" { parent = \"nope\" }", "parent", "'nope'", "'Zone'"),
        .accepted(
            "object Endpoint \"e\" { }\nobject Zone \"y\" { endpoints = [ \"e\" ] }\n"
                + "object Zone \"z\" { parent = \"y\"; endpoints = [ ] }"),
        .refused(
            host("zone = \"nope\"") + "\nobject Zone \"z\" { }", "zone", "'nope'", "'Zone'"),
        .refused("object HostGroup \"g\" { groups = [ \"nope\" ] }", "'nope'", "'HostGroup'"),
        .refused("object ServiceGroup \"g\" { groups = [ \"no\" ] }", "'no'", "'ServiceGroup'"),
        .refused("object TimePeriod \"t\" { excludes = [ \"nope\" ] }", "excludes", "'nope'"),
        .refused("object TimePeriod \"t\" { includes = [ \"nope\" ] }", "includes", "'nope'"),
    ]

    private static let names: [BrokenDefinition] = [
        .refused("object Host \"a!b\" { check_command = \"dummy\" }", "a!b", "'!'"),
        .refused("object CheckCommand \"a!b\" { command = [ \"a\" ] }", "a!b", "'!'"),
        .refused("template Host \"a!b\" { }", "a!b", "'!'"),
        .refused("object HostGroup \"a!b\" { }", "a!b", "'!'"),
        .refused("object TimePeriod \"a!b\" { }", "a!b", "'!'"),
        .refused(
            "apply Service \"a!b\" { check_command = \"dummy\"; assign where true }", "a!b", "'!'"),
        .refused(
            "object Service \"\" { host_name = NodeName; check_command = \"dummy\" }", "empty"),
        .refused(host("") + "\n" + host(""), "x", "Host", line: 2),
        .refused("template Host \"t\" { }\ntemplate Host \"t\" { }", "'t'", line: 2),
        .refused(service("") + "\n" + service(""), "sandbox!s", "Service", line: 2),
        .refused(command("") + "\n" + command(""), "'c'", line: 2),
        .refused(
            service("") + "\n"
                + "apply Service \"s\" { check_command = \"dummy\"; assign where true }",
            "sandbox!s", "already"),
        .accepted("object Host \"ü ö\" { check_command = \"dummy\" }"),
        .accepted(service("name = \"renamed\"")),
    ]

    private static let rules: [BrokenDefinition] = [
        .refused("apply Service \"s\" { check_command = \"dummy\" }", "assign"),
        .refused("apply Host \"s\" { assign where true }", "apply", "Host"),
        .refused("apply Dependency \"s\" { assign where true }", "Host", "Service", "to"),
        .refused("apply Service \"s\" to Service { assign where true }", "'Service'"),
        .refused(
            "apply Service \"s\" { check_command = \"dummy\"; assign where host.foo }", "'foo'"),
        .refused("apply Service \"s\" { assign where nothing }", "'nothing'"),
        .refused(
            "apply Service \"s\" { check_command = \"nope\"; assign where true }", "'nope'"),
        .refused(
            "apply Service \"s\" { host_name = \"no\"; check_command = \"dummy\"; "
                + "assign where true }", "'no'", "'Host'"),
        .refused("object HostGroup \"g\" { assign where nothing }", "'nothing'"),
        .refused("object HostGroup \"g\" { assign where host.foo }", "'foo'"),
        .refused("object HostGroup \"g\" { ignore where true }", "assign"),
        .refused("object ServiceGroup \"g\" { assign where host.foo }\n" + service(""), "'foo'"),
        .accepted("apply Service \"s\" for (x in host.vars.none) { check_command = \"dummy\" }"),
        .accepted("apply Service \"s\" for (x in host.foo) { check_command = \"dummy\" }"),
        .accepted("apply Service \"s\" { check_command = \"dummy\"; assign where false }"),
    ]

    private static let commands: [BrokenDefinition] = [
        .refused("object CheckCommand \"c\" { command = { } }", "'c'", "command", "Invalid type"),
        .accepted("object CheckCommand \"c\" { command = 5 }"),
        .accepted("object CheckCommand \"c\" { }"),
        .accepted("object CheckCommand \"c\" { command = [ \"a$\" ] }"),
        .refused(
            "object CheckCommand \"c\" { command = \"a\"; arguments = { } }", "command",
            "must be an array if the 'arguments' attribute is set"),
        .refused(
            "object CheckCommand \"c\" { command = {{ 1 }}; arguments = { } }", "command",
            "must be an array if the 'arguments' attribute is set"),
        .refused(
            "object CheckCommand \"c\" { arguments = { a = \"b\" } }", "command",
            "must be an array if the 'arguments' attribute is set"),
        .refused(
            "object CheckCommand \"c\" { command = [ [ \"a\" ] ]; arguments = { } }", "command",
            "'0'", "Invalid type"),
        .refused(command("arguments = [ ]"), "arguments"),
        .refused(command("arguments = \"x\""), "arguments"),
        .refused(command("env = \"x\""), "'"),
        .refused(command("env = { a = \"$x\" }"), "env", "'a'", "Closing $ not found", "$x"),
        .refused(command("env = { a = [ \"x\" ] }"), "env", "'a'", "Invalid type"),
        .refused(command("timeout = \"x\""), "'x'"), .accepted(command("timeout = -1")),
        .accepted(command("env = { a = null }")), .accepted(command("env = { a = {{ 1 }} }")),
        .refused(command("execute = \"x\""), "'"), .accepted(command("execute = {{ 1 }}")),
        .refused(command("vars.x = \"$y\""), "vars", "'x'", "Closing $ not found", "$y"),
        .accepted(command("arguments = null")),
    ]

    private static let arguments: [BrokenDefinition] = [
        .refused(argument("{ foo = 1 }"), "arguments", "'key1'", "'foo'", "Invalid attribute: foo"),
        .refused(argument("[ \"b\" ]"), "arguments", "'key1'", "Invalid type"),
        .refused(argument("{ value = [ 1 ] }"), "'key1'", "'value'", "Invalid type"),
        .refused(argument("{ value = { } }"), "'key1'", "'value'", "Invalid type"),
        .refused(argument("{ set_if = [ 1 ] }"), "'key1'", "'set_if'", "Invalid type"),
        .refused(argument("{ order = \"x\" }"), "'key1'", "'order'", "Invalid type"),
        .refused(argument("{ required = \"x\" }"), "'key1'", "'required'", "Invalid type"),
        .refused(argument("{ skip_key = \"x\" }"), "'key1'", "'skip_key'", "Invalid type"),
        .refused(argument("{ repeat_key = { } }"), "'key1'", "'repeat_key'", "Invalid type"),
        .refused(argument("{ key = [ ] }"), "'key1'", "'key'", "Invalid type"),
        .refused(argument("{ key = {{ 1 }} }"), "'key1'", "'key'", "Invalid type"),
        .refused(argument("{ separator = [ ] }"), "'key1'", "'separator'", "Invalid type"),
        .refused(argument("{ description = { } }"), "'key1'", "'description'", "Invalid type"),
        .refused(argument("\"$x\""), "'key1'", "Closing $ not found", "$x"),
        .refused(argument("{ value = \"$x\" }"), "'key1'", "'value'", "Closing $ not found", "$x"),
        .refused(argument("{ set_if = \"$x\" }"), "'key1'", "'set_if'", "Closing $ not found"),
        .accepted(argument("{ key = \"$x\" }")), .accepted(argument("{ order = 1.5 }")),
        .accepted(argument("{ required = null }")), .accepted(argument("true")),
        .accepted(argument("{ order = true }")), .accepted(argument("{{ 1 }}")),
        .accepted(argument("null")), .accepted(argument("{ separator = \"$x\" }")),
    ]

    private static let others: [BrokenDefinition] = [
        .refused(host("vars.a = \"$x\""), "vars", "'a'", "Closing $ not found", "$x"),
        .refused(host("vars.a = [ \"$x\" ]"), "vars", "'a'", "Closing $ not found", "$x"),
        .refused(host("vars.a = { b = \"$x\" }"), "vars", "'a'", "'b'", "Closing $ not found"),
        .accepted(host("vars.a = { b = { c = \"$x\" } }")),
        .accepted(host("vars.a = [ [ \"$x\" ] ]")), .accepted(host("notes = \"$x\"")),
        .accepted(host("vars.f = {{ \"$x\" }}")),
        .refused("object HostGroup \"g\" { vars.x = \"$y\" }", "vars", "'x'", "Closing $"),
        .refused("object TimePeriod \"t\" { vars.x = \"$y\" }", "vars", "'x'", "Closing $"),
        .refused("object TimePeriod \"t\" { ranges = \"x\" }", "'"),
        .refused("object TimePeriod \"t\" { ranges = [ ] }", "ranges", "Array"),
        .refused("object TimePeriod \"t\" { prefer_includes = \"x\" }", "'x'"),
        .refused("object TimePeriod \"t\" { update = \"x\" }", "'"),
        .refused(dependency("parent_service_name = \"nope\""), "Dependency", "parent"),
        .refused(dependency("child_service_name = \"nope\""), "Dependency", "child"),
        .refused(dependency("period = \"nope\""), "period", "'nope'", "'TimePeriod'"),
        .refused(dependency("states = [ OK ]"), "states", "invalid for host dependency"),
        .refused(dependency("states = Up"), "'"),
        .refused(dependency("disable_checks = \"x\""), "'x'"),
        .refused(
            "object Dependency \"d\" { child_host_name = NodeName }", "parent_host_name", "empty"),
        .refused(
            "object Dependency \"d\" { parent_host_name = NodeName }", "child_host_name", "empty"),
        .refused(
            "object Dependency \"d\" { parent_host_name = \"no\"; child_host_name = NodeName }",
            "parent_host_name", "'no'"),
        .accepted(dependency("states = [ Up, \"Down\" ]")),
    ]

    private static let code: [BrokenDefinition] = [
        .refused("object Foo \"x\" { }", "Foo"), .refused("object Host \"x\" {"),
        .refused(host("vars.x = ")), .refused("include \"nope.conf\"", "nope.conf"),
        .refused("include <nope>", "nope"), .accepted("include \"nope*.conf\""),
        .refused(service("vars.a = nothing"), "'nothing'"),
        .refused(service("vars.a = 1 + { }"), "'Number'", "'Dictionary'"),
        .refused(service("throw \"own error\""), "own error"),
        .refused(service("vars.a.b = 1; vars.a.b.c = 2"), "'"),
        .refused(service("vars.a = nofunction()"), "nofunction"),
        .refused("const Own = 1\nOwn = 2", "Own", line: 2),
        .accepted(service("vars.a = host.foo")), .accepted(service("vars.a = null.x.y")),
        .accepted("globals.x = 5"),
    ]
}
