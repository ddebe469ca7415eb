/// What a pattern says, as a tree.
indirect enum RegexNode {
    case empty
    case set(ByteSet)
    case assert(RegexInstruction.Assertion)
    case sequence([RegexNode])
    case choice([RegexNode])
    case repetition(RegexNode, least: Int, most: Int?)
    /// What comes next, or the bytes before of a length that is the same for all alternatives.
    case look(behind: Int, isNegated: Bool, RegexNode)

    /// How many bytes it takes, if that is always the same.
    var length: Int? {
        switch self {
        case .empty, .assert, .look: return 0
        case .set: return 1
        case .sequence(let parts):
            var sum = 0
            for part in parts {
                guard let length = part.length else { return nil }
                sum += length
            }
            return sum
        case .choice(let parts):
            let lengths = Set(parts.map(\.length))
            return lengths.count == 1 ? lengths.first ?? nil : nil
        case .repetition(let part, let least, let most):
            guard least == most, let length = part.length else { return nil }
            let (sum, isTooLong) = length.multipliedReportingOverflow(by: least)
            return isTooLong ? nil : sum
        }
    }
}

/// Writes the tree of a pattern out as instructions.
struct RegexCompiler {
    private(set) var program: [RegexInstruction] = []
    /// Nodes visited; repetitions of nothing make no instruction but take time as well.
    private var visits = 0

    mutating func emit(_ instruction: RegexInstruction) throws(RegularExpression.Fault) {
        guard program.count < RegularExpression.largestProgram else { throw .tooLarge }
        program.append(instruction)
    }

    mutating func compile(_ node: RegexNode) throws(RegularExpression.Fault) {
        visits += 1
        guard visits < 4 * RegularExpression.largestProgram else { throw .tooLarge }
        switch node {
        case .empty: break
        case .set(let set): try emit(.byte(set))
        case .assert(let assertion): try emit(.assert(assertion))
        case .sequence(let parts): for part in parts { try compile(part) }
        case .choice(let parts): try compile(choice: parts)
        case .repetition(let part, let least, let most): try compile(part, least, most)
        case .look(let behind, let isNegated, let part):
            let start = program.count
            try emit(.match)
            try compile(part)
            try emit(.match)
            program[start] = .look(behind: behind, isNegated: isNegated, after: program.count)
        }
    }

    private mutating func compile(choice parts: [RegexNode]) throws(RegularExpression.Fault) {
        var jumps: [Int] = []
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            let fork = program.count
            if !isLast { try emit(.match) }
            try compile(part)
            guard !isLast else { break }
            jumps.append(program.count)
            try emit(.match)
            program[fork] = .fork(fork + 1, program.count)
        }
        for jump in jumps { program[jump] = .jump(program.count) }
    }

    private mutating func compile(
        _ part: RegexNode,
        _ least: Int,
        _ most: Int?
    ) throws(RegularExpression.Fault) {
        for _ in 0..<least { try compile(part) }
        guard let most else {
            let fork = program.count
            try emit(.match)
            try compile(part)
            try emit(.jump(fork))
            program[fork] = .fork(fork + 1, program.count)
            return
        }
        var forks: [Int] = []
        for _ in least..<most {
            forks.append(program.count)
            try emit(.match)
            try compile(part)
        }
        for fork in forks { program[fork] = .fork(fork + 1, program.count) }
    }
}
