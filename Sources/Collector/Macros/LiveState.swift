internal import ConfigLanguage
internal import Monitoring

/// Where the attributes of objects that change while the daemon works get their values.
///
/// Belongs to the thread that prepares checks. Bound: ``mostPeriodLines`` for each check, then
/// ``isPeriodsSpent``.
final class LiveState {
    private let source: any RuntimeFactsSource
    private let nodeName: String
    private let periods: [ByteString: TimePeriod]
    private let calendar: any WallCalendar
    /// Set whenever something is read that may be another thing next time.
    var wasRead = false
    /// Whose check is being prepared; setting it begins another check.
    var checked: ObjectName? {
        didSet {
            inside = [:]
            periodLines = 0
        }
    }
    /// What the check that is being prepared was told of periods.
    private var inside: [ByteString: Bool] = [:]
    private var periodLines = 0

    /// Most times of day that are looked at for one check: 20,000, twenty of the largest periods.
    static let mostPeriodLines = 20 * TimePeriodReader.largestSize

    /// True once a check asked for more; what it was told since is not so.
    var isPeriodsSpent: Bool { periodLines > Self.mostPeriodLines }

    /// Reads from these facts, and asks these periods by this calendar.
    init(
        _ source: any RuntimeFactsSource,
        nodeName: String,
        periods: [ByteString: TimePeriod],
        calendar: any WallCalendar
    ) {
        self.source = source
        self.nodeName = nodeName
        self.periods = periods
        self.calendar = calendar
    }

    /// Whether the moment belongs to a time period, the same answer all through one check.
    func isInside(_ name: ByteString) -> Bool {
        wasRead = true
        if let known = inside[name] { return known }
        guard let period = periods[name] else { return false }
        periodLines += period.size
        guard !isPeriodsSpent else { return false }
        let answer = period.contains(source.facts(of: []).now, calendar)
        inside[name] = answer
        return answer
    }

    /// The value of a live attribute; nil for a name that is none.
    func value(_ name: ByteString, of object: ObjectName) -> Value? {
        wasRead = true
        let host = ObjectName(host: object.host)
        let facts = source.facts(of: [object, host], whileChecking: checked)
        return LiveAttributes(
            object: object,
            known: facts.objects[object] ?? RuntimeFacts.Object(),
            hostState: facts.objects[host]?.checkState?.state
        ).value(name, nodeName: nodeName)
    }
}

/// What one object's attributes say at one moment.
///
/// - Source: Icinga 2 documentation, "Object Types", Runtime Attributes of Host and Service, and
///   "CheckResult"; tried on 2.13.6.
struct LiveAttributes {
    let object: ObjectName
    let known: RuntimeFacts.Object
    /// The state of its host; nil before that was checked.
    let hostState: ServiceState?

    /// An object of which nothing is known, as while definitions are loaded.
    static func pending(isHost: Bool) -> LiveAttributes {
        let host = ObjectName(host: "-")
        return LiveAttributes(
            object: isHost ? host : ObjectName(host: "-", service: "-"),
            known: RuntimeFacts.Object(),
            hostState: nil
        )
    }

    /// The value of an attribute; nil for a name that is none of these.
    func value(_ name: ByteString, nodeName: String) -> Value? {
        switch name.text {
        case "last_check_result":
            guard let result = known.lastResult else { return .null }
            return .object(Self.object(of: result, nodeName: nodeName))
        case "next_check": return .number(known.lastResult?.nextCheck?.seconds ?? 0)
        case "last_check": return .number(known.lastResult?.executionEnd.seconds ?? -1)
        case "check_attempt": return .number(Double(known.checkState?.attempt ?? 1))
        case "problem": return .boolean(known.lastResult != nil && isProblem)
        case "severity": return .number(severity)
        default: return state(name) ?? change(name)
        }
    }

    private func state(_ name: ByteString) -> Value? {
        let state = known.checkState?.state ?? .unknown
        let last = known.lastCheckState?.state ?? .unknown
        let hard = known.lastHardState ?? .unknown
        switch name.text {
        case "state": return number(of: state)
        case "last_state": return number(of: last)
        case "last_hard_state": return number(of: hard)
        case "state_raw": return .number(Double(state.rawValue))
        case "last_state_raw": return .number(Double(last.rawValue))
        case "last_hard_state_raw": return .number(Double(hard.rawValue))
        case "state_type": return .number(Double((known.checkState?.type ?? .soft).rawValue))
        case "last_state_type":
            return .number(Double((known.lastCheckState?.type ?? .soft).rawValue))
        default: return nil
        }
    }

    private func change(_ name: ByteString) -> Value? {
        switch name.text {
        case "last_state_change": return time(known.lastStateChange)
        case "last_hard_state_change": return time(known.lastHardStateChange)
        case "previous_state_change": return time(known.previousStateChange)
        case "last_state_ok": return object.isHost ? nil : time(known.lastSeen[.ok])
        case "last_state_warning": return object.isHost ? nil : time(known.lastSeen[.warning])
        case "last_state_critical": return object.isHost ? nil : time(known.lastSeen[.critical])
        case "last_state_unknown": return object.isHost ? nil : time(known.lastSeen[.unknown])
        case "last_state_up":
            return object.isHost ? time(newest([.ok, .warning])) : nil
        case "last_state_down":
            return object.isHost ? time(newest([.critical, .unknown])) : nil
        default: return nil
        }
    }

    private func newest(_ states: [ServiceState]) -> Timestamp? {
        states.compactMap { known.lastSeen[$0] }.max()
    }

    private func time(_ time: Timestamp?) -> Value { .number(time?.seconds ?? 0) }

    private var isProblem: Bool {
        let kind: ObjectKind = object.isHost ? .host : .service
        return kind.isProblem(known.checkState?.state ?? .unknown)
    }

    private func number(of state: ServiceState) -> Value {
        .number(Double(object.isHost ? state.asHostState.rawValue : state.rawValue))
    }

    /// Without acknowledgement and downtime, which a client has not; 16 before the first result.
    private var severity: Double {
        guard known.lastResult != nil, let state = known.checkState?.state else { return 16 }
        guard isProblem else { return 0 }
        if object.isHost { return 64 + 2048 }
        // a host that is down, or was never checked, is the greater trouble
        let more: Double = (hostState ?? .unknown).asHostState == .down ? 1024 : 2048
        switch state {
        case .ok: return 0
        case .warning: return 32 + more
        case .unknown: return 64 + more
        case .critical: return 128 + more
        }
    }

    // MARK: The check result

    private static func object(of result: CheckResult, nodeName: String) -> ConfigObject {
        let attributes = DictionaryValue()
        attributes["output"] = .text(result.output)
        attributes["performance_data"] = .array(
            ArrayValue(result.performanceData.map { .text($0) })
        )
        attributes["exit_status"] = .number(Double(result.exitStatus))
        attributes["state"] = .number(Double(result.state.rawValue))
        attributes["execution_start"] = .number(result.executionStart.seconds)
        attributes["execution_end"] = .number(result.executionEnd.seconds)
        attributes["check_source"] = .text(nodeName)
        return ConfigObject(
            schema: SchemaLive.checkResult,
            name: "",
            attributes: attributes,
            location: SourceLocation(SourceFile(name: "(check result)"), line: 1, column: 1)
        )
    }
}
