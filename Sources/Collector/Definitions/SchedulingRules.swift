internal import ConfigLanguage
internal import Monitoring

/// When objects are checked beyond their intervals: time periods, and dependencies that leave
/// checks out.
struct SchedulingRules {
    /// Every time period by name.
    let periods: [ByteString: TimePeriod]
    /// What each object depends on, of the dependencies with `disable_checks`.
    let dependencies: [ObjectName: [CheckDependency]]
    /// Dependencies that only silence notifications, which a client does not send.
    let ignoredCount: Int
    /// What is wrong with their definitions.
    let errors: [Diagnostic]

    /// Reads what a session defines.
    init(_ registry: ObjectRegistry) {
        var reader = TimePeriodReader(registry)
        periods = reader.readAll()
        var dependencies: [ObjectName: [CheckDependency]] = [:]
        var ignoredCount = 0
        for object in registry.objects(ofType: "Dependency") {
            let leavesChecksOut = object["disable_checks"].isTruthy
            if !leavesChecksOut { ignoredCount += 1 }
            // one that only silences notifications is always well, which counts in its group
            guard leavesChecksOut || !object["redundancy_group"].toText.isEmpty else { continue }
            // names that nothing has are told by the validation of references
            guard let child = object.end("child"), let parent = object.end("parent"),
                child != parent
            else { continue }
            var dependency = CheckDependency(object, parent: parent, periods)
            if !leavesChecksOut { dependency.states = Set(ServiceState.allCases) }
            dependencies[child, default: []].append(dependency)
        }
        self.dependencies = dependencies
        self.ignoredCount = ignoredCount
        errors = reader.errors
    }
}

extension CheckDependency {
    fileprivate init(
        _ object: ConfigObject, parent: ObjectName, _ periods: [ByteString: TimePeriod]
    ) {
        self.init(
            parent: parent,
            states: parent.isHost ? [.ok] : [.ok, .warning],
            ignoresSoftStates: object["ignore_soft_states"].isTruthy,
            period: periods[object["period"].toText],
            redundancyGroup: object["redundancy_group"].toText.text)
        guard let wanted = object["states"].asArray else { return }
        // by name or by Icinga's bit; a word that is none is told by the validation of objects
        let known: [(name: ByteString, bit: Double, state: ServiceState)] =
            parent.isHost
            ? [("Up", 16, .ok), ("Down", 32, .critical)]
            : [
                ("OK", 1, .ok), ("Warning", 2, .warning), ("Critical", 4, .critical),
                ("Unknown", 8, .unknown),
            ]
        states = Set(
            wanted.elements.compactMap { word in
                known.first { $0.name == word.toText || $0.bit == word.asNumber }?.state
            })
    }
}

extension ConfigObject {
    /// The object at one end of a dependency: a service where one is named, else a host.
    fileprivate func end(_ side: String) -> ObjectName? {
        let host = self[ByteString("\(side)_host_name")].toText.text
        let service = self[ByteString("\(side)_service_name")].toText.text
        return ObjectName(fullName: service.isEmpty ? host : "\(host)!\(service)")
    }
}
