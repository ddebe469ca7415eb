import Monitoring
import TestSupport

/// Services whose results carry a running number, and what Icinga's rules make of them.
struct NumberedServices {
    let count: Int
    /// Seconds between two checks, problem or not.
    let interval: Double
    /// Bytes of each output, about.
    var outputBytes = 10

    private static let attempts = 3

    /// Full names, such as `web1!count3`.
    var names: [String] { (1...count).map { "web1!count\($0)" } }

    /// Host and services, and own health often enough for a clock that is stepped.
    var definitions: String {
        """
        object CheckCommand "count" { command = [ "PLUGINS/count", "$service.name$" ] }
        object Host NodeName { check_command = "dummy" }
        for (number in range(1, \(count + 1))) {
            object Service "count" + number {
                host_name = NodeName
                check_command = "count"
                check_interval = \(interval)
                retry_interval = \(interval)
                max_check_attempts = \(Self.attempts)
            }
        }
        """
    }

    /// The number is kept in two files, one after the other: one of them survives every kill.
    var plugin: String {
        """
        a=0 b=0
        { read -r a <"HERE/$1.a"; read -r b <"HERE/$1.b"; } 2>/dev/null
        n=$((a > b ? a : b))
        n=$((n + 1))
        echo "$n" >"HERE/$1.a"
        echo "$n" >"HERE/$1.b"
        case $((n % 10)) in
            0|1|8) state=0 ;;
            2|3) state=1 ;;
            7) state=3 ;;
            *) state=2 ;;
        esac
        printf 'run %d %\(outputBytes)s\\n' "$n" end
        exit $state
        """
    }

    /// The number in an output; nil in one of the forwarder's own health.
    static func number(_ output: String) -> Int? {
        let words = output.split(separator: " ", maxSplits: 2)
        return words.first == "run" && words.count > 1 ? Int(words[1]) : nil
    }

    /// Where an object stands after each of these states.
    static func standings(_ states: [Int]) -> [ForwarderSite.Standing] {
        var current: CheckState?
        return states.map { raw in
            let state = ServiceState(exitStatus: Int32(raw))
            var next =
                current
                ?? CheckState.first(state, maxCheckAttempts: attempts, kind: .service)
            if current != nil {
                _ = next.apply(state, maxCheckAttempts: attempts, kind: .service)
            }
            current = next
            return ForwarderSite.Standing(
                state: next.state.rawValue, isHard: next.type == .hard, attempt: next.attempt)
        }
    }
}
