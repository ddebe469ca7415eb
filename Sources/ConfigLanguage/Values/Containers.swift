/// A list of values, shared by reference as in the language.
public final class ArrayValue {
    /// The elements in order.
    public var elements: [Value]
    /// True after `.freeze()`; scripts can then no longer change it.
    public var isFrozen = false

    /// Makes a new list.
    public init(_ elements: [Value] = []) {
        self.elements = elements
    }

    /// The number of elements.
    public var count: Int { elements.count }

    deinit {
        ValueTeardown.release(&elements)
    }
}

/// Keys with values, shared by reference, iterated in byte order of the keys.
///
/// Kept as a sorted array: the dictionaries of definitions are small, are read far more often than
/// they grow, and must come out in order.
public final class DictionaryValue {
    /// One key with its value.
    public typealias Entry = (key: ByteString, value: Value)

    /// All entries in byte order of their keys.
    public private(set) var entries: [Entry]
    /// True after `.freeze()`; scripts can then no longer change it.
    public var isFrozen = false
    /// True for `globals`, `Json` and what `namespace` makes.
    public var isNamespace = false
    /// True where every key becomes a constant when it is first set: what `namespace` makes.
    var sealsKeys = false
    /// True as long as no script can have stored the dictionary itself anywhere: for the variables
    /// of a call until `locals` names them, for `{ … }` until its end or until `this` names it.
    var isUnseen = false

    /// Makes a new, empty dictionary.
    public init() {
        entries = []
    }

    /// Makes an empty namespace.
    static func namespace(sealing: Bool = false) -> DictionaryValue {
        let made = DictionaryValue()
        made.isNamespace = true
        made.sealsKeys = sealing
        return made
    }

    private init(sorted: [Entry]) {
        entries = sorted
    }

    /// The number of keys.
    public var count: Int { entries.count }

    /// All keys in byte order.
    public var keys: [ByteString] { entries.map(\.key) }

    /// True when the key exists, whatever its value.
    public func contains(_ key: ByteString) -> Bool {
        find(key).found
    }

    /// The value of a key, nil when there is no such key; assigning nil removes the key.
    public subscript(key: ByteString) -> Value? {
        get {
            let place = find(key)
            return place.found ? entries[place.index].value : nil
        }
        set {
            let place = find(key)
            switch (newValue, place.found) {
            case (.some(let value), true): entries[place.index].value = value
            case (.some(let value), false): entries.insert((key, value), at: place.index)
            case (.none, true): entries.remove(at: place.index)
            case (.none, false): break
            }
        }
    }

    /// Sets a key and returns how many keys were moved for it.
    func set(_ key: ByteString, _ value: Value) -> Int {
        let place = find(key)
        guard !place.found else {
            entries[place.index].value = value
            return 0
        }
        entries.insert((key, value), at: place.index)
        return entries.count - 1 - place.index
    }

    /// A dictionary of keys in any order; of equal keys the last one counts.
    convenience init(unsorted pairs: [Entry]) {
        self.init()
        // stable, so that equal keys stay in order
        for pair in pairs.sorted(by: { $0.key < $1.key }) {
            if let last = entries.last, last.key == pair.key { entries.removeLast() }
            entries.append(pair)
        }
    }

    /// Removes every key.
    public func removeAll() {
        entries = []
    }

    /// A new dictionary with the same keys and the same (shared) values.
    public func shallowCopy() -> DictionaryValue {
        DictionaryValue(sorted: entries)
    }

    /// A call's own variables, beginning with these.
    func scopeCopy() -> DictionaryValue {
        let copy = shallowCopy()
        copy.isUnseen = true
        return copy
    }

    /// Where the key is, or where it would go.
    private func find(_ key: ByteString) -> (index: Int, found: Bool) {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            let order = entries[middle].key.order(against: key)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    deinit {
        var values = entries.map(\.value)
        entries = []
        ValueTeardown.release(&values)
    }
}

/// Releases nested values with a list instead of the call stack.
///
/// A script can nest a hundred thousand arrays in a loop; releasing them recursively would
/// overflow the stack.
enum ValueTeardown {
    static func release(_ values: inout [Value]) {
        var pending: [Value] = []
        swap(&pending, &values)
        while var value = pending.popLast() {
            // each take leaves one reference, in the variable, or the check for the last fails
            var array = value.takeArray()
            if isKnownUniquelyReferenced(&array), let array {
                pending.append(contentsOf: array.elements)
                array.elements = []
            }
            var dictionary = value.takeDictionary()
            if isKnownUniquelyReferenced(&dictionary), let dictionary {
                pending.append(contentsOf: dictionary.entries.map(\.value))
                dictionary.removeAll()
            }
            var function = value.takeFunction()
            if isKnownUniquelyReferenced(&function), let captured = function?.takeCaptured() {
                pending.append(.dictionary(captured))
            }
            var reference = value.takeReference()
            if isKnownUniquelyReferenced(&reference), let parent = reference?.takeParent() {
                pending.append(parent)
            }
        }
    }
}

extension Value {
    fileprivate mutating func takeArray() -> ArrayValue? {
        guard case .array(let array) = self else { return nil }
        self = .null
        return array
    }

    fileprivate mutating func takeDictionary() -> DictionaryValue? {
        guard case .dictionary(let dictionary) = self else { return nil }
        self = .null
        return dictionary
    }

    fileprivate mutating func takeFunction() -> FunctionValue? {
        guard case .function(let function) = self else { return nil }
        self = .null
        return function
    }

    fileprivate mutating func takeReference() -> ReferenceValue? {
        guard case .reference(let reference) = self else { return nil }
        self = .null
        return reference
    }
}
