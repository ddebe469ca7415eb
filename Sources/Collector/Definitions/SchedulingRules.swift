internal import ConfigLanguage
internal import Monitoring

/// When objects are checked beyond their intervals: time periods, and dependencies that leave
/// checks out or pass that on.
struct SchedulingRules {
    /// Every time period by name.
    let periods: [ByteString: TimePeriod]
    /// What each object depends on, as far as that can keep something from being checked.
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
            if !object["disable_checks"].isTruthy { ignoredCount += 1 }
            // names that nothing has are told by the validation of references
            guard let child = object.end("child"), let parent = object.end("parent"),
                child != parent
            else { continue }
            dependencies[child, default: []].append(
                CheckDependency(object, parent: parent, periods))
        }
        Self.leaveOut(&dependencies)
        self.dependencies = dependencies
        self.ignoredCount = ignoredCount
        errors = reader.errors
    }

    /// Leaves out the dependencies that keep nothing from being checked: those without
    /// `disable_checks` behind whose parents there is none that has it.
    ///
    /// In a redundancy group they count, since they are always well.
    private static func leaveOut(_ dependencies: inout [ObjectName: [CheckDependency]]) {
        var children: [ObjectName: [ObjectName]] = [:]
        for (child, all) in dependencies {
            for dependency in all { children[dependency.parent, default: []].append(child) }
        }
        var open = dependencies.filter { $0.value.contains(where: \.disablesChecks) }.map(\.key)
        var held = Set(open)
        while let next = open.popLast() {
            for child in children[next] ?? [] where held.insert(child).inserted {
                open.append(child)
            }
        }
        dependencies = dependencies.mapValues { all in
            all.filter {
                $0.disablesChecks || !$0.redundancyGroup.isEmpty || held.contains($0.parent)
            }
        }
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
            redundancyGroup: object["redundancy_group"].toText.text,
            disablesChecks: object["disable_checks"].isTruthy)
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
