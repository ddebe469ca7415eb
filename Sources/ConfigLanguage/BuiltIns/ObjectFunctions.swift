/// Methods that all values but strings, numbers and booleans have, and functions that find objects.
enum ObjectFunctions {
    static func define(in methods: NativeTable) {
        methods.define("to_string") { call throws(ConfigFault) in try call.make(try call.thisText) }
        methods.define("clone") { call throws(ConfigFault) in
            switch call.this {
            case .array, .dictionary, .function: try call.clone(call.this, depth: 0)
            default: throw call.fault("A '\(call.this.typeName.text)' cannot be cloned.")
            }
        }
        methods.define("notify_attribute", ["attribute"], .effect) { call throws(ConfigFault) in
            throw call.fault("notify_attribute() has no meaning here: nobody is told of changes.")
        }
    }

    /// What would change a running object; definitions are fixed once they are loaded.
    static func defineChanges(configObject: NativeTable, type: NativeTable) {
        for name: ByteString in ["modify_attribute", "restore_attribute"] {
            configObject.define(name, ["attr", "value"], .effect) { call throws(ConfigFault) in
                throw call.fault("\(name.text)() cannot be used: objects do not change here.")
            }
        }
        let name: ByteString = "register_attribute_handler"
        type.define(name, ["field", "callback"], .effect) { call throws(ConfigFault) in
            throw call.fault("\(name.text)() cannot be used: objects do not change here.")
        }
    }

    /// Functions over the objects and templates of a session.
    static func define(in system: NativeTable, finder: any ObjectFinder) {
        system.define("get_object", ["type", "name"]) { [weak finder] call throws(ConfigFault) in
            let name = try call.text(1)
            guard let type = call.argument(0).typeName(orText: true) else { return .null }
            return finder?.object(type: type, name: name).map { .object($0) } ?? .null
        }
        system.define("get_objects", ["type"]) { [weak finder] call throws(ConfigFault) in
            guard let type = call.argument(0).typeName(orText: false) else {
                throw call.fault("get_objects() needs a type, such as get_objects(Host).")
            }
            let objects = finder?.objects(type: type) ?? []
            try call.work(objects.count)
            return try call.make(objects.map { .object($0) })
        }
        system.define("get_template", ["type", "name"]) { [weak finder] call throws(ConfigFault) in
            guard let type = call.argument(0).typeName(orText: true) else { return .null }
            return finder?.template(type: type, name: try call.text(1)) ?? .null
        }
        system.define("get_templates", ["type"]) { [weak finder] call throws(ConfigFault) in
            guard let type = call.argument(0).typeName(orText: false) else {
                throw call.fault("get_templates() needs a type, such as get_templates(Host).")
            }
            return try call.make(finder?.templates(type: type) ?? [])
        }
    }

    /// The types that have a function of their own to find an object by its name.
    private static let finders: [(function: ByteString, type: String)] = [
        ("get_check_command", "CheckCommand"), ("get_event_command", "EventCommand"),
        ("get_notification_command", "NotificationCommand"), ("get_host", "Host"),
        ("get_host_group", "HostGroup"), ("get_service_group", "ServiceGroup"),
        ("get_user", "User"), ("get_user_group", "UserGroup"),
        ("get_time_period", "TimePeriod"),
    ]

    /// `get_host()` and its like, for the types that there are.
    static func define(
        in icinga: NativeTable,
        types: Set<String>,
        finder: any ObjectFinder
    ) {
        for (function, type) in finders where types.contains(type) {
            icinga.define(function, ["name"], .effect) { [weak finder] call throws(ConfigFault) in
                let name = try call.text(0)
                return finder?.object(type: type, name: name).map { .object($0) } ?? .null
            }
        }
        guard types.contains("Service") else { return }
        icinga.define("get_service", ["host", "name"], .effect) {
            [weak finder] call throws(ConfigFault) in
            let host = try call.hostName
            let name = try host + "!" + call.text(1)
            return finder?.object(type: "Service", name: name).map { .object($0) } ?? .null
        }
        icinga.define("get_services", ["host"], .effect) {
            [weak finder] call throws(ConfigFault) in
            let host = try call.hostName
            guard finder?.object(type: "Host", name: host) != nil else { return .null }
            let all = finder?.objects(type: "Service") ?? []
            try call.evaluator.spend(all.count, at: call.location)
            let mine = all.filter { $0["host_name"].toText == host }
            return try call.make(mine.map { .object($0) })
        }
    }
}

/// Finds what a configuration declared.
protocol ObjectFinder: AnyObject {
    func object(type: String, name: ByteString) -> ConfigObject?
    func objects(type: String) -> [ConfigObject]
    func template(type: String, name: ByteString) -> Value?
    func templates(type: String) -> [Value]
}

extension Value {
    /// The name of a type, given as itself or, where allowed, as text; nil for anything else.
    fileprivate func typeName(orText: Bool) -> String? {
        if case .type(let type) = self { return type.name.text }
        return orText ? asString?.text : nil
    }
}

extension Invocation {
    /// The first argument as the name of a host, given as itself or as text.
    fileprivate var hostName: ByteString {
        get throws(ConfigFault) {
            if let host = argument(0).asObject { return host.name }
            return try text(0)
        }
    }

    /// A copy of a value and of all arrays and dictionaries in it.
    fileprivate func clone(_ value: Value, depth: Int) throws(ConfigFault) -> Value {
        guard depth < Value.deepestNesting else {
            throw fault("The value is nested more than \(Value.deepestNesting) deep.")
        }
        switch value {
        case .array(let array):
            try evaluator.spend(array.count, at: location)
            var elements: [Value] = []
            for element in array.elements { elements.append(try clone(element, depth: depth + 1)) }
            return try make(elements)
        case .dictionary(let dictionary) where !dictionary.isNamespace:
            try evaluator.spend(dictionary.count, at: location)
            try evaluator.charge(elements: dictionary.count, location)
            // in order, so that nothing is moved
            let copy = DictionaryValue()
            for (key, element) in dictionary.entries {
                copy[key] = try clone(element, depth: depth + 1)
            }
            return .dictionary(copy)
        // nothing can change it, so it may be the same
        case .null, .boolean, .number, .string, .function: return value
        default: throw fault("A '\(value.typeName.text)' cannot be cloned.")
        }
    }
}
