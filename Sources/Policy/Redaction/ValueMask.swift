/// Finds values in texts and puts ``VariableRules/mask`` in their place.
///
/// All values are looked for at once, in time with the length of the text. Where they overlap or
/// touch, one mask stands for all. What is masked no longer holds any of the values.
///
/// - Source: Aho, Corasick, "Efficient string matching", 1975.
struct ValueMask: Sendable {
    /// Fewest bytes of a value that is looked for.
    ///
    /// 4: "80" would turn "180ms" into nonsense and tell what it hides by where it stands.
    static let shortestValue = 4
    /// Most passes over a text; one that still has values then is given up as a whole.
    ///
    /// More than one is needed only where a mask and its neighbours spell a value again.
    private static let passLimit = 8

    /// One state of the search: a beginning of some value has been read.
    private struct State {
        /// The longest beginning of a value that ends here too, but is shorter.
        var fallback: Int32 = 0
        /// Length of the longest value that ends here; 0 for none.
        var length: Int32 = 0
        var depth: Int32 = 0
    }

    private var states = [State()]
    /// Where a byte leads: state and byte in one number.
    private var steps: [UInt64: Int32] = [:]

    /// True when there is nothing to look for.
    var isEmpty: Bool { states.count == 1 }

    /// Looks for these values; the short ones are left out.
    init(_ values: some Sequence<[UInt8]>) {
        for value in values where value.count >= Self.shortestValue { add(value) }
        connect()
    }

    // MARK: Searching

    /// Where values are, joined where they overlap or touch, in order.
    func ranges(in text: [UInt8]) -> [Range<Int>] {
        guard !isEmpty else { return [] }
        var ranges: [Range<Int>] = []
        var state: Int32 = 0
        for (place, byte) in text.enumerated() {
            state = step(from: state, by: byte)
            let length = Int(states[Int(state)].length)
            guard length > 0 else { continue }
            var found = (place + 1 - length)..<(place + 1)
            while let last = ranges.last, last.upperBound >= found.lowerBound {
                found = min(last.lowerBound, found.lowerBound)..<found.upperBound
                ranges.removeLast()
            }
            ranges.append(found)
        }
        return ranges
    }

    /// True when one of the values is in the text.
    func isFound(in text: [UInt8]) -> Bool { !ranges(in: text).isEmpty }

    /// The text with masks in place of values, and how many there are.
    func masked(_ text: String) -> (text: String, count: Int) {
        var bytes = Array(text.utf8)
        var count = 0
        for _ in 0..<Self.passLimit {
            let ranges = ranges(in: bytes)
            guard !ranges.isEmpty else { break }
            count += ranges.count
            bytes = Self.replaced(bytes, ranges)
        }
        guard count > 0 else { return (text, 0) }
        guard !isFound(in: bytes) else { return (VariableRules.mask, count) }
        // values are whole characters, so what is left is UTF-8
        return (String(decoding: bytes, as: UTF8.self), count)
    }

    private static func replaced(_ bytes: [UInt8], _ ranges: [Range<Int>]) -> [UInt8] {
        var result: [UInt8] = []
        var place = 0
        for range in ranges {
            result += bytes[place..<range.lowerBound]
            result += VariableRules.mask.utf8
            place = range.upperBound
        }
        return result + bytes[place...]
    }

    // MARK: Building

    private static func key(_ state: Int32, _ byte: UInt8) -> UInt64 {
        UInt64(UInt32(bitPattern: state)) << 8 | UInt64(byte)
    }

    private mutating func add(_ value: [UInt8]) {
        var state: Int32 = 0
        for byte in value {
            let key = Self.key(state, byte)
            if let next = steps[key] {
                state = next
                continue
            }
            let next = Int32(states.count)
            states.append(State(depth: states[Int(state)].depth + 1))
            steps[key] = next
            state = next
        }
        states[Int(state)].length = Int32(value.count)
    }

    /// Sets what each state falls back to, the shallow ones first.
    private mutating func connect() {
        let edges = steps.map {
            (from: Int32($0.key >> 8), byte: UInt8($0.key & 0xFF), to: $0.value)
        }
        .sorted { (states[Int($0.to)].depth, $0.to) < (states[Int($1.to)].depth, $1.to) }
        for edge in edges where edge.from != 0 {
            let fallback = step(from: states[Int(edge.from)].fallback, by: edge.byte)
            states[Int(edge.to)].fallback = fallback
            let own = states[Int(edge.to)].length
            states[Int(edge.to)].length = max(own, states[Int(fallback)].length)
        }
    }

    private func step(from start: Int32, by byte: UInt8) -> Int32 {
        var state = start
        while true {
            if let next = steps[Self.key(state, byte)] { return next }
            guard state != 0 else { return 0 }
            state = states[Int(state)].fallback
        }
    }
}
