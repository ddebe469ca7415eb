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

    /// A word with all its parts.
    package init(_ text: String, variables: [String] = [], role: Role = .value) {
        self.text = text
        self.variables = variables
        self.role = role
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
        let visibilities = variables.map { rules.visibility(of: $0).visibility }
        if visibilities.contains(.hidden) { return nil }
        // the value may be too short to be found in it, or written another way
        if visibilities.contains(.masked), role == .value { return VariableRules.mask }
        return withheld.mask.masked(text).text
    }
}
