internal import Glibc

/// The namespace `Math`.
enum MathFunctions {
    static func define(in math: NativeTable) {
        let constants: [(ByteString, Double)] = [
            ("E", M_E), ("LN2", M_LN2), ("LN10", M_LN10), ("LOG2E", M_LOG2E),
            ("LOG10E", M_LOG10E), ("PI", .pi),
            ("SQRT1_2", 0.5.squareRoot()), ("SQRT2", 2.0.squareRoot()),
        ]
        for (name, value) in constants { math.entries[name] = .number(value) }
        let functions: [(ByteString, @Sendable (Double) -> Double)] = [
            ("abs", { abs($0) }), ("acos", { acos($0) }), ("asin", { asin($0) }),
            ("atan", { atan($0) }), ("ceil", { ceil($0) }), ("cos", { cos($0) }),
            ("exp", { exp($0) }), ("floor", { floor($0) }), ("log", { log($0) }),
            ("sin", { sin($0) }), ("sqrt", { sqrt($0) }), ("tan", { tan($0) }),
            ("sign", { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
        ]
        for (name, function) in functions {
            math.define(name, ["x"]) { call throws(ConfigFault) in
                .number(function(try call.expectNumber(call.argument(0))))
            }
        }
        let pairs: [(ByteString, @Sendable (Double, Double) -> Double)] = [
            ("atan2", { atan2($0, $1) }), ("pow", { pow($0, $1) }),
        ]
        for (name, function) in pairs {
            math.define(name, ["x", "y"]) { call throws(ConfigFault) in
                let first = try call.expectNumber(call.argument(0))
                return .number(function(first, try call.expectNumber(call.argument(1))))
            }
        }
        defineOthers(in: math)
    }

    private static func defineOthers(in math: NativeTable) {
        math.define("round", ["x"]) { call throws(ConfigFault) in
            let number = try call.expectNumber(call.argument(0))
            guard number.isFinite else {
                throw call.fault("round() needs a finite number, not '\(number)'.")
            }
            return .number(number.rounded(.toNearestOrAwayFromZero))
        }
        math.define("isnan", ["x"]) { call throws(ConfigFault) in
            .boolean(try call.expectNumber(call.argument(0)).isNaN)
        }
        math.define("isinf", ["x"]) { call throws(ConfigFault) in
            .boolean(try call.expectNumber(call.argument(0)).isInfinite)
        }
        // any values that can be compared, the first of equal ones
        math.define("max") { call throws(ConfigFault) in
            guard var best = call.arguments.first else { return .number(-.infinity) }
            for argument in call.arguments.dropFirst() where try call.isLess(best, argument) {
                best = argument
            }
            return best
        }
        math.define("min") { call throws(ConfigFault) in
            guard var best = call.arguments.first else { return .number(.infinity) }
            for argument in call.arguments.dropFirst() where try call.isLess(argument, best) {
                best = argument
            }
            return best
        }
        math.define("random") { call throws(ConfigFault) in
            // 53 bits: as many as a double between 0 and 1 can tell apart
            .number(Double(call.evaluator.surroundings.random() >> 11) / 0x1p53)
        }
    }
}
