internal import ConfigLanguage
internal import Monitoring

/// Finds what is wrong with evaluated objects, in the words of `icinga2 daemon -C`.
struct ObjectValidation {
    let session: ConfigSession
    let settings: DefinitionSettings
    private(set) var errors: [Diagnostic] = []

    private var registry: ObjectRegistry { session.registry }

    /// Prepares to look at the objects of a session.
    init(_ session: ConfigSession, _ settings: DefinitionSettings) {
        self.session = session
        self.settings = settings
    }

    /// Looks at every object that a client uses.
    mutating func validateAll() {
        let types = [
            "Host", "Service", "CheckCommand", "TimePeriod", "HostGroup", "ServiceGroup",
            "Dependency", "Zone", SchemaIgnored.application,
        ]
        for type in types {
            for object in registry.objects(ofType: type) { validate(object) }
        }
    }

    /// Looks at one object.
    mutating func validate(_ object: ConfigObject) {
        switch object.typeName {
        case "Host": validateChecked(object, groupType: "HostGroup")
        case "Service":
            reference(object, "host_name", to: "Host", isRequired: true)
            validateChecked(object, groupType: "ServiceGroup")
        case "CheckCommand":
            var validation = CommandValidation(object)
            validation.validate()
            errors += validation.errors
        case "TimePeriod":
            references(object, "excludes", to: "TimePeriod")
            references(object, "includes", to: "TimePeriod")
            update(of: object)
        case "HostGroup", "ServiceGroup": references(object, "groups", to: object.typeName)
        case "Dependency": validateDependency(object)
        case "Zone":
            clusterReference(object, "parent", to: "Zone")
            clusterReferences(object, "endpoints", to: "Endpoint")
        case SchemaIgnored.application:
            guard object.name != ByteString(BuiltIns.applicationName) else { break }
            fail(object, "name", "Application object must be named '\(BuiltIns.applicationName)'.")
        default: return
        }
        variables(of: object)
    }

    /// All that is wrong with one object, what its times say included.
    static func errors(
        of object: ConfigObject, in session: ConfigSession, _ settings: DefinitionSettings
    ) -> [Diagnostic] {
        var validation = ObjectValidation(session, settings)
        validation.validate(object)
        guard object.typeName == "TimePeriod" else { return validation.errors }
        var reader = TimePeriodReader(session.registry)
        return validation.errors + reader.errors(in: object)
    }

    private mutating func validateChecked(_ object: ConfigObject, groupType: String) {
        name(of: object)
        // the own host is never checked from here, and what health runs is not a definition's
        let isExempt =
            object.objectName == ObjectName(host: settings.nodeName)
            || object.objectName == ObjectName.health(ofNode: settings.nodeName)
        interval(object, "check_interval")
        interval(object, "retry_interval")
        if !(object["max_check_attempts"].toNumber ?? 0 >= 1) {
            fail(object, "max_check_attempts", "Value must be greater than 0.")
        }
        if object["check_timeout"].toNumber == nil {
            let text = object["check_timeout"].toText
            fail(object, "check_timeout", "Can't convert '\(text)' to a floating point number.")
        }
        reference(object, "check_command", to: "CheckCommand", isRequired: !isExempt)
        reference(object, "event_command", to: "EventCommand", isRequired: false)
        reference(object, "check_period", to: "TimePeriod", isRequired: false)
        clusterReference(object, "zone", to: "Zone")
        clusterReference(object, "command_endpoint", to: "Endpoint")
        if object["groups"].isNull { fail(object, "groups", "Attribute must not be empty.") }
        references(object, "groups", to: groupType)
        zone(of: object)
    }

    /// A function, or what a built-in template says instead of one.
    private mutating func update(of period: ConfigObject) {
        let builtIn: Set<ByteString> = ["legacy", "empty", "even-minutes"]
        let update = period["update"]
        guard !update.isNull, update.asFunction == nil, !builtIn.contains(update.toText) else {
            return
        }
        fail(period, "update", "It must be a function, not of type '\(update.typeName)'.")
    }

    /// A zone or an endpoint; where the definitions declare none, a name stands for itself.
    ///
    /// Icinga's own zones are in files beside the definitions, which are not read here.
    private mutating func clusterReference(
        _ object: ConfigObject,
        _ attribute: ByteString,
        to type: String
    ) {
        let name = object[attribute].toText
        if !name.isEmpty, isKnowable(name, type) { exists(object, attribute, name, type) }
    }

    private mutating func clusterReferences(
        _ object: ConfigObject,
        _ attribute: ByteString,
        to type: String
    ) {
        for name in object[attribute].asArray?.elements ?? [] where isKnowable(name.toText, type) {
            exists(object, attribute, name.toText, type)
        }
    }

    private func isKnowable(_ name: ByteString, _ type: String) -> Bool {
        let own: Set = [ByteString(settings.nodeName), ByteString(settings.zoneName)]
        return !registry.objects(ofType: type).isEmpty && !own.contains(name)
    }

    private mutating func validateDependency(_ dependency: ConfigObject) {
        _ = isNamed(dependency)
        reference(dependency, "parent_host_name", to: "Host", isRequired: true)
        reference(dependency, "child_host_name", to: "Host", isRequired: true)
        for end in ["parent", "child"] {
            let host = dependency[ByteString(end + "_host_name")].toText
            let attribute = ByteString(end + "_service_name")
            let service = dependency[attribute].toText
            // a host that does not exist is told above; the own one is always there
            guard !service.isEmpty,
                registry.object(type: "Host", name: host) != nil
                    || host == ByteString(settings.nodeName),
                registry.object(type: "Service", name: host + "!" + service) == nil
            else { continue }
            fail(
                dependency,
                attribute,
                "References a \(end) host/service which doesn't exist: '\(host)!\(service)'."
            )
        }
        reference(dependency, "period", to: "TimePeriod", isRequired: false)
        let isOfHost = dependency["parent_service_name"].toText.isEmpty
        let states: [(name: ByteString, bit: Double)] =
            isOfHost
            ? [("Up", 16), ("Down", 32)]
            : [("OK", 1), ("Warning", 2), ("Critical", 4), ("Unknown", 8)]
        for state in dependency["states"].asArray?.elements ?? []
        where !states.contains(where: { $0.name == state.toText || $0.bit == state.asNumber }) {
            fail(
                dependency,
                "states",
                "State filter is invalid for \(isOfHost ? "host" : "service") dependency: "
                    + "'\(state.toText)'."
            )
        }
    }

    private mutating func isNamed(_ object: ConfigObject) -> Bool {
        guard object.name.isEmpty else { return true }
        add(
            "Name for object '' of type '\(object.typeName)' is invalid: Object name must not be "
                + "empty.",
            at: object.location
        )
        return false
    }

    private mutating func name(of object: ConfigObject) {
        guard isNamed(object) else { return }
        if object.name.bytes.contains(UInt8(ascii: "!")) {
            add(
                "Name for object '\(object.name)' of type '\(object.typeName)' is invalid: "
                    + "Object names may not contain '!'",
                at: object.location
            )
        } else if ByteString(object.fullName.text) != object.fullName {
            // two such names could become one where text is required
            add(
                "Name for object '\(object.name)' of type '\(object.typeName)' is invalid: it is "
                    + "not UTF-8. Masters and files know it by its text only; rename it.",
                at: object.location
            )
        } else if ObjectName(fullName: object.fullName.text) == nil {
            add(
                "Name for object '\(object.name)' of type '\(object.typeName)' is invalid: it is "
                    + "empty, has control characters or more than "
                    + "\(ObjectName.maximumByteCount) bytes.",
                at: object.location
            )
        }
    }

    private mutating func interval(_ object: ConfigObject, _ attribute: ByteString) {
        if !isPositive(object[attribute]) {
            fail(object, attribute, "Interval must be greater than 0.")
        } else if object[attribute].toNumber ?? 0 > Definitions.longestInterval.inSeconds {
            fail(object, attribute, "Interval must not be longer than ten years.")
        }
    }

    private func isPositive(_ value: Value) -> Bool {
        guard let number = value.toNumber else { return false }
        return number > 0
    }

    private mutating func reference(
        _ object: ConfigObject,
        _ attribute: ByteString,
        to type: String,
        isRequired: Bool
    ) {
        let name = object[attribute].toText
        guard !name.isEmpty else {
            if isRequired { fail(object, attribute, "Attribute must not be empty.") }
            return
        }
        exists(object, attribute, name, type)
    }

    private mutating func references(
        _ object: ConfigObject,
        _ attribute: ByteString,
        to type: String
    ) {
        for name in object[attribute].asArray?.elements ?? [] {
            exists(object, attribute, name.toText, type)
        }
    }

    private mutating func exists(
        _ object: ConfigObject,
        _ attribute: ByteString,
        _ name: ByteString,
        _ type: String
    ) {
        // one whose own body failed is reported with that; the own host is always there
        guard registry.object(type: type, name: name) == nil,
            !session.isDeclared(type: type, name: name),
            type != "Host" || name != ByteString(settings.nodeName)
        else { return }
        fail(object, attribute, "Object '\(name)' of type '\(type)' does not exist.")
    }

    /// Everybody has what is in a global zone, and nobody would check it.
    private mutating func zone(of object: ConfigObject) {
        let name = object["zone"].toText
        guard let zone = registry.object(type: "Zone", name: name), zone["global"].isTruthy else {
            return
        }
        fail(object, "zone", "'\(object.fullName)' cannot be put into the global zone '\(name)'.")
    }

    private mutating func variables(of object: ConfigObject) {
        guard let variables = object["vars"].asDictionary else { return }
        if let circle = Value.dictionary(variables).circle {
            return fail(object, "vars", path: circle, "Circular references are not allowed")
        }
        for (key, value) in variables.entries {
            unpaired(object, value, path: [key], depth: 0)
        }
        if CanonicalJSON.isTooDeep(.dictionary(variables)) {
            fail(
                object,
                "vars",
                "Custom variables must not be nested deeper than "
                    + "\(CanonicalJSON.deepestNesting)."
            )
        } else if CanonicalJSON.text(.dictionary(variables)).utf8.count > CanonicalJSON.byteLimit {
            fail(
                object,
                "vars",
                "Custom variables may take \(CanonicalJSON.byteLimit) bytes as JSON, not more."
            )
        }
    }

    /// Custom variables are checked two levels deep, as Icinga does.
    private mutating func unpaired(
        _ object: ConfigObject,
        _ value: Value,
        path: [ByteString],
        depth: Int
    ) {
        switch value {
        case .string(let text) where !MacroText.isBalanced(text):
            fail(object, "vars", path: path, "\(PreparationFault.unclosedMacro(text))")
        case .array(let array) where depth == 0:
            for element in array.elements {
                unpaired(object, element, path: path, depth: depth + 1)
            }
        case .dictionary(let dictionary) where depth == 0:
            for (key, element) in dictionary.entries {
                unpaired(object, element, path: path + [key], depth: depth + 1)
            }
        default: break
        }
    }

    private mutating func fail(
        _ object: ConfigObject,
        _ attribute: ByteString,
        path: [ByteString] = [],
        _ reason: String
    ) {
        errors.append(Self.failure(object, attribute, path: path, reason))
    }

    private mutating func add(_ message: String, at location: SourceLocation) {
        errors.append(Diagnostic(message, at: location))
    }

    /// An error of one attribute, at the line that assigned it.
    static func failure(
        _ object: ConfigObject,
        _ attribute: ByteString,
        path: [ByteString] = [],
        _ reason: String
    ) -> Diagnostic {
        let steps = path.map { " -> '\($0)'" }.joined()
        return Diagnostic(
            "Validation failed for object '\(object.fullName)' of type '\(object.typeName)'; "
                + "Attribute '\(attribute)'\(steps): \(reason)",
            at: object.location(of: attribute, path)
        )
    }
}
