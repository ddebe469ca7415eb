extension BrokenDefinition {
    /// What goes wrong beside the checked objects: in those that are left out, in types of no use,
    /// and in objects where none may be.
    static let strays: [BrokenDefinition] = leftOut + missed + ofNoUse + misplaced

    private static let badHost =
        "object Host \"h1\" ignore_on_error { check_command = \"nope\"; vars.x = 1 }\n"
    private static let badCommand =
        "object CheckCommand \"c\" ignore_on_error { command = \"a\"; arguments = { } }\n"
    private static let badGroup =
        "object HostGroup \"g\" ignore_on_error { groups = [ \"nope\" ]; assign where true }\n"

    /// Objects that are left out, and what may be said of them then.
    private static let leftOut: [BrokenDefinition] = [
        .accepted(badHost), .accepted(badCommand), .accepted(badGroup),
        .accepted(
            badHost + "object Service \"s\" ignore_on_error { host_name = \"h1\"; "
                + "check_command = \"dummy\" }"),
        .accepted(
            badHost + "apply Service \"s\" { check_command = \"no\"; assign where host.vars.x }"),
        .accepted(
            badHost + "apply Service \"s\" { host_name = \"no\"; check_command = \"dummy\"; "
                + "assign where host.name == \"h1\" }"),
        .accepted(badGroup + "object Host \"x\" { check_command = \"dummy\" }"),
        .accepted(
            badGroup + "apply Service \"s\" { check_command = \"no\"; "
                + "assign where \"g\" in host.groups }"),
        .accepted(
            "apply Service \"s\" for (x in [ 1, 2 ]) ignore_on_error { "
                + "check_command = \"dummy\"; retry_interval = 0 }"),
        .accepted("object Host \"h\" ignore_on_error { check_command = \"dummy\"; foo = 1 }"),
        .accepted("object Host \"h\" ignore_on_error { check_command = \"dummy\"; groups = null }"),
        .accepted(
            "object Host \"h\" ignore_on_error { check_command = \"dummy\"; vars.x = \"$a\" }"),
        .accepted(
            "object Host \"h\" ignore_on_error { check_command = \"dummy\"; "
                + "object Host \"i\" { } }"),
        .accepted("object TimePeriod \"p\" ignore_on_error { ranges = { \"foo\" = \"bar\" } }"),
        .accepted("object TimePeriod \"p\" ignore_on_error { excludes = [ \"nope\" ] }"),
        .accepted("object CheckCommand \"c\" ignore_on_error { execute = null }"),
        .accepted(
            badHost + "object Dependency \"d\" ignore_on_error { parent_host_name = \"h1\"; "
                + "child_host_name = NodeName }"),
        .accepted("object User \"u\" ignore_on_error { foo = 1 }"),
        .accepted("object Endpoint \"e\" ignore_on_error { foo = 1 }"),
    ]

    /// What refers to an object that was left out.
    private static let missed: [BrokenDefinition] = [
        .refused(
            badHost + "object Service \"s\" { host_name = \"h1\"; check_command = \"dummy\" }",
            "h1!s", "host_name", "'h1'", "'Host'", line: 2),
        .refused(
            "object Host \"h1\" ignore_on_error { foo = 1 }\n"
                + "object Service \"s\" { host_name = \"h1\"; check_command = \"dummy\" }",
            "h1!s", "host_name", "'h1'", "'Host'", line: 2),
        .refused(
            badHost + "object Dependency \"d\" { parent_host_name = \"h1\"; "
                + "child_host_name = NodeName }",
            "parent_host_name", "'h1'", "'Host'", line: 2),
        .refused(
            badCommand + "object Host \"x\" { check_command = \"c\" }",
            "check_command", "'c'", "'CheckCommand'", line: 2),
        .refused(
            badGroup + "object Host \"x\" { check_command = \"dummy\"; groups = [ \"g\" ] }",
            "groups", "'g'", "'HostGroup'", line: 2),
        .refused(
            "apply Service \"s\" ignore_on_error { check_command = \"no\"; assign where true }\n"
                + "object Dependency \"d\" { parent_host_name = NodeName; "
                + "child_host_name = NodeName; child_service_name = \"s\" }",
            "Dependency", "child", line: 2),
        // a template's own mark says nothing of the objects that import it
        .refused(
            "template Host \"t\" ignore_on_error { check_command = \"nope\" }\n"
                + "object Host \"x\" { import \"t\" }",
            "check_command", "'nope'"),
    ]

    private static let ofNoUse: [BrokenDefinition] = [
        .refused("object User \"u\" { foo = 1 }", "foo"),
        .refused("object EventCommand \"e\" { command = [ \"a\" ]; foo = 1 }", "foo"),
        .refused("object Endpoint \"e\" { adress = \"x\" }", "adress"),
        .refused("object Zone \"z\" { endpoint = [ ] }", "endpoint"),
        .refused("object FileLogger \"f\" { file = \"x\" }", "file"),
        .refused(
            "apply Notification \"n\" to Host { user = \"x\"; assign where true }", "user"),
        .refused("template User \"t\" { foo = 1 }\nobject User \"u\" { import \"t\" }", "foo"),
        .refused("object User \"u\" { host = 1 }", "host"),
        .refused("object User \"u\" { type = \"x\" }", "ype"),
        .refused("object User \"u\" { groups = \"x\" }", "'String'"),
        .refused("object User \"u\" { vars = [ ] }", "vars", "Array"),
        .refused("object User \"u\" { enable_notifications = \"x\" }", "'x'"),
        .refused("object Zone \"z\" { endpoints = \"x\" }", "'String'"),
        .refused("object User \"u\" { assign where true }", "'u'", "'User'"),
        .accepted("object UserGroup \"g\" { assign where user.name == \"x\" }"),
        .accepted("object User \"u\" { vars.n = name; email = display_name; pager = period }"),
        .accepted("object User \"u\" { if (!period) { vars.x = states } }"),
        .accepted("object User \"u\" { last_notification = 5; name = \"v\" }"),
        .accepted("object CheckResultReader \"r\" { spool_dir = \"/nowhere\" }"),
        .accepted("template User \"t\" { foo = 1 }"),
    ]

    /// Objects in bodies, and where they may be.
    private static let misplaced: [BrokenDefinition] = [
        .refused(inHost("object Host \"i\" { }"), activation),
        .refused(inHost("template Host \"i\" { }"), activation),
        .refused(inHost("vars.a = { object Host \"i\" { } }"), activation),
        .refused(inHost("if (true) { object Host \"i\" { } }"), activation),
        .refused(inHost("var f = function() { object Host \"i\" { } }; f()"), activation),
        .refused(
            "object Service \"s\" { host_name = NodeName; check_command = \"dummy\"; "
                + "object Host \"i\" { } }", activation),
        .refused("object User \"u\" { vars.a = 1\n object Host \"i\" { } }", activation, line: 2),
        .refused(
            "apply Service \"s\" { check_command = \"dummy\"; assign where true\n"
                + " object Host \"i\" { } }", activation, line: 2),
        .refused("object HostGroup \"g\" { assign where { object Host \"i\" { } } }", activation),
        .accepted("template Host \"t\" { object Host \"i\" { } }"),
        .accepted(inHost("try { object Host \"i\" { } } except { vars.t = 1 }")),
        .accepted(inHost("apply Service \"s\" { check_command = \"dummy\"; assign where true }")),
        .accepted("var x = { object Host \"i\" { check_command = \"dummy\" } }"),
        .accepted(
            "function f() { object Host \"i\" { check_command = \"dummy\" }\n return [ 1 ] }\n"
                + "apply Service \"s\" for (x in f()) { check_command = \"dummy\"; "
                + "assign where host.name == NodeName }"),
        .accepted(
            "function f() { object CheckCommand \"i\" { command = [ \"a\" ] }\n return true }\n"
                + "apply Service \"s\" { check_command = \"dummy\"; "
                + "assign where host.name == NodeName && f() }"),
        .refused(
            "object CheckCommand \"c\" { command = [ \"a\" ]; execute = null }", "'c'", "execute",
            "must not be empty"),
        .refused(
            "object CheckCommand \"c\" { import \"plugin-check-command\"; execute = null }", "'c'",
            "execute", "must not be empty"),
    ]

    private static let activation = "outside of an activation context"

    private static func inHost(_ body: String) -> String {
        "object Host \"x\" { check_command = \"dummy\"; \(body) }"
    }
}
