/// Sees to it that what functions leave behind in globals, variables and objects stays bounded.
///
/// A call keeps no more than it makes. So what calls make is added up, and whenever that comes to
/// ``interval`` all that lasts is measured. What functions replace or take out again may go on for
/// years; what they pile up ends in an error.
struct CallMemory {
    /// Bytes that calls make between two measurements, or half of what lasts where that is more.
    ///
    /// 16 MiB: some thousand calls, beside which a measurement does not count.
    static let interval = 16 << 20
    /// Most bytes that calls may add to what the first measurement found.
    ///
    /// 32 MiB: functions keep counters and tables of a few hundred bytes.
    static let mostKept = 32 << 20

    private var made = 0
    private var next = interval
    private var first: Int?
    private var fault: ConfigFault?

    /// Adds what a call made.
    mutating func note(_ bytes: Int) { made += bytes }

    /// Measures when it is time to.
    ///
    /// - Throws: `.limit` once calls keep too much, and from then on each time: only calls could
    ///   make it less, and they cannot be told from those that make it more.
    mutating func check(_ session: ConfigSession) throws(ConfigFault) {
        if let fault { throw fault }
        guard made >= next else { return }
        made = 0
        let (bytes, largest) = Self.measure(session)
        next = max(Self.interval, bytes / 2)
        let before = first ?? bytes
        first = before
        guard bytes - before > Self.mostKept else { return }
        let fault = ConfigFault.limit(
            Diagnostic(
                "No function is called any more: what functions left behind takes more than "
                    + "\(Self.mostKept >> 20) MiB, most of it in \(largest). Look for a function "
                    + "that adds to it each time; a reload begins anew."
            )
        )
        self.fault = fault
        throw fault
    }

    /// What lasts in a session, in bytes, and which part of it has the most.
    private static func measure(_ session: ConfigSession) -> (bytes: Int, largest: String) {
        var walk = MemoryWalk()
        var largest = (bytes: 0, name: "nothing")
        func add(_ value: Value, _ name: () -> String) {
            let before = walk.bytes
            walk.add(value)
            let bytes = walk.bytes - before
            if bytes > largest.bytes { largest = (bytes, name()) }
        }
        for (key, value) in session.evaluator.globals.entries {
            add(value) { "the global '\(key.text)'" }
        }
        for value in session.lastingValues {
            add(value) {
                guard let object = value.asObject else { return "templates and rules" }
                return "\(object.typeName) '\(object.fullName.text)'"
            }
        }
        for (name, type) in session.evaluator.prototypes.types.entries {
            add(type) { "the methods of '\(name.text)'" }
        }
        let declared = session.objectCount * MemoryWalk.container
        return (walk.bytes + declared, largest.name)
    }
}

/// Adds up the bytes of everything that values hold, each container and each long text once.
struct MemoryWalk {
    private(set) var bytes = 0
    private var visited: Set<ObjectIdentifier> = []
    private var texts: Set<UInt> = []

    /// What an array, dictionary, function, reference or object takes beside its content.
    static let container = 128
    /// What one element or key takes.
    private static let slot = 48
    /// Texts from this length on are looked for among those that were counted.
    private static let longText = 256

    /// Adds a value with all that it holds and that was not added before.
    mutating func add(_ value: Value) {
        var pending = [value]
        while let next = pending.popLast() {
            if case .string(let text) = next {
                add(text)
                continue
            }
            if case .type(let type) = next {
                pending.append(.dictionary(type.prototype))
                continue
            }
            guard let identity = next.identity, visited.insert(identity).inserted else { continue }
            bytes += Self.container
            switch next {
            case .array(let array):
                bytes += array.count * Self.slot
                pending += array.elements.filter(\.takesMemory)
            case .dictionary(let dictionary): add(dictionary, to: &pending)
            case .function(let function):
                if let captured = function.captured { pending.append(.dictionary(captured)) }
            case .object(let object):
                add(object.attributes, to: &pending)
                pending.append(.array(object.templates))
            case .reference(let reference): pending += [reference.parent, reference.index]
            default: break
            }
        }
    }

    private mutating func add(_ dictionary: DictionaryValue, to pending: inout [Value]) {
        bytes += dictionary.count * Self.slot
        for (key, value) in dictionary.entries {
            add(key)
            if value.takesMemory { pending.append(value) }
        }
    }

    private mutating func add(_ text: ByteString) {
        if text.count >= Self.longText {
            // values that are copies of each other share their bytes
            let place = unsafe text.bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
            guard texts.insert(place).inserted else { return }
        }
        bytes += text.count
    }
}

extension Value {
    /// True for what is more than its place in a container.
    fileprivate var takesMemory: Bool {
        switch self {
        case .null, .boolean, .number: false
        default: true
        }
    }
}
