import Monitoring
import TestSupport

/// Services whose results carry a running number, and what Icinga's rules make of them.
struct NumberedServices {
    let count: Int
    /// Seconds between two checks, problem or not.
    let interval: Double
    /// Bytes of each output, about.
    var outputBytes = 10

    private var series: ServiceSeries {
        ServiceSeries(plugin: "count", count: count, interval: interval)
    }
    /// Full names, such as `web1!count3`.
    var names: [String] { series.names }
    /// The host and the services.
    var definitions: String { series.definitions }

    /// The number is kept in two files, one after the other: one of them survives every kill.
    var plugin: String {
        """
        a=0 b=0
        { read -r a <"HERE/$1.a"; read -r b <"HERE/$1.b"; } 2>/dev/null
        n=$((a > b ? a : b))
        n=$((n + 1))
        echo "$n" >"HERE/$1.a"
        echo "$n" >"HERE/$1.b"
        \(ServiceSeries.stateScript)
        printf 'run %d %\(outputBytes)s\\n' "$n" end
        exit $state
        """
    }

    /// Where an object stands after each of these states.
    static func standings(_ states: [Int]) -> [ForwarderSite.Standing] {
        var current: CheckState?
        return states.map { raw in
            let state = ServiceState(exitStatus: Int32(raw))
            var next =
                current
                ?? CheckState.first(
                    state, maxCheckAttempts: ServiceSeries.maxCheckAttempts, kind: .service)
            if current != nil {
                _ = next.apply(
                    state, maxCheckAttempts: ServiceSeries.maxCheckAttempts, kind: .service)
            }
            current = next
            return ForwarderSite.Standing(
                state: next.state.rawValue, isHard: next.type == .hard, attempt: next.attempt)
        }
    }
}
