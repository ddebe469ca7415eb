/// One search of a compiled pattern in a text.
struct RegexRun {
    private let program: [RegexInstruction]
    private let text: [UInt8]
    /// Steps taken since they were last told.
    private var steps = 0

    /// How many steps are taken before they are told: about a millisecond of work.
    private static let portion = 100_000

    init(program: [RegexInstruction], text: [UInt8]) {
        self.program = program
        self.text = text
    }

    /// The places in the program that are waiting for the next byte.
    private struct Places {
        private(set) var list: [Int] = []
        private var seen: [Int]
        private var round = 0

        init(size: Int) {
            seen = [Int](repeating: -1, count: size)
        }

        mutating func clear() {
            list.removeAll(keepingCapacity: true)
            round += 1
        }

        /// True the first time since it was cleared.
        mutating func visit(_ place: Int) -> Bool {
            guard seen[place] != round else { return false }
            seen[place] = round
            return true
        }

        mutating func wait(_ place: Int) { list.append(place) }
    }

    /// True when the program matches from its `start`, beginning at a place of the text, or at any
    /// later one if it is not anchored.
    mutating func search<Stop: Error>(
        from begin: Int,
        isAnchored: Bool,
        _ start: Int,
        _ spend: (Int) throws(Stop) -> Void
    ) throws(Stop) -> Bool {
        var current = Places(size: program.count)
        var next = Places(size: program.count)
        current.clear()
        next.clear()
        steps += program.count / 8
        for position in begin...text.count {
            if position == begin || !isAnchored {
                if try follow(start, at: position, into: &current, spend) { return true }
            }
            guard position < text.count else { break }
            if isAnchored, current.list.isEmpty { break }
            let byte = text[position]
            next.clear()
            for place in current.list {
                guard case .byte(let set) = program[place], set.contains(byte) else { continue }
                if try follow(place + 1, at: position + 1, into: &next, spend) { return true }
            }
            steps += current.list.count + 1
            if steps >= Self.portion { try tell(spend) }
            swap(&current, &next)
        }
        return false
    }

    /// Tells the steps since they were last told; one of the language is as long as four of them.
    mutating func tell<Stop: Error>(
        _ spend: (Int) throws(Stop) -> Void
    ) throws(Stop) {
        try spend(steps / 4)
        steps = 0
    }

    /// Adds every place that is reached without taking a byte; true when one of them is the end.
    private mutating func follow<Stop: Error>(
        _ start: Int,
        at position: Int,
        into places: inout Places,
        _ spend: (Int) throws(Stop) -> Void
    ) throws(Stop) -> Bool {
        var pending = [start]
        while let place = pending.popLast() {
            guard places.visit(place) else { continue }
            steps += 1
            switch program[place] {
            case .match: return true
            case .byte: places.wait(place)
            case .jump(let target): pending.append(target)
            case .fork(let first, let second):
                pending.append(second)
                pending.append(first)
            case .assert(let assertion):
                if holds(assertion, at: position) { pending.append(place + 1) }
            case .look(let behind, let isNegated, let after):
                // what lies behind begins a known number of bytes before
                let begin = position - behind
                var isThere = false
                if begin >= 0 {
                    isThere = try search(from: begin, isAnchored: true, place + 1, spend)
                }
                if isThere != isNegated { pending.append(after) }
            }
        }
        return false
    }

    private func holds(_ assertion: RegexInstruction.Assertion, at position: Int) -> Bool {
        let before = position > 0 ? text[position - 1] : nil
        let after = position < text.count ? text[position] : nil
        let isAfterWord = before.map(ByteSet.word.contains) ?? false
        let isBeforeWord = after.map(ByteSet.word.contains) ?? false
        return switch assertion {
        case .textStart: before == nil
        case .textEnd: after == nil
        case .textEndOrNewline: text[position...].allSatisfy { $0 == 0x0a }
        case .lineStart: before == nil || before.map(Self.isLineEnd) == true
        case .lineEnd: after == nil || after.map(Self.isLineEnd) == true
        case .wordBoundary: isAfterWord != isBeforeWord
        case .noWordBoundary: !text.isEmpty && isAfterWord == isBeforeWord
        case .wordStart: !isAfterWord && isBeforeWord
        case .wordEnd: isAfterWord && !isBeforeWord
        }
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool {
        byte == 0x0a || byte == 0x0d || byte == 0x0c
    }
}
