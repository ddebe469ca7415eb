/// What a destination may see of custom variables: of all roles that name it, the strictest.
///
/// A pattern that matches a path also covers what lies below it, and does not regard the case of
/// ASCII letters.
package struct VariableRules: Sendable, Hashable {
    /// What a destination learns of a variable.
    package enum Visibility: Sendable {
        /// Name and value.
        case shown
        /// The name, and ``VariableRules/mask`` for the value.
        case masked
        /// Nothing.
        case hidden
    }

    /// A pattern with its place.
    package struct Rule: Sendable, Hashable {
        /// Paths of variables.
        package var pattern: MatchPattern
        /// Which role says so.
        package var reason: PolicyReason
    }

    /// What stands where something was taken out.
    package static let mask = "***"

    /// Variables that do not exist for the destination.
    package let hidden: [Rule]
    /// Variables whose values it does not see.
    package let masked: [Rule]

    init(_ roles: [PolicyRole]) {
        hidden = roles.flatMap { role in
            role.denylist.map { Rule(pattern: $0, reason: role.reason(.denylistVariables)) }
        }
        masked = roles.flatMap { role in
            role.protections.map { Rule(pattern: $0, reason: role.reason(.protectVariables)) }
        }
    }

    /// True when everything is shown.
    package var isEmpty: Bool { hidden.isEmpty && masked.isEmpty }

    /// What is shown of the variable with this path, and who says so.
    ///
    /// Names that lead there are asked too: what hides `team` hides `team.name`.
    package func visibility(of path: String) -> (visibility: Visibility, rule: Rule?) {
        let paths = VariablePath.prefixes(of: Array(path.utf8))
        if let rule = paths.lazy.compactMap({ first(hidden, $0) }).first { return (.hidden, rule) }
        if let rule = paths.lazy.compactMap({ first(masked, $0) }).first { return (.masked, rule) }
        return (.shown, nil)
    }

    /// The variables as the destination may see them.
    package func shown(_ tree: VariableTree) -> VariableTree {
        shown(tree, path: nil, isMasked: false) ?? .none
    }

    /// The values of all variables that are not shown, each with its path and rule.
    package func withheld(in tree: VariableTree) -> [Withheld] {
        var found: [Withheld] = []
        collect(tree, path: nil, by: nil, into: &found)
        return found
    }

    /// A scalar that a destination does not see.
    package struct Withheld: Sendable, Hashable {
        /// Its whole path.
        package var path: String
        /// The value.
        package var value: VariableTree
        /// The pattern that takes it away.
        package var rule: Rule
        /// True when not even its name is shown.
        package var isHidden: Bool
    }

    // MARK: Trees

    private func first(_ rules: [Rule], _ path: [UInt8]) -> Rule? {
        rules.first { $0.pattern.matches(path) }
    }

    private func shown(_ tree: VariableTree, path: [UInt8]?, isMasked: Bool) -> VariableTree? {
        var isMasked = isMasked
        if let path {
            guard first(hidden, path) == nil else { return nil }
            isMasked = isMasked || first(masked, path) != nil
        }
        func child(_ step: [UInt8], _ value: VariableTree) -> VariableTree? {
            shown(value, path: tree.path(of: step, below: path), isMasked: isMasked)
        }
        switch tree {
        case .null, .boolean, .number, .text: return isMasked ? .text(Self.mask) : tree
        case .list: return .list(tree.children.compactMap { child($0.step, $0.value) })
        case .table(let entries):
            return .table(
                entries.compactMap { entry in
                    child(Array(entry.key.utf8), entry.value).map {
                        .init(key: entry.key, value: $0)
                    }
                }
            )
        }
    }

    private func collect(
        _ tree: VariableTree,
        path: [UInt8]?,
        by above: (rule: Rule, isHidden: Bool)?,
        into found: inout [Withheld]
    ) {
        var cause = above
        if let path, cause?.isHidden != true {
            if let rule = first(hidden, path) {
                cause = (rule, true)
            } else if cause == nil, let rule = first(masked, path) {
                cause = (rule, false)
            }
        }
        for (step, value) in tree.children {
            collect(value, path: tree.path(of: step, below: path), by: cause, into: &found)
        }
        guard let cause, let path, tree.scalarText != nil else { return }
        let name = String(decoding: path, as: UTF8.self)
        found.append(
            Withheld(path: name, value: tree, rule: cause.rule, isHidden: cause.isHidden)
        )
    }
}

extension VariablePath {
    /// The path and those that lead to it, shortest first.
    static func prefixes(of path: [UInt8]) -> [[UInt8]] {
        let ends = path.indices.filter { place in
            place > 0 && (path[place] == UInt8(ascii: ".") || path[place] == UInt8(ascii: "["))
        }
        return ends.map { Array(path[..<$0]) } + [path]
    }
}
