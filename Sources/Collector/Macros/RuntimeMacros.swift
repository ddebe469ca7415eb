internal import ConfigLanguage
internal import Monitoring

/// The values of macros that change at run time.
///
/// - Source: Icinga 2 documentation, "Host Runtime Macros", "Service Runtime Macros", "Global
///   Macros"; those that only a master can know are left out.
struct RuntimeMacros {
    let facts: RuntimeFacts
    /// This node's name, the source of all checks.
    var nodeName = ""

    /// All names below but the counts, which begin with `num_`.
    private static let names: Set<ByteString> = [
        "state", "state_id", "state_type", "last_state", "last_state_id", "last_state_type",
        "last_state_change", "duration_sec", "downtime_depth", "check_attempt",
        "output", "perfdata", "execution_time", "latency", "last_check", "check_source",
        "timet", "long_date_time", "short_date_time", "date", "time", "uptime",
    ]

    /// True for a name that has, or may once have, a value here.
    static func isOne(_ name: ByteString) -> Bool {
        names.contains(name) || name.hasPrefix("num_")
    }

    /// `$host.…$` and `$service.…$` of one object; nil for a name that is none of these.
    func value(_ name: ByteString, of object: ObjectName) -> Value? {
        let known = facts.objects[object] ?? RuntimeFacts.Object()
        let state = known.checkState ?? .pending
        let last = known.lastCheckState ?? .pending
        switch name.text {
        case "state": return .text(Self.name(of: state.state, object))
        case "state_id": return .number(Self.number(of: state.state, object))
        case "state_type": return .text(state.type.name)
        case "last_state": return .text(Self.name(of: last.state, object))
        case "last_state_id": return .number(Self.number(of: last.state, object))
        case "last_state_type": return .text(last.type.name)
        case "last_state_change": return .number(Self.wholeSeconds(stateChange(known)))
        case "duration_sec":
            return .number((facts.now - stateChange(known)).inSeconds)
        case "downtime_depth": return 0
        case "check_attempt": return .number(Double(state.attempt))
        default: return known.lastResult.flatMap { value(name, of: $0, known) }
        }
    }

    private func value(
        _ name: ByteString,
        of result: CheckResult,
        _ known: RuntimeFacts.Object
    ) -> Value? {
        switch name.text {
        case "output": return .text(result.output)
        case "perfdata": return .text(result.performanceData.joined(separator: " "))
        case "execution_time":
            return .number((result.executionEnd - result.executionStart).inSeconds)
        case "latency":
            let due = known.lastScheduledStart ?? result.executionStart
            return .number(max(0, (result.executionStart - due).inSeconds))
        case "last_check": return .number(Self.wholeSeconds(result.executionEnd))
        case "check_source": return .text(nodeName)
        default: return nil
        }
    }

    /// The beginning of time for a state that never changed, as in Icinga.
    private func stateChange(_ known: RuntimeFacts.Object) -> Timestamp {
        known.lastStateChange ?? Timestamp(microseconds: 0)
    }

    /// `$host.num_services…$` for the services of one host; pending ones are unknown, too.
    func serviceCount(_ name: ByteString, among services: [ObjectName]) -> Value? {
        let states = services.map { facts.objects[$0]?.checkState?.state }
        switch name.text {
        case "num_services": return .number(Double(services.count))
        case "num_services_pending": return .number(Double(states.count { $0 == nil }))
        default:
            let all: [ServiceState] = [.ok, .warning, .critical, .unknown]
            guard
                let state = all.first(where: {
                    name.text == "num_services_\($0.name.lowercased())"
                })
            else { return nil }
            return .number(Double(states.count { ($0 ?? .unknown) == state }))
        }
    }

    /// `$icinga.num_hosts_…$`; pending ones are down, too.
    func hostCount(_ name: ByteString, among hosts: [ObjectName]) -> Value? {
        let states = hosts.map { facts.objects[$0]?.checkState?.state.asHostState }
        return switch name.text {
        case "num_hosts_up": .number(Double(states.count { $0 == .up }))
        case "num_hosts_down": .number(Double(states.count { ($0 ?? .down) == .down }))
        case "num_hosts_pending": .number(Double(states.count { $0 == nil }))
        default: nil
        }
    }

    /// `$icinga.…$` that tell the time; nil for a name that is none of these.
    func clock(_ name: ByteString) -> Value? {
        switch name.text {
        case "timet": .number(Self.wholeSeconds(facts.now))
        case "long_date_time": .text(LocalTime(facts.now).longDateTime)
        case "short_date_time": .text(LocalTime(facts.now).shortDateTime)
        case "date": .text(LocalTime(facts.now).date)
        case "time": .text(LocalTime(facts.now).clock)
        case "uptime": .text(LocalTime.span((facts.now - facts.started).inSeconds))
        default: nil
        }
    }

    private static func name(of state: ServiceState, _ object: ObjectName) -> String {
        object.isHost ? state.asHostState.name : state.name
    }

    private static func number(of state: ServiceState, _ object: ObjectName) -> Double {
        Double(object.isHost ? state.asHostState.rawValue : state.rawValue)
    }

    private static func wholeSeconds(_ time: Timestamp) -> Double {
        time.seconds.rounded(.down)
    }
}

extension CheckState {
    /// What an object without any result reads as.
    fileprivate static let pending = CheckState(state: .unknown, type: .soft, attempt: 1)
}
