/// The values of an object's variables that a destination does not see, ready to be looked for.
struct WithheldValues: Sendable {
    /// Finds them.
    let mask: ValueMask
    /// Variables whose values are too short to be looked for.
    let tooShort: [VariableRules.Withheld]
    /// All of them.
    private let all: [VariableRules.Withheld]

    init(_ rules: VariableRules, object: PolicyObject) {
        guard !rules.isEmpty else {
            mask = ValueMask([])
            tooShort = []
            all = []
            return
        }
        let withheld = [object.hostTree, object.serviceTree, object.commandTree]
            .flatMap(rules.withheld)
        all = withheld
        mask = ValueMask(withheld.lazy.flatMap { Self.spellings($0.value) })
        tooShort = withheld.filter { Self.isTooShort($0.value) }
    }

    /// What of a whole list or table with this path is not shown, the strictest of it; nil when all
    /// of it is.
    func visibility(below path: String) -> VariableRules.Visibility? {
        let parts = all.filter { part in
            guard part.path.utf8.starts(with: path.utf8) else { return false }
            let next = part.path.utf8.dropFirst(path.utf8.count).first
            return next == UInt8(ascii: ".") || next == UInt8(ascii: "[")
        }
        guard !parts.isEmpty else { return nil }
        return parts.contains(where: \.isHidden) ? .hidden : .masked
    }

    /// True for a value that should be masked in output and cannot be.
    static func isTooShort(_ value: VariableTree) -> Bool {
        let bytes = Array((value.scalarText ?? "").utf8)
        return needsMasking(value) && trimmed(bytes).count < ValueMask.shortestValue
    }

    /// `true`, `false` and `null` are words that say nothing outside of their variable.
    private static func needsMasking(_ value: VariableTree) -> Bool {
        switch value {
        case .number: true
        case .text(let text): text.utf8.contains { !$0.isBlank && $0 != 0x0A && $0 != 0x0D }
        case .null, .boolean, .list, .table: false
        }
    }

    /// How a value may appear: whole and line by line, with the blanks around it and without; those
    /// that are too short are left out.
    static func spellings(_ value: VariableTree) -> [[UInt8]] {
        guard needsMasking(value), let text = value.scalarText else { return [] }
        let bytes = Array(text.utf8)
        let lines = bytes.split { $0 == 0x0A || $0 == 0x0D }.map { Array($0) }
        let all = [bytes] + lines
        return (all + all.map(trimmed)).filter { $0.count >= ValueMask.shortestValue }
    }

    /// Without the blanks that a plugin's output loses at its ends.
    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || (0x09...0x0D).contains($0) }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }),
            let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return [] }
        return Array(bytes[first...last])
    }
}
