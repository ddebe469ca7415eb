/// Methods of dictionaries and namespaces.
enum DictionaryMethods {
    static func define(in methods: DictionaryValue) {
        methods.define("len") { call throws(ConfigFault) in
            .number(Double(try call.expectDictionary(call.this).count))
        }
        methods.define("contains") { call throws(ConfigFault) in
            .boolean(try call.expectDictionary(call.this).contains(call.argument(0).toText))
        }
        methods.define("get") { call throws(ConfigFault) in
            try call.expectDictionary(call.this)[call.argument(0).toText] ?? .null
        }
        methods.define("set") { call throws(ConfigFault) in
            try call.evaluator.assign(
                call.argument(1),
                to: call.this,
                call.argument(0),
                at: call.location
            )
            return .null
        }
        methods.define("remove") { call throws(ConfigFault) in
            try changeable(call)[call.argument(0).toText] = nil
            return .null
        }
        methods.define("clear") { call throws(ConfigFault) in
            try changeable(call).removeAll()
            return .null
        }
        methods.define("keys") { call throws(ConfigFault) in
            try call.make(try call.expectDictionary(call.this).keys.map { .string($0) })
        }
        methods.define("values") { call throws(ConfigFault) in
            try call.make(try call.expectDictionary(call.this).entries.map(\.value))
        }
        methods.define("shallow_clone") { call throws(ConfigFault) in
            let dictionary = try call.expectDictionary(call.this)
            try call.evaluator.charge(elements: dictionary.count, call.location)
            return .dictionary(dictionary.shallowCopy())
        }
        methods.define("freeze") { call throws(ConfigFault) in
            try call.expectDictionary(call.this).isFrozen = true
            return .null
        }
    }

    private static func changeable(_ call: Invocation) throws(ConfigFault) -> DictionaryValue {
        let dictionary = try call.expectDictionary(call.this)
        guard !dictionary.isFrozen, !dictionary.isNamespace else {
            throw call.fault("The dictionary is frozen and must not be modified.")
        }
        return dictionary
    }
}

/// Methods of functions and references.
enum FunctionMethods {
    static func define(function: DictionaryValue, reference: DictionaryValue) {
        function.define("call") { call throws(ConfigFault) in
            try call.evaluator.call(
                try call.expectFunction(call.this),
                this: call.argument(0),
                arguments: Array(call.arguments.dropFirst()),
                location: call.location
            )
        }
        function.define("callv") { call throws(ConfigFault) in
            try call.evaluator.call(
                try call.expectFunction(call.this),
                this: call.argument(0),
                arguments: try call.expectArray(call.argument(1)).elements,
                location: call.location
            )
        }
        reference.define("get") { call throws(ConfigFault) in
            guard case .reference(let place) = call.this else { return .null }
            return try call.evaluator.member(of: place.parent, place.index, at: call.location)
        }
        reference.define("set") { call throws(ConfigFault) in
            guard case .reference(let place) = call.this else { return .null }
            try call.evaluator.assign(
                call.argument(0),
                to: place.parent,
                place.index,
                at: call.location
            )
            return .null
        }
    }
}
