internal import Glibc

/// The namespace `Math`.
enum MathFunctions {
    static func define(in system: DictionaryValue) {
        let math = DictionaryValue()
        system["Math"] = .dictionary(math)
        let constants: [(ByteString, Double)] = [
            ("E", M_E), ("LN2", M_LN2), ("LN10", M_LN10), ("LOG2E", M_LOG2E), ("PI", .pi),
            ("SQRT1_2", 0.5.squareRoot()), ("SQRT2", 2.0.squareRoot()),
        ]
        for (name, value) in constants { math[name] = .number(value) }
        let functions: [(ByteString, @Sendable (Double) -> Double)] = [
            ("abs", { abs($0) }), ("acos", { acos($0) }), ("asin", { asin($0) }),
            ("atan", { atan($0) }), ("ceil", { ceil($0) }), ("cos", { cos($0) }),
            ("exp", { exp($0) }), ("floor", { floor($0) }), ("log", { log($0) }),
            ("round", { $0.rounded(.toNearestOrAwayFromZero) }), ("sin", { sin($0) }),
            ("sqrt", { $0.squareRoot() }), ("tan", { tan($0) }),
            ("sign", { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
        ]
        for (name, function) in functions {
            math.define(name) { call throws(ConfigFault) in
                .number(function(try call.expectNumber(call.argument(0))))
            }
        }
        defineOthers(in: math)
        math.isNamespace = true
    }

    private static func defineOthers(in math: DictionaryValue) {
        let pairs: [(ByteString, @Sendable (Double, Double) -> Double)] = [
            ("atan2", { atan2($0, $1) }), ("pow", { pow($0, $1) }),
        ]
        for (name, function) in pairs {
            math.define(name) { call throws(ConfigFault) in
                .number(
                    function(
                        try call.expectNumber(call.argument(0)),
                        try call.expectNumber(call.argument(1))
                    )
                )
            }
        }
        math.define("isnan") { call throws(ConfigFault) in
            .boolean(try call.expectNumber(call.argument(0)).isNaN)
        }
        math.define("isinf") { call throws(ConfigFault) in
            .boolean(try call.expectNumber(call.argument(0)).isInfinite)
        }
        math.define("max") { call throws(ConfigFault) in
            var best = -Double.infinity
            for argument in call.arguments { best = max(best, try call.expectNumber(argument)) }
            return .number(best)
        }
        math.define("min") { call throws(ConfigFault) in
            var best = Double.infinity
            for argument in call.arguments { best = min(best, try call.expectNumber(argument)) }
            return .number(best)
        }
    }
}
