internal import Glibc

/// Global functions that match and quote text.
enum TextFunctions {
    static func define(in system: DictionaryValue) {
        system.define("match") { call throws(ConfigFault) in
            let pattern = call.argument(0).toText.lowercasedASCII.bytes
            return try any(call) { text throws(ConfigFault) in
                glob(pattern, text.lowercasedASCII.bytes)
            }
        }
        system.define("regex") { call throws(ConfigFault) in
            let expression = try RegularExpression(call.argument(0).toText, call)
            return try any(call) { text throws(ConfigFault) in expression.isFound(in: text) }
        }
        system.define("cidr_match") { call throws(ConfigFault) in
            guard let network = AddressRange(call.argument(0).toText) else {
                throw call.fault(
                    "'\(call.argument(0).toText.text)' is not a network such as 192.0.2.0/24."
                )
            }
            return try any(call) { text throws(ConfigFault) in network.contains(text) }
        }
        system.define("escape_shell_arg") { call throws(ConfigFault) in
            let quoted = call.argument(0).toText.bytes.flatMap { byte -> [UInt8] in
                byte == UInt8(ascii: "'") ? Array("'\\''".utf8) : [byte]
            }
            return try call.make(ByteString([0x27] + quoted + [0x27]))
        }
        system.define("escape_shell_cmd") { call throws(ConfigFault) in
            let special = Set("#&;`|*?~<>^()[]{}$\\\n'\"".utf8)
            let quoted = call.argument(0).toText.bytes.flatMap { byte -> [UInt8] in
                special.contains(byte) ? [UInt8(ascii: "\\"), byte] : [byte]
            }
            return try call.make(ByteString(quoted))
        }
    }

    /// Applies a test to a text, or to all or any elements of an array.
    private static func any(
        _ call: Invocation,
        _ test: (ByteString) throws(ConfigFault) -> Bool
    ) throws(ConfigFault) -> Value {
        try call.requireArguments(2)
        guard let array = call.argument(1).asArray else {
            return .boolean(try test(call.argument(1).toText))
        }
        guard array.count > 0 else { return false }
        let wantsAny = call.argument(2).toNumber == 1
        for text in try call.texts(of: array.elements) {
            try call.evaluator.step(call.location)
            if try test(text) == wantsAny { return .boolean(wantsAny) }
        }
        return .boolean(!wantsAny)
    }

    /// Shell-like matching with `*` and `?`, in time of the product of both lengths at worst.
    static func glob(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var place = 0
        var position = 0
        var star: Int?
        var retry = 0
        while position < text.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = place
                retry = position
                place += 1
            } else if place < pattern.count,
                pattern[place] == text[position] || pattern[place] == UInt8(ascii: "?")
            {
                place += 1
                position += 1
            } else if let star {
                place = star + 1
                retry += 1
                position = retry
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

/// An IPv4 or IPv6 network.
struct AddressRange {
    private let address: [UInt8]
    private let bits: Int

    init?(_ text: ByteString) {
        let parts = text.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = Self.parse(String(first)) else { return nil }
        self.address = address
        guard parts.count > 1 else {
            bits = address.count * 8
            return
        }
        guard let bits = Int(parts[1]), bits >= 0, bits <= address.count * 8 else { return nil }
        self.bits = bits
    }

    func contains(_ text: ByteString) -> Bool {
        guard let other = Self.parse(text.text), other.count == address.count else { return false }
        let whole = bits / 8
        guard other[..<whole].elementsEqual(address[..<whole]) else { return false }
        let rest = bits % 8
        guard rest > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xff << (8 - rest))
        return other[whole] & mask == address[whole] & mask
    }

    private static func parse(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            let parsed = unsafe bytes.withUnsafeMutableBytes {
                unsafe inet_pton(family, text, $0.baseAddress)
            }
            if parsed == 1 { return bytes }
        }
        return nil
    }
}
