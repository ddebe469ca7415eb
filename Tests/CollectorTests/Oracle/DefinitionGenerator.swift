import TestSupport

/// Makes files of definitions with templates, imports, groups, rules and code at load time; the
/// same seed makes the same files.
struct DefinitionGenerator {
    private var values: OracleGenerator
    private var hostNames: [String] = []
    private var groupNames: [String] = []

    private static let systems = ["Linux", "Windows", "BSD"]
    private static let roles = ["web", "db", "mail"]

    init(seed: UInt64) { values = OracleGenerator(seed: seed) }

    /// The files by name; rules come before and after what they apply to.
    mutating func files() -> [String: String] {
        hostNames = ["sandbox"] + (0..<(3 + values.below(5))).map { "h\($0)" }
        groupNames = (0..<4).map { "group\($0)" }
        return [
            "a-rules.conf": rules("a"), "b-commands.conf": commands(), "c-periods.conf": periods(),
            "d-groups.conf": groups(), "e-hosts.conf": hosts(), "f-templates.conf": templates(),
            "g-services.conf": services(), "h-code.conf": code(),
            "i-dependencies.conf":
                dependencies(), "sub/rules.conf": rules("z"),
        ]
    }

    private mutating func chance(_ percent: Int) -> Bool { values.chance(percent) }
    private mutating func pick(_ all: [String]) -> String { values.pick(all) }
    private mutating func below(_ bound: Int) -> Int { values.below(bound) }

    /// A value that needs no check around it: no functions, since those cannot be compared.
    private mutating func value() -> String {
        pick([
            "5", "0.25", "true", "false", "null", "\"text\"", "\"two words\"", "\"ü\"", "[ 1, 2 ]",
            "[ \"a\", [ ], null ]", "{ a = 1; b = [ \"x\" ] }", "{ }", "1m", "\"\"", "\"a\\tb\"",
            "5 + 3 * 2", "\"x\" + 5", "(1 < 2) ? \"yes\" : \"no\"", "[ 1 ] + [ 2 ]", "len(\"abc\")",
            "NodeName", "\"$address$\"", "{ a = 1 } + { b = 2 }", "\"-\" + 0.5", "!true",
        ])
    }

    /// Statements of a body that every checked object may hold.
    private mutating func common(_ indent: String = "  ") -> [String] {
        var lines: [String] = []
        if chance(40) { lines.append("check_interval = \(pick(["5m", "90", "\"30\"", "0.5h"]))") }
        if chance(30) { lines.append("retry_interval = \(pick(["30s", "1m", "\"5\"", "true"]))") }
        if chance(30) { lines.append("max_check_attempts = \(pick(["5", "\"4\"", "2 + 1"]))") }
        if chance(15) { lines.append("check_timeout = \(pick(["10", "1m", "null"]))") }
        if chance(15) { lines.append("enable_flapping = \(pick(["1", "true", "\"0\"", "null"]))") }
        if chance(15) { lines.append("notes = \(pick(["\"n $address$\"", "5", "null", "true"]))") }
        if chance(20) { lines.append("display_name = \(pick(["name + \"!\"", "\"D\"", "5.5"]))") }
        if chance(10) { lines.append("check_period = \"\(pick(["always", "work"]))\"") }
        if chance(10) { lines.append("flapping_ignore_states = [ OK ]") }
        if chance(10) { lines.append("volatile = true") }
        for _ in 0..<below(5) { lines.append(variable()) }
        return lines.map { indent + $0 }
    }

    private mutating func variable() -> String {
        let name = pick(["x", "y", "deep", "list", "number", "in_it"])
        switch below(9) {
        case 0: return "vars.\(name) = \(value())"
        case 1: return "vars.table.\(name) = \(value())"
        case 2: return "vars[\"\(name) key\"] = \(value())"
        case 3: return "vars.array += [ \(value()) ]"
        case 4: return "vars.table += { \(name) = \(value()) }"
        case 5: return "vars += { \(name)_more = \(value()) }"
        case 6: return "vars.deep_\(name).er.est = \(value())"
        case 7: return "if (vars.x) { vars.was_x = true } else { vars.was_x = \(value()) }"
        default: return "vars.count = vars.count + 1"
        }
    }

    // MARK: Files

    private mutating func templates() -> String {
        var text = ""
        for type in ["Host", "Service"] {
            for number in 0..<5 {
                var lines = common()
                if number > 0, chance(60) {
                    let place = below(lines.count + 1)
                    lines.insert("  import \"t\(below(number))\"", at: place)
                }
                if chance(20) { lines.append("  groups += [ \"\(group(type))\" ]") }
                text += "template \(type) \"t\(number)\" {\n" + joined(lines) + "}\n"
            }
        }
        if chance(40) {
            text += "template Host \"all\" default {\n  vars.from_default = \(value())\n}\n"
        }
        if chance(40) {
            text += "template Service \"every\" default {\n  vars.from_default = \(value())\n}\n"
        }
        return text
    }

    private func joined(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

    private mutating func group(_ type: String) -> String {
        (type == "Host" ? "" : "s") + pick(groupNames)
    }

    private mutating func hosts() -> String {
        hostNames.map { name in
            var lines: [String] = []
            for _ in 0..<below(3) { lines.append("  import \"t\(below(5))\"") }
            lines.append("  check_command = \"\(pick(["dummy", "hostalive", "own"]))\"")
            if chance(80) { lines.append("  address = \"192.0.2.\(below(200))\"") }
            lines.append("  vars.os = \"\(pick(Self.systems))\"")
            lines.append("  vars.role = \"\(pick(Self.roles))\"")
            if chance(60) {
                lines.append("  vars.disks[\"disk \(below(3))\"] = { size = \(below(9)) }")
                lines.append("  vars.disks[\"/\"] = { }")
            }
            if chance(50) { lines.append("  vars.ports = [ 80, \"443\", 0.5 ]") }
            if chance(30) { lines.append("  groups = [ \"\(pick(groupNames))\" ]") }
            lines += common()
            return "object Host \"\(name)\" {\n" + joined(lines) + "}\n"
        }.joined()
    }

    private mutating func groups() -> String {
        var text = ""
        for type in ["Host", "Service"] {
            let prefix = type == "Host" ? "" : "s"
            for (number, name) in groupNames.enumerated() {
                var lines: [String] = []
                if chance(40) { lines.append("  display_name = \(pick(["\"G\"", "name", "7"]))") }
                if number > 0, chance(30) {
                    lines.append("  groups = [ \"\(prefix)\(groupNames[number - 1])\" ]")
                }
                if chance(70) {
                    lines.append("  assign where \(condition(type))")
                    if chance(30) { lines.append("  ignore where \(condition(type))") }
                }
                text += "object \(type)Group \"\(prefix)\(name)\" {\n" + joined(lines) + "}\n"
            }
        }
        return text
    }

    private mutating func condition(_ type: String) -> String {
        let ofHost = [
            "host.vars.os == \"\(pick(Self.systems))\"", "host.vars.role in [ \"web\", \"db\" ]",
            "match(\"h*\", host.name)", "host.address", "host.vars.disks",
            "host.vars.deep_x.er.est == 5", "\"t1\" in host.templates", "host.name == NodeName",
            "regex(\"[0-4]$\", host.name)", "host.vars.x && !host.vars.y", "true", "false",
            "host.address && cidr_match(\"192.0.2.0/25\", host.address)", "len(host.name) > 2",
            "host.vars.os != \"Linux\" || host.vars.role == \"mail\"", "host.check_interval > 60",
            "match(\"*2\", host.display_name)", "80 in host.vars.ports",
        ]
        let ofService = [
            "match(\"*a*\", service.name)", "service.check_command == \"own\"",
            "service.vars.os", "service.host_name == \"h1\"", "service.vars.x == host.vars.x",
            "service.max_check_attempts > 3",
        ]
        return pick(type == "Host" ? ofHost : ofHost + ofService + ofService)
    }

    private mutating func rules(_ file: String) -> String {
        (0..<(3 + below(4))).map { number in
            let name = "\(file)\(number)"
            var lines = ["  check_command = \"\(pick(["dummy", "own", "ping4", "disk"]))\""]
            for _ in 0..<below(2) { lines.append("  import \"t\(below(5))\"") }
            lines += common()
            var head = "apply Service \"\(name)\""
            switch below(5) {
            case 0:
                head = "apply Service \"\(name)-\" for (key => entry in host.vars.disks)"
                lines.append("  vars += entry")
                lines.append("  vars.key = key")
                lines.append("  vars.os = host.vars.os + key")
            case 1:
                head = "apply Service \"\(name)-\" for (port in host.vars.ports)"
                lines.append("  vars.port = port")
            case 2:
                head = "apply Service \"\(name)-in-\" for (g in host.groups.unique())"
                lines.append("  vars.all_groups = host.groups")
            case 3:
                lines.append("  name = \"\(name)-renamed\"")
            default: break
            }
            if chance(20) { head += " to Host" }
            if chance(30) {
                head = "var outer\(number) = \(value())\n" + head + " use (outer\(number))"
                lines.append("  vars.outer = outer\(number)")
            }
            if chance(20) { lines.append("  groups += [ \"\(group("Service"))\" ]") }
            if chance(90) || !head.contains(" for (") {
                lines.append("  assign where \(condition("Host"))")
            }
            if chance(20) { lines.append("  assign where \(condition("Host"))") }
            if chance(30) { lines.append("  ignore where \(condition("Host"))") }
            return head + " {\n" + joined(lines) + "}\n"
        }.joined()
    }

    private mutating func services() -> String {
        (0..<(4 + below(5))).map { number in
            var lines = ["  host_name = \"\(pick(hostNames))\""]
            for _ in 0..<below(3) { lines.append("  import \"t\(below(5))\"") }
            lines.append("  check_command = \"\(pick(["dummy", "own", "ssh"]))\"")
            lines += common()
            if chance(30) { lines.append("  vars.host_seen = host.name") }
            if chance(20) { lines.append("  groups = [ \"\(group("Service"))\" ]") }
            return "object Service \"s\(number)\" {\n" + joined(lines) + "}\n"
        }.joined()
    }

    private mutating func commands() -> String {
        """
        object CheckCommand "own" {
          import "plugin-check-command"
          command = [ PluginDir + "/own", \(pick(["\"word\"", "5 + \"\"", "\"$own_a$\""])) ]
          arguments += {
            "-a" = "$own_a$"
            "-b" = { value = "$own_b$"; order = \(below(5)); required = \(pick(["true", "false"])) }
          }
          arguments["-c"] = { set_if = "$own_c$" }
          arguments["-b"].description = "more of it"
          env.OWN = "$own_a$"
          vars.own_a = \(value())
          timeout = \(pick(["10", "1m", "\"20\""]))
        }
        object CheckCommand "own-child" {
          import "own"
          arguments += { "-d" = \(pick(["\"$x$\"", "5", "null"])) }
          vars.own_b = \(value())
        }

        """
    }

    private mutating func periods() -> String {
        """
        object TimePeriod "always" {
          display_name = \(pick(["\"All\"", "name", "5"]))
          ranges = { monday = "00:00-24:00"; "tuesday" = "09:00-17:00,18:00-19:00" }
          ranges["wednesday"] = "\(below(9)):00-\(10 + below(9)):30"
        }
        object TimePeriod "work" {
          import "always"
          ranges += { friday = "00:00-12:00" }
          excludes = [ "never" ]
          prefer_includes = \(pick(["false", "1", "null"]))
          vars.x = \(value())
        }
        object TimePeriod "never" { ranges = { } }

        """
    }

    private mutating func code() -> String {
        """
        var roles = [ "web", "db" ]
        for (role in roles) {
          object Host "made-" + role use (role) {
            check_command = "dummy"
            vars.role = role
            vars.upper = role.upper()
            vars.number = len(role)
          }
        }
        function tag(text) { return "<" + text + ">" }
        const Tagged = tag("c")
        namespace Local { part = \(value()) }
        if (\(pick(["true", "false", "NodeName == \"sandbox\"", "len(roles) > 5"]))) {
          object Service "conditional" {
            host_name = "made-web"
            check_command = "dummy"
            vars.tagged = Tagged
            vars.part = Local.part
            vars.squares = range(4).map(n => n * n)
            vars.filtered = [ 3, 1, 2 ].filter(n => n > 1).sort()
          }
        }
        object Service "counting" {
          host_name = "made-db"
          check_command = "dummy"
          var sum = 0
          for (n in range(\(below(6)))) { sum += n }
          vars.sum = sum
          vars.keys = keys({ b = 1, a = 2 })
          while (vars.steps < 3) { vars.steps += 1 }
          try { throw "x" } except { vars.caught = true }
        }

        """
    }

    private mutating func dependencies() -> String {
        """
        object Host "parent" { check_command = "dummy" }
        apply Dependency "up" to Host {
          parent_host_name = "parent"
          disable_checks = \(pick(["true", "false", "1"]))
          states = \(pick(["[ Up ]", "[ Up, Down ]", "[ \"Down\" ]"]))
          assign where host.name != "parent" && \(condition("Host"))
        }
        apply Dependency "in-" for (g in service.groups.unique()) to Service {
          parent_host_name = "parent"
          vars.group = g
          vars.all = service.groups
          period = \(pick(["\"always\"", "null", "\"\""]))
          assign where true
        }

        """
    }
}
