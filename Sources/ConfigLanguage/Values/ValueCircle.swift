extension Value {
    /// The way from this value to one that it is itself within: keys, places in arrays, attributes.
    ///
    /// Nil when nothing in it leads back. What functions captured is not looked at. Each container
    /// is looked at once.
    public var circle: [ByteString]? {
        var walk = CircleWalk()
        return walk.find(from: self)
    }
}

/// Looks for a container that holds itself, without recursion: values may be nested deep.
private struct CircleWalk {
    private struct Step {
        let identity: ObjectIdentifier
        let parts: [(key: ByteString, value: Value)]
        var next = 0
    }

    private var steps: [Step] = []
    private var way: [ByteString] = []
    /// The containers of `steps`.
    private var entered: Set<ObjectIdentifier> = []
    /// Containers from which nothing leads back.
    private var finished: Set<ObjectIdentifier> = []

    mutating func find(from root: Value) -> [ByteString]? {
        enter(root)
        while let step = steps.last {
            guard step.next < step.parts.count else {
                leave(step)
                continue
            }
            steps[steps.count - 1].next += 1
            let (key, value) = step.parts[step.next]
            guard let identity = value.identity, !finished.contains(identity) else { continue }
            way.append(key)
            guard !entered.contains(identity) else { return way }
            enter(value)
        }
        return nil
    }

    private mutating func enter(_ value: Value) {
        guard let identity = value.identity else { return }
        entered.insert(identity)
        steps.append(Step(identity: identity, parts: Self.parts(of: value)))
    }

    private mutating func leave(_ step: Step) {
        steps.removeLast()
        if !way.isEmpty { way.removeLast() }
        entered.remove(step.identity)
        finished.insert(step.identity)
    }

    private static func parts(of value: Value) -> [(key: ByteString, value: Value)] {
        switch value {
        case .array(let array):
            array.elements.enumerated().map { (ByteString(String($0.offset)), $0.element) }
        case .dictionary(let dictionary): dictionary.entries.map { ($0.key, $0.value) }
        case .object(let object): object.attributes.entries.map { ($0.key, $0.value) }
        default: []
        }
    }
}
