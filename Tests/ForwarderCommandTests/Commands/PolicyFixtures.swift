import TestSupport

/// A host with secrets, and a policy that keeps them.
enum PolicyFixtures {
    static let definitions = """
        object CheckCommand "says" { command = [ "PLUGINS/says" ] }
        object HostGroup "linux" { }
        object ServiceGroup "storage" { }
        object Host NodeName {
            check_command = "says"
            groups = [ "linux" ]
            vars.os = "Linux"
            vars.snmp_community = "s3cr3t-ro"
        }
        object Host "db1" { check_command = "says"; vars.os = "Debian" }
        object Service "disk" {
            host_name = NodeName
            check_command = "says"
            groups = [ "storage" ]
            vars.team = "Support"
            vars.password = "hunter2"
        }
        object Service "intern" { host_name = NodeName; check_command = "says" }
        object Service "disk" { host_name = "db1"; check_command = "says" }
        """

    static func site(_ policy: String) throws -> ForwarderSite {
        let site = try ForwarderSite(master: PrivateMaster(), definitions: definitions)
        try site.policy(policy)
        return site
    }

    static let good = """
        [disks]
        masters = \(PrivateMaster.name)
        permissions = icingadb/command/process-check-result, icingadb/object/show-source
        icingadb/filter/services = service.name=disk
        icingadb/filter/hosts = service.name=disk
        [secrets]
        masters = \(PrivateMaster.name)
        icingadb/protect/variables = *community*
        icingadb/denylist/variables = *password*
        icingadb/denylist/routes = servicegroups
        """
}
