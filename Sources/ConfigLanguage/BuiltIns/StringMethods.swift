/// Methods of strings; all count bytes.
enum StringMethods {
    static func define(in methods: NativeTable) {
        methods.define("len") { call throws(ConfigFault) in
            .number(Double(try call.thisText.count))
        }
        methods.define("upper") { call throws(ConfigFault) in
            try call.make(try call.readText.uppercasedASCII)
        }
        methods.define("lower") { call throws(ConfigFault) in
            try call.make(try call.readText.lowercasedASCII)
        }
        methods.define("trim") { call throws(ConfigFault) in
            try call.make(try call.readText.trimmed)
        }
        methods.define("reverse") { call throws(ConfigFault) in
            try call.make(ByteString(try call.readText.bytes.reversed()))
        }
        methods.define("contains", ["str"]) { call throws(ConfigFault) in
            let found = try call.find(try call.text(0), in: try call.thisText, from: 0)
            return .boolean(found != nil)
        }
        methods.define("find", ["str", "start"], required: 1) { call throws(ConfigFault) in
            let start = try call.expectSize(call.argument(1))
            guard start >= 0 else { throw call.fault("The start of find() must not be negative.") }
            let found = try call.find(try call.text(0), in: try call.thisText, from: start)
            return .number(Double(found ?? -1))
        }
        methods.define("substr", ["start", "len"], required: 1, .none, substring)
        methods.define("split", ["delims"], required: nil, .none, split)
        methods.define("replace", ["search", "replacement"], required: nil, .none, replace)
        methods.define("to_string") { call throws(ConfigFault) in .string(try call.thisText) }
    }

    private static func substring(_ call: Invocation) throws(ConfigFault) -> Value {
        let text = try call.thisText
        let start = try call.expectIndex(call.argument(0))
        guard start >= 0, start < text.count else {
            throw call.fault("The start of substr() lies outside the string.")
        }
        var count = text.count - start
        if call.arguments.count > 1 {
            let wanted = try call.expectSize(call.argument(1))
            if wanted >= 0 { count = min(count, wanted) }
        }
        return try call.make(ByteString(Array(text.bytes[start..<(start + count)])))
    }

    private static func split(_ call: Invocation) throws(ConfigFault) -> Value {
        let delimiters = ByteSet(try call.text(0).bytes)
        let text = try call.thisText
        try call.work(text.count + call.text(0).count)
        let count = text.bytes.count { delimiters.contains($0) } + 1
        try call.evaluator.charge(elements: count, call.location)
        try call.evaluator.charge(nodes: count, call.location)
        let parts = text.bytes.split(omittingEmptySubsequences: false) { delimiters.contains($0) }
        return try call.make(parts.map { .string(ByteString(Array($0))) })
    }

    private static func replace(_ call: Invocation) throws(ConfigFault) -> Value {
        let text = try call.thisText
        let search = try call.text(0)
        let replacement = try call.text(1)
        guard !search.isEmpty else { return .string(text) }
        var result: [UInt8] = []
        var position = 0
        while let found = try call.find(search, in: text, from: position) {
            try call.work(replacement.count)
            result += text.bytes[position..<found] + replacement.bytes
            position = found + search.count
            try call.evaluator.step(call.location)
            guard result.count <= call.evaluator.limits.stringBytes else { break }
        }
        result += text.bytes[position...]
        return try call.make(ByteString(result))
    }
}

extension ByteString {
    var lowercasedASCII: ByteString {
        ByteString(bytes.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 })
    }

    var uppercasedASCII: ByteString {
        ByteString(bytes.map { (0x61...0x7a).contains($0) ? $0 & 0xdf : $0 })
    }

    var trimmed: ByteString {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }),
            let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return .empty }
        return ByteString(Array(bytes[first...last]))
    }
}

extension Invocation {
    /// Where a text occurs first in another, at or after a place.
    func find(
        _ search: ByteString,
        in text: ByteString,
        from start: Int
    ) throws(ConfigFault) -> Int? {
        let found = text.place(of: search, from: start)
        try work(max(0, (found ?? text.count) - start) + search.count)
        return found
    }

    /// What a method was called on, as text that is read byte by byte.
    fileprivate var readText: ByteString {
        get throws(ConfigFault) {
            let text = try thisText
            try work(text.count)
            return text
        }
    }
}
