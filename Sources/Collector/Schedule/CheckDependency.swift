package import Monitoring

/// What has to be well for an object to be checked: one Dependency with `disable_checks`.
package struct CheckDependency: Sendable, Hashable {
    /// What it depends on.
    package var parent: ObjectName
    /// The parent's states in which the dependency holds; of a host OK stands for UP, CRITICAL for
    /// DOWN.
    package var states: Set<ServiceState>
    /// True when a parent whose problem is not confirmed yet counts as well.
    package var ignoresSoftStates: Bool
    /// When the dependency is looked at; nil for always.
    package var period: TimePeriod?
    /// Dependencies with the same group's name stand for each other; empty stands alone.
    package var redundancyGroup: String

    /// A dependency with all its parts.
    package init(
        parent: ObjectName,
        states: Set<ServiceState>,
        ignoresSoftStates: Bool = true,
        period: TimePeriod? = nil,
        redundancyGroup: String = ""
    ) {
        self.parent = parent
        self.states = states
        self.ignoresSoftStates = ignoresSoftStates
        self.period = period
        self.redundancyGroup = redundancyGroup
    }

    /// True when a parent in this state keeps nothing from being checked.
    ///
    /// One that was never checked, or that somebody else checks, keeps nothing.
    func holds(_ state: CheckState?) -> Bool {
        guard let state else { return true }
        if ignoresSoftStates, state.type == .soft { return true }
        return states.contains(parent.isHost ? state.state.asHostState.asState : state.state)
    }
}

extension HostState {
    fileprivate var asState: ServiceState { self == .up ? .ok : .critical }
}

/// Whether an object is worth a check, as Icinga decides it.
///
/// - Source: Icinga 2 documentation, "Dependencies" and "Object Types", Dependency.
struct Reachability {
    /// Deepest chain of parents that is looked at.
    ///
    /// 256, far more than a network has hops.
    static let deepest = 256

    /// What an object depends on.
    let dependencies: (ObjectName) -> [CheckDependency]
    /// Where an object stands; nil when nothing is known.
    let state: (ObjectName) -> CheckState?
    /// True while a time period lasts.
    let isOpen: (TimePeriod) -> Bool

    /// The parent whose problem keeps the object from being checked; nil when none does.
    ///
    /// Parents of parents count: what cannot be reached says nothing of what is behind it.
    func suppressor(of object: ObjectName) -> ObjectName? {
        var known: [ObjectName: ObjectName?] = [:]
        return suppressor(of: object, known: &known, depth: 0)
    }

    private func suppressor(
        of object: ObjectName, known: inout [ObjectName: ObjectName?], depth: Int
    ) -> ObjectName? {
        if let verdict = known[object] { return verdict }
        guard depth < Self.deepest else { return nil }
        // in a circle nothing keeps itself from being checked
        known[object] = .some(nil)
        var saved: Set<String> = []
        var failed: [(group: String, by: ObjectName)] = []
        for dependency in dependencies(object) where dependency.period.map(isOpen) ?? true {
            let beyond = suppressor(of: dependency.parent, known: &known, depth: depth + 1)
            let isWell = beyond == nil && dependency.holds(state(dependency.parent))
            if isWell {
                saved.insert(dependency.redundancyGroup)
            } else {
                failed.append((dependency.redundancyGroup, beyond ?? dependency.parent))
            }
        }
        let verdict = failed.first { $0.group.isEmpty || !saved.contains($0.group) }?.by
        known[object] = .some(verdict)
        return verdict
    }
}
