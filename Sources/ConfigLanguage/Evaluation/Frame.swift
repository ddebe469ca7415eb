/// The names and values in reach of the code that runs.
final class Frame {
    /// How a block ended.
    enum Completion {
        case normal, broken, continued
        case returned(Value)
    }

    var this: Value
    let locals: DictionaryValue
    var completion = Completion.normal

    init(
        this: Value = .null,
        locals: DictionaryValue = DictionaryValue().scopeCopy()
    ) {
        self.this = this
        self.locals = locals
    }

    var isInterrupted: Bool {
        if case .normal = completion { return false }
        return true
    }
}
