@testable import Collector
import ConfigLanguage

// MARK: - Edges of macros

extension OracleGenerator {
    /// Texts at the edges of macro resolution that do not depend on the time.
    private static let texts = [
        "", "plain", "$$", "a$$b", "$$$$", "$host.name.foo$", "$host.address$", "$list$",
        "x $table$", "$table$", "$host.vars.table.k$", "$table.k$", "$host.notes$", "$notes$",
        "$display_name$", "$nope$", "x$nope$y", "$service.vars.text$", "$host.vars.list.0$",
        "$service.host.name$", "$service.host.foo$", "$check_interval$", "$timeout$",
        "$command.name$", "$host.vars$", "$host.num_services$", "$icinga.name$", "$zone$",
        "$templates$", "$type$", "$__name$", "$host.last_check_result$",
        "$host.check_interval.foo$", "$loop1$", "$host.downtime_depth$", "$icinga.vars.x$",
        "$service$", "$user.name$", "$host.$", "$.$", "x $list$", "$check_command$", "$os$$os$",
        "$a b$", "'$os$'", "$enable_active_checks$", "$volatile$", "$groups$", "$semicolons$",
        "$nested$", "$deep$", "$with_function$", "$functions$", "$deep_table$",
        "$.name$", "$.address$", "$.os$", "$.vars.os$", "$.host.name$", "$..$", "$.text$",
        "$icinga.num_hosts$", "$icinga.num_services$", "$num_hosts$", "$num_services$",
        "$host.package$", "$command.package$", "$host.source_location.path$",
        "$service.source_location.first_line$", "$source_location.first_column$",
        "$icinga.vars.community$", "$community$", "$icinga.community$", "$app_list$",
        "$icinga.vars.app_list$", "$icinga.app_table$", "$icinga.vars.app_table.k$",
        "$app_function$", "$icinga.vars.app_function$", "$icinga.vars.timet$", "$app_null$",
        "$.community$", "$icinga.num_hosts_up$", "$icinga.vars$", "$icinga.enable_flapping$",
        "$icinga.enable_notifications$", "$icinga.environment$", "$environment$",
        "$icinga.templates$", "$icinga.type$", "$icinga.package$", "$icinga.active$",
        "$icinga.paused$", "$icinga.version$", "$icinga.nope$", "$icinga.source_location.path$",
    ]

    /// Custom variables of the application, which its runtime values stand beside.
    private static let application = """
        object IcingaApplication "app" {
          enable_flapping = false
          vars.community = "x$host.name$"
          vars.app_list = [ "a", "$os$" ]
          vars.app_table = { k = "$os$" }
          vars.app_function = {{ host.name }}
          vars.app_null = null
          vars.timet = "T"
          vars.num_hosts_up = "N"
        }
        """

    /// Forms of a command that hold the text of the service's variable `text`, or the text itself.
    private static func commands(_ number: Int, _ text: String) -> [(name: String, body: String)] {
        [
            (
                "words",
                "command = [ PluginDir + \"/p\", \"$text$\" ]; arguments = { k = \"$text$\" }"
            ),
            ("shell", "command = \"p $text$\""),
            (
                "own\(number)",
                "command = [ PluginDir + \"/p\", \"\(text)\" ]\n"
                    + "  arguments = { k = { value = \"\(text)\"; required = true } }"
            ),
            ("line\(number)", "command = \"p \(text)\""),
            (
                "env\(number)",
                "command = [ PluginDir + \"/p\" ]\n  env = { ONE = \"\(text)\", TWO = \"$text$\" }"
            ),
            (
                "if\(number)",
                "command = [ PluginDir + \"/p\" ]; arguments = { k = { set_if = \"\(text)\" } }"
            ),
            (
                "macro\(number)",
                "command = [ PluginDir + \"/p\" ]; arguments = { k = {{ macro(\"\(text)\") }} }"
            ),
        ]
    }

    /// One service for each text and form.
    static func edges(interval: String) -> String {
        var made: Set<String> = []
        var lines = ["", application]
        for (number, text) in texts.enumerated() {
            for (name, body) in commands(number, text) {
                if made.insert(name).inserted {
                    lines.append("object CheckCommand \"edge-\(name)\" { \(body) }")
                }
                lines.append(
                    """
                    object Service "e\(number)-\(name)" {
                      host_name = NodeName
                      check_interval = \(interval)
                      check_command = "edge-\(name)"
                      vars.text = "\(text)"
                    }
                    """
                )
            }
        }
        return lines.joined(separator: "\n")
    }
}
