internal import ConfigLanguage
internal import Monitoring

/// How a check command is carried out: the function that its attribute `execute` names.
enum Execution: String, CaseIterable {
    case plugin = "PluginCheck"
    case dummy = "DummyCheck"
    case null = "NullCheck"
    case random = "RandomCheck"
    case exception = "ExceptionCheck"
    case sleep = "SleepCheck"
    case icinga = "IcingaCheck"
    case clusterZone = "ClusterZoneCheck"
    /// Its subject exists in an Icinga 2 daemon only.
    case unavailable = "UnavailableCheck"

    /// What a check command says; nil when it names a function of the definitions.
    init?(of command: ConfigObject) {
        guard let name = command["execute"].asFunction?.name.text else { return nil }
        self.init(rawValue: name)
    }

    /// The functions as the namespace `Internal` that built-in templates take them from.
    static var namespace: Value {
        let functions = DictionaryValue()
        for one in allCases {
            let name = ByteString(one.rawValue)
            functions[name] = .function(
                FunctionValue(name) { (invocation) throws(ConfigFault) -> Value in
                    throw invocation.fault("'\(one.rawValue)' is a check, not to be called.")
                }
            )
        }
        functions.isNamespace = true
        return .dictionary(functions)
    }
}

/// Makes up the checks that run no plugin.
///
/// - Source: Icinga 2 documentation, "Icinga Template Library", CheckCommands "dummy", "passive",
///   "random", "exception", "sleep", "cluster-zone"; tried on 2.13.6.
struct InternalCheck {
    /// Whose check.
    let object: ObjectName
    /// This node's name.
    let nodeName: String
    let resolver: MacroResolver

    /// `dummy` and `passive`: the result is what variables say.
    func dummy() throws(PreparationFault) -> CheckAction {
        let state = try number("dummy_state")
        guard let status = Int(truncating: state).flatMap({ Int32(exactly: $0) }) else {
            throw .notANumber(attribute: "dummy_state", value: Value.number(state).toText)
        }
        return .immediate(exitStatus: status, output: try value("dummy_text").toText.text)
    }

    /// `null`: a greeting.
    func null(at now: Timestamp) -> CheckAction {
        .immediate(exitStatus: 0, output: "Hello from \(nodeName)|time=\(now.decimalSeconds)")
    }

    /// `random`: any state, with performance data that changes.
    func random(
        _ facts: RuntimeFacts,
        using generator: inout any RandomNumberGenerator
    ) -> CheckAction {
        let state = Int32.random(in: 0...3, using: &generator)
        let value = Int.random(in: 0..<1000, using: &generator)
        let uptime = (facts.now - facts.started).inSeconds
        let figures = [
            ("time", facts.now.decimalSeconds), ("value", "\(value)"),
            ("value_1m", "\(Double(value * 9) / 10)"), ("value_5m", "\(Double(value * 8) / 10)"),
            ("uptime", "\(max(0, uptime))"),
        ]
        let text =
            "Hello from \(nodeName). The forwarder has been running for \(LocalTime.span(uptime))."
        let data = figures.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
        return .immediate(exitStatus: state, output: "\(text)|\(data)")
    }

    /// `exception`: a check that fails by itself.
    func exception() throws(PreparationFault) -> CheckAction {
        throw .unrunnable("Exception occurred while checking '\(object)': Error: Test")
    }

    /// `sleep`: OK after the time that `sleep_time` says; one below zero is no time.
    func sleep() throws(PreparationFault) -> CheckAction {
        let seconds = try number("sleep_time")
        guard seconds.isFinite else {
            throw .notANumber(attribute: "sleep_time", value: Value.number(seconds).toText)
        }
        let bounded = min(max(seconds, 0), Definitions.longestInterval.inSeconds)
        return .later(
            .microseconds(Int64(bounded * 1_000_000)),
            exitStatus: 0,
            output: "Slept for \(Value.number(seconds).toText) seconds."
        )
    }

    /// `cluster-zone`: whether results get through to the destination of that name.
    func clusterZone() throws(PreparationFault) -> CheckAction {
        .link(zone: try value("cluster_zone").toText.text)
    }

    // MARK: Variables

    private func value(_ name: ByteString) throws(PreparationFault) -> Value {
        var missing: ByteString?
        return try resolver.resolve(.string("$" + name + "$"), missing: &missing)
    }

    private func number(_ name: ByteString) throws(PreparationFault) -> Double {
        let value = try value(name)
        guard let number = value.toNumber else {
            throw .notANumber(attribute: name.text, value: value.toText)
        }
        return number
    }
}
