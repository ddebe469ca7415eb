/// What a filter demands of an object.
package indirect enum FilterExpression: Sendable, Hashable {
    /// A comparison of one column.
    case condition(FilterCondition)
    /// What holds when the other does not.
    case not(FilterExpression)
    /// All of them.
    case all([FilterExpression])
    /// At least one of them.
    case any([FilterExpression])

    /// True for an object that the filter lets through.
    ///
    /// Nesting is bounded by ``FilterReader/nestingLimit``.
    package func matches(_ object: PolicyObject) -> Bool {
        switch self {
        case .condition(let condition): condition.matches(object)
        case .not(let other): !other.matches(object)
        case .all(let parts): parts.allSatisfy { $0.matches(object) }
        case .any(let parts): parts.contains { $0.matches(object) }
        }
    }

    /// The conditions in it, from left to right.
    package var conditions: [FilterCondition] {
        switch self {
        case .condition(let condition): [condition]
        case .not(let other): other.conditions
        case .all(let parts), .any(let parts): parts.flatMap(\.conditions)
        }
    }
}

/// A comparison of one column with a pattern.
///
/// A column can have several values (groups, `[*]`) or none (a variable that is not set, a
/// service's column of a host). `=` asks whether one of them matches, `!=` whether none does.
///
/// - Source: Icinga DB Web 1.3, which makes an EXISTS of `=` and a NOT EXISTS of `!=`.
package struct FilterCondition: Sendable, Hashable {
    /// What is compared.
    package enum Column: Sendable, Hashable {
        case hostName
        case serviceName
        case hostGroupName
        case serviceGroupName
        /// Variables of the host whose path matches.
        case hostVariable(MatchPattern)
        /// Variables of the service whose path matches.
        case serviceVariable(MatchPattern)
    }

    /// How it is compared.
    package enum Comparison: String, Sendable {
        case equal = "="
        case unequal = "!="
    }

    /// What is compared.
    package var column: Column
    /// How it is compared.
    package var comparison: Comparison
    /// With what.
    package var value: MatchPattern

    /// A comparison with all its parts.
    package init(_ column: Column, _ comparison: Comparison, _ value: MatchPattern) {
        self.column = column
        self.comparison = comparison
        self.value = value
    }

    /// True for an object of which this is true.
    package func matches(_ object: PolicyObject) -> Bool {
        hasMatch(object) == (comparison == .equal)
    }

    private func hasMatch(_ object: PolicyObject) -> Bool {
        switch column {
        case .hostName: value.matches(object.hostName)
        case .serviceName: object.serviceName.map(value.matches) ?? false
        case .hostGroupName: object.hostGroups.contains { value.matches($0) }
        case .serviceGroupName: object.serviceGroups.contains { value.matches($0) }
        case .hostVariable(let path): object.hostVariables.contains(path, value)
        case .serviceVariable(let path): object.serviceVariables.contains(path, value)
        }
    }
}

extension [FlatVariable] {
    fileprivate func contains(_ path: MatchPattern, _ value: MatchPattern) -> Bool {
        contains { path.matches($0.path) && value.matches($0.value) }
    }
}
