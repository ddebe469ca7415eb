/// Services of one host that are checked by one plugin, which is told the service's name and says
/// which run of it this is.
package struct ServiceSeries: Sendable {
    /// The plugin's name, and the beginning of each service's.
    package let plugin: String
    /// How many there are.
    package let count: Int
    /// Seconds between two checks, problem or not.
    package let interval: Double

    /// Checks until a problem is hard.
    package static let maxCheckAttempts = 3

    /// Services that are named after their plugin and a number.
    package init(plugin: String, count: Int, interval: Double) {
        self.plugin = plugin
        self.count = count
        self.interval = interval
    }

    /// Full names, such as `web1!walk3`.
    package var names: [String] { (1...count).map { "web1!\(plugin)\($0)" } }

    /// The host and the services.
    package var definitions: String {
        """
        object CheckCommand "\(plugin)" { command = [ "PLUGINS/\(plugin)", "$service.name$" ] }
        object Host NodeName { check_command = "dummy" }
        for (number in range(1, \(count + 1))) {
            object Service "\(plugin)" + number {
                host_name = NodeName
                check_command = "\(plugin)"
                check_interval = \(interval)
                retry_interval = \(interval)
                max_check_attempts = \(Self.maxCheckAttempts)
            }
        }
        """
    }

    /// A plugin's part that sets `state` for run `n`; ten runs are one round through soft and hard
    /// states.
    package static let stateScript = """
        case $((n % 10)) in
            0|1|8) state=0 ;;
            2|3) state=1 ;;
            7) state=3 ;;
            *) state=2 ;;
        esac
        """

    /// The run that an output (`run 7 …`) tells of; nil in one of the forwarder's own health.
    package static func run(_ output: String) -> Int? {
        let words = output.split(separator: " ", maxSplits: 2)
        return words.first == "run" && words.count > 1 ? Int(words[1]) : nil
    }
}
