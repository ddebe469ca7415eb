internal import Monitoring

/// Notes what a piece of a command line is made of, while it is made.
///
/// One for each resolver, for the one thread that prepares checks.
final class MacroTrace {
    private var variables: Set<String> = []
    private var isUnknown = false

    /// A custom variable was read; its path is without `vars.`.
    func read(_ path: String) { variables.insert(path) }

    /// Something was read that nobody can tell.
    func readUnknown() { isUnknown = true }

    /// Does something and says what was read for it; whoever is followed around it read it too.
    func following<T>(
        _ body: () throws(PreparationFault) -> T
    ) throws(PreparationFault) -> (T, WordOrigin) {
        // exchanged, never copied: outside there may be as many names as words
        var others: Set<String> = []
        swap(&others, &variables)
        let wasUnknown = isUnknown
        isUnknown = false
        defer {
            swap(&others, &variables)
            variables.formUnion(others)
            isUnknown = isUnknown || wasUnknown
        }
        let result = try body()
        return (result, WordOrigin(isUnknown: isUnknown, variables: variables.sorted()))
    }
}
