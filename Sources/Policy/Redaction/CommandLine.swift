package import Monitoring

/// One word of a command line that was run, with the variables it was made of.
package struct CommandWord: Sendable, Hashable {
    /// What a word is for.
    package enum Role: Sendable {
        /// The name of an argument, such as `--password`.
        case key
        /// Anything else.
        case value
    }

    /// The word.
    package var text: String
    /// Paths of the custom variables of host, service and command that it was built from, without
    /// `vars.`: also of those that only decided that the argument is there.
    package var variables: [String]
    /// What it is for.
    package var role: Role
    /// True when it may have been built from any variable: a function had a hand in it.
    package var isUnknown: Bool

    /// A word with all its parts.
    package init(
        _ text: String, variables: [String] = [], role: Role = .value, isUnknown: Bool = false
    ) {
        self.text = text
        self.variables = variables
        self.role = role
        self.isUnknown = isUnknown
    }
}

/// The command line of a result, as far as is known how it came about.
package enum ExecutedCommand: Sendable, Hashable {
    /// Its words and what they were built from.
    case words([CommandWord])
    /// Its words alone; they leave only where no variable is hidden or protected.
    case untraced([String])
}

extension ExecutedCommand {
    /// The command line of a snapshot.
    package init(_ snapshot: ObjectSnapshot) {
        guard let origins = snapshot.wordOrigins, origins.count == snapshot.commandLine.count else {
            self = .untraced(snapshot.commandLine)
            return
        }
        self = .words(
            zip(snapshot.commandLine, origins).map { text, origin in
                CommandWord(
                    text,
                    variables: origin.variables,
                    role: origin.isKey ? .key : .value,
                    isUnknown: origin.isUnknown
                )
            }
        )
    }

    /// The words that a destination may see; nil when nothing can be said about them safely.
    func shown(by rules: VariableRules, withheld: WithheldValues) -> [String]? {
        switch self {
        case .untraced(let words): rules.isEmpty ? words : nil
        case .words(let words): words.compactMap { $0.shown(by: rules, withheld: withheld) }
        }
    }
}

extension CommandWord {
    /// The word as a destination may see it; nil when it goes with its argument.
    fileprivate func shown(by rules: VariableRules, withheld: WithheldValues) -> String? {
        var visibilities = variables.map { rules.visibility(of: $0).visibility }
        visibilities += variables.compactMap(withheld.visibility)
        if isUnknown, !rules.hidden.isEmpty { visibilities.append(.hidden) }
        if isUnknown, !rules.masked.isEmpty { visibilities.append(.masked) }
        if visibilities.contains(.hidden) { return nil }
        // the value may be too short to be found in it, or written another way
        if visibilities.contains(.masked), role == .value { return VariableRules.mask }
        return withheld.mask.masked(text).text
    }
}
