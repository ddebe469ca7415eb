package import Monitoring

/// What has to be well for an object to be checked: one Dependency.
///
/// One without `disable_checks` asks for nothing itself. What its parent cannot be reached for
/// counts all the same, as it does while `period` does not last.
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
    /// False for one that keeps nothing from being checked for its parent's own state.
    package var disablesChecks: Bool

    /// A dependency with all its parts.
    package init(
        parent: ObjectName,
        states: Set<ServiceState>,
        ignoresSoftStates: Bool = true,
        period: TimePeriod? = nil,
        redundancyGroup: String = "",
        disablesChecks: Bool = true
    ) {
        self.parent = parent
        self.states = states
        self.ignoresSoftStates = ignoresSoftStates
        self.period = period
        self.redundancyGroup = redundancyGroup
        self.disablesChecks = disablesChecks
    }

    /// True when a parent in this state keeps nothing from being checked.
    ///
    /// One that was never checked, or that somebody else checks, keeps nothing.
    func holds(_ state: CheckState?) -> Bool {
        guard disablesChecks, let state else { return true }
        if ignoresSoftStates, state.type == .soft { return true }
        return states.contains(parent.isHost ? state.state.asHostState.asState : state.state)
    }
}

/// What objects depend on that are not checked here: the own host, and what is somebody else's.
///
/// Their states are not known, but what they depend on may be checked here.
package typealias CheckPassages = [ObjectName: [CheckDependency]]

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
    /// Most dependencies that are looked at for one check; beyond that nothing is left out.
    ///
    /// 16,384: some milliseconds. Circles have more ways through them than anybody can look at.
    static let mostLooks = 16_384

    /// What an object depends on.
    let dependencies: (ObjectName) -> [CheckDependency]
    /// Where an object stands; nil when nothing is known.
    let state: (ObjectName) -> CheckState?
    /// True while a time period lasts.
    let isOpen: (TimePeriod) -> Bool

    /// The parent whose problem keeps the object from being checked; nil when none does.
    ///
    /// Parents of parents count, whatever stands between: what cannot be reached says nothing of
    /// what is behind it. In a circle nothing keeps itself from being checked: what is asked about
    /// is not looked at again.
    func suppressor(of object: ObjectName) -> ObjectName? {
        var search = Search()
        let found = suppressor(of: object, &search).by
        return search.isOver ? nil : found
    }

    /// What was found so far.
    private struct Search {
        var known: [ObjectName: ObjectName?] = [:]
        /// What is being asked about, and how many were before it.
        var path: [ObjectName: Int] = [:]
        /// Dependencies that were looked at, some of them more than once in circles.
        var looks = 0

        var isOver: Bool { looks > mostLooks }
    }

    /// - Returns: also how far up the path the answer depends on what was left out.
    private func suppressor(
        of object: ObjectName, _ search: inout Search
    ) -> (by: ObjectName?, dependsOn: Int) {
        if let verdict = search.known[object] { return (verdict, .max) }
        let depth = search.path.count
        guard depth < Self.deepest else { return (nil, 0) }
        search.path[object] = depth
        defer { search.path[object] = nil }
        var dependsOn = Int.max
        var saved: Set<String> = []
        var failed: [(group: String, by: ObjectName)] = []
        for dependency in dependencies(object) {
            search.looks += 1
            guard !search.isOver else { return (nil, 0) }
            if let place = search.path[dependency.parent] {
                dependsOn = min(dependsOn, place)
                continue
            }
            let beyond = suppressor(of: dependency.parent, &search)
            dependsOn = min(dependsOn, beyond.dependsOn)
            if beyond.by == nil, isWell(dependency) {
                saved.insert(dependency.redundancyGroup)
            } else {
                failed.append((dependency.redundancyGroup, beyond.by ?? dependency.parent))
            }
        }
        let verdict = failed.first { $0.group.isEmpty || !saved.contains($0.group) }?.by
        // an answer that left something out holds for this way of asking alone
        if dependsOn >= depth { search.known[object] = .some(verdict) }
        return (verdict, dependsOn >= depth ? .max : dependsOn)
    }

    /// True when the parent's own state keeps nothing from being checked now.
    private func isWell(_ dependency: CheckDependency) -> Bool {
        dependency.holds(state(dependency.parent)) || dependency.period.map(isOpen) == false
    }
}
