/// Methods of strings; all count bytes.
enum StringMethods {
    static func define(in methods: DictionaryValue) {
        methods.define("len") { call throws(ConfigFault) in
            .number(Double(call.this.toText.count))
        }
        methods.define("upper") { call throws(ConfigFault) in
            try call.make(call.this.toText.uppercasedASCII)
        }
        methods.define("lower") { call throws(ConfigFault) in
            try call.make(call.this.toText.lowercasedASCII)
        }
        methods.define("trim") { call throws(ConfigFault) in
            try call.make(call.this.toText.trimmed)
        }
        methods.define("reverse") { call throws(ConfigFault) in
            try call.make(ByteString(call.this.toText.bytes.reversed()))
        }
        methods.define("contains") { call throws(ConfigFault) in
            .boolean(call.this.toText.firstRange(of: call.argument(0).toText, from: 0) != nil)
        }
        methods.define("find") { call throws(ConfigFault) in
            let start = try call.expectIndex(call.argument(1))
            guard start >= 0 else { throw call.fault("The start of find() must not be negative.") }
            let found = call.this.toText.firstRange(of: call.argument(0).toText, from: start)
            return .number(Double(found ?? -1))
        }
        methods.define("substr", substring)
        methods.define("split", split)
        methods.define("replace", replace)
    }

    private static func substring(_ call: Invocation) throws(ConfigFault) -> Value {
        let text = call.this.toText
        let start = try call.expectIndex(call.argument(0))
        guard start >= 0, start < text.count else {
            throw call.fault("The start of substr() lies outside the string.")
        }
        var count = text.count - start
        if call.arguments.count > 1 {
            let wanted = try call.expectIndex(call.argument(1))
            if wanted >= 0 { count = min(count, wanted) }
        }
        return try call.make(ByteString(Array(text.bytes[start..<(start + count)])))
    }

    private static func split(_ call: Invocation) throws(ConfigFault) -> Value {
        let delimiters = Set(call.argument(0).toText.bytes)
        let parts = call.this.toText.bytes.split(omittingEmptySubsequences: false) {
            delimiters.contains($0)
        }
        return try call.make(parts.map { .string(ByteString(Array($0))) })
    }

    private static func replace(_ call: Invocation) throws(ConfigFault) -> Value {
        let text = call.this.toText
        let search = call.argument(0).toText
        let replacement = call.argument(1).toText
        guard !search.isEmpty else { return .string(text) }
        var result: [UInt8] = []
        var position = 0
        while let found = text.firstRange(of: search, from: position) {
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

    /// Where the bytes occur first at or after a place.
    func firstRange(of search: ByteString, from start: Int) -> Int? {
        guard start <= bytes.count - search.count else { return nil }
        guard let first = search.bytes.first else { return start }
        for place in start...(bytes.count - search.count) where bytes[place] == first {
            if bytes[place..<(place + search.count)].elementsEqual(search.bytes) { return place }
        }
        return nil
    }
}
