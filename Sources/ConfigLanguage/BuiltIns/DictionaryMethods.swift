/// Methods of dictionaries.
enum DictionaryMethods {
    static func define(in methods: NativeTable) {
        methods.define("len") { call throws(ConfigFault) in
            .number(Double(try call.expectDictionary(call.this).count))
        }
        methods.define("contains", ["key"]) { call throws(ConfigFault) in
            .boolean(try call.expectDictionary(call.this).contains(try call.text(0)))
        }
        methods.define("get", ["key"], .effect) { call throws(ConfigFault) in
            try call.expectDictionary(call.this)[try call.text(0)] ?? .null
        }
        methods.define("set", ["key", "value"], .effect) { call throws(ConfigFault) in
            try call.evaluator.assign(
                call.argument(1),
                to: .dictionary(try call.expectDictionary(call.this)),
                .string(try call.text(0)),
                at: call.location
            )
            return .null
        }
        methods.define("remove", ["key"], .effect) { call throws(ConfigFault) in
            let dictionary = try changeable(call)
            try call.work(dictionary.count)
            dictionary[try call.text(0)] = nil
            return .null
        }
        methods.define("clear", [], .effect) { call throws(ConfigFault) in
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
        methods.define("freeze", [], .effect) { call throws(ConfigFault) in
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

/// Methods of namespaces.
enum NamespaceMethods {
    static func define(in methods: NativeTable) {
        methods.define("contains", ["key"]) { call throws(ConfigFault) in
            .boolean(try namespace(call).contains(try call.text(0)))
        }
        methods.define("get", ["key"], .effect) { call throws(ConfigFault) in
            let name = try call.text(0)
            guard let value = try namespace(call)[name] else {
                throw call.fault("The namespace has no '\(name.text)'.")
            }
            return value
        }
        methods.define("set", ["key", "value"], .effect) { call throws(ConfigFault) in
            try call.evaluator.assign(
                call.argument(1),
                to: .dictionary(try namespace(call)),
                .string(try call.text(0)),
                at: call.location
            )
            return .null
        }
        methods.define("remove", ["key"], .effect) { call throws(ConfigFault) in
            let namespace = try namespace(call)
            let name = try call.text(0)
            try call.evaluator.requireChangeable(namespace, name, at: call.location)
            guard !namespace.sealsKeys else {
                throw call.fault("The constant '\(name.text)' must not be removed.")
            }
            try call.work(namespace.count)
            namespace[name] = nil
            return .null
        }
        methods.define("keys") { call throws(ConfigFault) in
            try call.make(try namespace(call).keys.map { .string($0) })
        }
        methods.define("values") { call throws(ConfigFault) in
            try call.make(try namespace(call).entries.map(\.value))
        }
    }

    private static func namespace(_ call: Invocation) throws(ConfigFault) -> DictionaryValue {
        guard let namespace = call.this.asDictionary, namespace.isNamespace else {
            throw call.fault("A namespace is needed here, not '\(call.this.typeName.text)'.")
        }
        return namespace
    }
}
