internal import ConfigLanguage

/// What making up one check may take, however its variables and functions refer to each other.
///
/// Checks are made up on the one thread that schedules and starts all of them, so each has its
/// bound. Once it is used up, nothing more is replaced for this check.
final class PreparationBudget {
    /// Most macros that are replaced, for all words and variables of one check.
    ///
    /// 100,000: a hundred times what the longest command lines of the template library take.
    static let mostMacros = 100_000
    /// Most bytes that macros and command lines are made of, those of variables within variables
    /// counted each time.
    ///
    /// 16 MiB: eight times what Linux takes as the command line of a process.
    static let mostBytes = 16 << 20

    /// What the functions of the check may use together.
    let calls = CallBudget()
    /// The macro that is being replaced, for the error.
    var macro = ByteString.empty
    private var macros = 0
    /// Bytes made so far.
    private(set) var bytes = 0

    /// Accounts for macros, and for what does not take longer than a macro.
    ///
    /// - Throws: `.exhausted`, from then on each time.
    func spend(macros count: Int) throws(PreparationFault) {
        macros += count
        guard macros <= Self.mostMacros else {
            throw .exhausted("\(Self.mostMacros) macros were replaced", macro)
        }
    }

    /// Accounts for text that was read or made.
    ///
    /// - Throws: `.exhausted`, from then on each time.
    func spend(bytes count: Int) throws(PreparationFault) {
        bytes += count
        guard bytes <= Self.mostBytes else {
            throw .exhausted("\(Self.mostBytes >> 20) MiB of text were made", macro)
        }
    }

    /// The texts of an array's elements, each accounted for before the next is made.
    func texts(of array: ArrayValue) throws(PreparationFault) -> [ByteString] {
        var texts: [ByteString] = []
        for element in array.elements {
            let text = element.toText
            try spend(bytes: text.count + 1)
            texts.append(text)
        }
        return texts
    }
}
