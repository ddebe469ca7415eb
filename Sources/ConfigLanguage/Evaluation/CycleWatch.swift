/// Remembers containers that scripts put into themselves, so that they can be taken apart again.
///
/// Values are released when nothing refers to them; what refers to itself would stay for ever. A
/// cycle can only come about when a container is stored in another, and each such store is looked
/// at.
struct CycleWatch {
    private(set) var containers: [Value] = []

    /// Most containers that may be part of themselves: 10,000; nobody means to make more.
    static let most = 10_000

    mutating func remember(_ container: Value) {
        containers.append(container)
    }

    /// Empties the remembered containers from a place on that cannot be reached from these values.
    mutating func release(from first: Int, unlessReachedFrom roots: [Value]) {
        guard containers.count > first else { return }
        var reached = ValueWalk()
        for root in roots { _ = reached.find(nil, in: root) }
        var kept = Array(containers[..<first])
        for container in containers[first...] {
            if let identity = container.identity, reached.visited.contains(identity) {
                kept.append(container)
            } else {
                container.empty()
            }
        }
        containers = kept
    }

    /// Empties every remembered container; for when all values are given up.
    mutating func releaseAll() {
        for container in containers { container.empty() }
        containers = []
    }
}

/// Walks through everything that values hold, each thing once.
struct ValueWalk {
    private(set) var visited: Set<ObjectIdentifier> = []
    /// How many values were looked at.
    private(set) var looked = 0

    /// True when a container is found in a value, which is then not walked to its end.
    mutating func find(_ wanted: ObjectIdentifier?, in value: Value) -> Bool {
        var pending = [value]
        while let next = pending.popLast() {
            looked += 1
            guard let identity = next.identity else { continue }
            if identity == wanted { return true }
            guard visited.insert(identity).inserted else { continue }
            switch next {
            case .array(let array):
                looked += array.count / 8
                for element in array.elements where element.identity != nil {
                    pending.append(element)
                }
            case .dictionary(let dictionary): Self.add(dictionary, to: &pending)
            case .function(let function):
                if let captured = function.captured { Self.add(captured, to: &pending) }
            case .object(let object): Self.add(object.attributes, to: &pending)
            case .reference(let reference):
                pending.append(reference.parent)
                pending.append(reference.index)
            default: break
            }
        }
        return false
    }

    private static func add(_ dictionary: DictionaryValue, to pending: inout [Value]) {
        for entry in dictionary.entries where entry.value.identity != nil {
            pending.append(entry.value)
        }
    }
}

extension Value {
    /// What tells containers apart; nil for values that hold nothing.
    var identity: ObjectIdentifier? {
        switch self {
        case .array(let array): ObjectIdentifier(array)
        case .dictionary(let dictionary): ObjectIdentifier(dictionary)
        case .function(let function): ObjectIdentifier(function)
        case .object(let object): ObjectIdentifier(object.attributes)
        case .reference(let reference): ObjectIdentifier(reference)
        case .null, .boolean, .number, .string, .type: nil
        }
    }

    /// True as long as no script can have stored the container itself anywhere.
    fileprivate var isUnseen: Bool {
        switch self {
        case .dictionary(let dictionary): dictionary.isUnseen
        case .object(let object): object.attributes.isUnseen
        default: false
        }
    }

    /// Notes that a script has the container itself.
    func markSeen() {
        switch self {
        case .dictionary(let dictionary): dictionary.isUnseen = false
        case .object(let object): object.attributes.isUnseen = false
        default: break
        }
    }

    fileprivate func empty() {
        switch self {
        case .array(let array): array.elements = []
        case .dictionary(let dictionary): dictionary.removeAll()
        case .object(let object): object.attributes.removeAll()
        default: break
        }
    }
}

extension Evaluator {
    /// Looks whether a container now holds itself.
    func noteStore(
        of value: Value,
        into container: Value,
        _ place: SourceLocation?
    ) throws(ConfigFault) {
        guard value.identity != nil, let identity = container.identity else { return }
        if container.isUnseen { return }
        var walk = ValueWalk()
        let isFound = walk.find(identity, in: value)
        try spend(walk.looked / 4, at: place)
        guard isFound else { return }
        guard cycles.containers.count < CycleWatch.most else {
            throw limit("\(CycleWatch.most) values that contain themselves", "Make less.", place)
        }
        cycles.remember(container)
    }

    /// Takes apart what a call put into itself and nobody else can reach.
    func releaseCycles(since first: Int, keeping values: [Value]) {
        guard cycles.containers.count > first else { return }
        let lasting: [Value] = [.dictionary(globals)] + (statements?.lastingValues ?? [])
        cycles.release(from: first, unlessReachedFrom: lasting + values)
    }
}
