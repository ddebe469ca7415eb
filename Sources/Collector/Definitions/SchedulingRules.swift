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
        var errors = reader.errors
        var dependencies: [ObjectName: [CheckDependency]] = [:]
        var ignoredCount = 0
        for object in registry.objects(ofType: "Dependency") {
            guard object["disable_checks"].isTruthy else {
                ignoredCount += 1
                continue
            }
            // names that nothing has are told by the validation of references
            guard let child = object.end("child"), let parent = object.end("parent"),
                child != parent
            else { continue }
            do throws(UnknownState) {
                let dependency = try CheckDependency(object, parent: parent, periods)
                dependencies[child, default: []].append(dependency)
            } catch {
                errors.append(
                    ObjectValidation.failure(object, "states", error.text(of: parent)))
            }
        }
        self.dependencies = dependencies
        self.ignoredCount = ignoredCount
        self.errors = errors
    }
}

/// A word that is no state of its object.
private struct UnknownState: Error {
    let word: String

    func text(of parent: ObjectName) -> String {
        let known = parent.isHost ? "Up and Down" : "OK, Warning, Critical and Unknown"
        return "'\(word)' is no state of '\(parent)'. Its states are \(known)."
    }
}

extension CheckDependency {
    fileprivate init(
        _ object: ConfigObject, parent: ObjectName, _ periods: [ByteString: TimePeriod]
    ) throws(UnknownState) {
        self.init(
            parent: parent,
            states: parent.isHost ? [.ok] : [.ok, .warning],
            ignoresSoftStates: object["ignore_soft_states"].isTruthy,
            period: periods[object["period"].toText],
            redundancyGroup: object["redundancy_group"].toText.text)
        guard let wanted = object["states"].asArray else { return }
        let known: [String: ServiceState] =
            parent.isHost
            ? ["Up": .ok, "Down": .critical]
            : ["OK": .ok, "Warning": .warning, "Critical": .critical, "Unknown": .unknown]
        states = []
        for word in wanted.elements.map(\.toText.text) {
            guard let state = known[word] else { throw UnknownState(word: word) }
            states.insert(state)
        }
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
