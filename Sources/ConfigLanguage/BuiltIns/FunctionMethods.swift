/// Methods of functions and references.
enum FunctionMethods {
    static func define(function: NativeTable, reference: NativeTable) {
        function.define("call", [], required: 1, .effect) { call throws(ConfigFault) in
            try call.evaluator.call(
                try call.expectFunction(call.this),
                this: call.argument(0),
                arguments: Array(call.arguments.dropFirst()),
                location: call.location
            )
        }
        function.define("callv", [], required: 2, .effect) { call throws(ConfigFault) in
            try call.evaluator.call(
                try call.expectFunction(call.this),
                this: call.argument(0),
                arguments: try call.expectArray(call.argument(1)).elements,
                location: call.location
            )
        }
        reference.define("get") { call throws(ConfigFault) in
            let place = try target(call)
            return try call.evaluator.member(of: place.parent, place.index, at: call.location)
        }
        reference.define("set", ["value"], .effect) { call throws(ConfigFault) in
            let place = try target(call)
            try call.evaluator.assign(
                call.argument(0),
                to: place.parent,
                place.index,
                at: call.location
            )
            return .null
        }
    }

    private static func target(_ call: Invocation) throws(ConfigFault) -> ReferenceValue {
        guard case .reference(let place) = call.this else {
            throw call.fault("A reference is needed here, not '\(call.this.typeName.text)'.")
        }
        return place
    }
}
