/// Global functions that match and quote text.
enum TextFunctions {
    static func define(in system: NativeTable) {
        system.define("match", ["pattern", "text", "mode"], required: 2) {
            call throws(ConfigFault) in
            try call.work(try call.text(0).count)
            let pattern = try call.text(0).lowercasedASCII.bytes
            let stars = pattern.count { $0 == UInt8(ascii: "*") }
            return try any(call) { text throws(ConfigFault) in
                // with two stars and more each place of the text may try the whole pattern
                let tries = min(stars, 2) < 2 ? 1 : max(1, pattern.count)
                try call.work(pattern.count + text.count * tries)
                return ShellPattern.glob(pattern, text.lowercasedASCII.bytes)
            }
        }
        system.define("regex", ["pattern", "text", "mode"], required: 2) {
            call throws(ConfigFault) in
            let pattern = try call.text(0)
            let expression: RegularExpression
            do throws(RegularExpression.Fault) {
                expression = try RegularExpression(pattern.bytes)
            } catch {
                throw call.fault(
                    "'\(pattern.shown.prefix(80))' cannot be used as a regular "
                        + "expression: \(error.description)."
                )
            }
            try call.evaluator.spend(expression.size, at: call.location)
            return try any(call) { text throws(ConfigFault) in
                try expression.isFound(in: text.bytes) { steps throws(ConfigFault) in
                    try call.evaluator.spend(steps, at: call.location)
                }
            }
        }
        system.define("cidr_match", ["pattern", "ip", "mode"], required: 2) {
            call throws(ConfigFault) in
            // of no addresses none is looked at, and neither is the network
            if call.argument(1).asArray?.elements.isEmpty == true {
                _ = try mode(of: call)
                return false
            }
            let range = try call.text(0)
            try call.work(range.count)
            guard let network = AddressRange(range) else {
                throw call.fault(
                    "'\(range.shown.prefix(80))' is not a network such as "
                        + "192.0.2.0/24, with no bit of a host set."
                )
            }
            return try any(call) { text throws(ConfigFault) in
                try call.work(text.count)
                return network.contains(text)
            }
        }
        defineQuoting(in: system)
    }

    private static func defineQuoting(in system: NativeTable) {
        system.define("escape_shell_arg", ["arg"]) { call throws(ConfigFault) in
            try call.work(try call.text(0).count)
            let quoted = try call.text(0).bytes.flatMap { byte -> [UInt8] in
                byte == UInt8(ascii: "'") ? Array("'\\''".utf8) : [byte]
            }
            return try call.make(ByteString([0x27] + quoted + [0x27]))
        }
        system.define("escape_shell_cmd", ["cmd"]) { call throws(ConfigFault) in
            let text = try call.text(0).bytes
            try call.work(text.count)
            return try call.make(ByteString(escapedCommand(text)))
        }
    }

    /// Escapes what a shell gives a meaning, and quotes that have no partner.
    private static func escapedCommand(_ text: [UInt8]) -> [UInt8] {
        let special = Set(Array("#&;`|*?~<>^()[]{}$\\\n".utf8) + [0xff])
        // how many of each quote are still to come
        var coming: [UInt8: Int] = [:]
        for byte in text where "'\"".utf8.contains(byte) { coming[byte, default: 0] += 1 }
        var open: UInt8?
        var result: [UInt8] = []
        for byte in text {
            if let left = coming[byte] {
                coming[byte] = left - 1
                if open == byte {
                    open = nil
                } else if open == nil, left > 1 {
                    open = byte
                } else {
                    result.append(UInt8(ascii: "\\"))
                }
            } else if special.contains(byte) {
                result.append(UInt8(ascii: "\\"))
            }
            result.append(byte)
        }
        return result
    }

    /// The third argument, a number such as `MatchAny`.
    private static func mode(of call: Invocation) throws(ConfigFault) -> Int32 {
        guard call.arguments.count > 2 else { return 0 }
        return Int32(wrapping: try call.expectNumber(call.argument(2)))
    }

    /// Applies a test to a text, or to all or any elements of an array.
    private static func any(
        _ call: Invocation,
        _ test: (ByteString) throws(ConfigFault) -> Bool
    ) throws(ConfigFault) -> Value {
        let mode = try mode(of: call)
        let array: ArrayValue
        switch call.argument(1) {
        case .array(let given): array = given
        case .null, .boolean, .number, .string: return .boolean(try test(try call.text(1)))
        case .dictionary, .function, .object, .reference, .type:
            throw call.fault("A text or an array of texts is needed here.")
        }
        guard array.count > 0 else { return false }
        let wantsAny = mode == 1
        for text in try call.texts(of: array.elements) {
            try call.evaluator.step(call.location)
            if try test(text) == wantsAny { return .boolean(wantsAny) }
        }
        return .boolean(!wantsAny)
    }
}
