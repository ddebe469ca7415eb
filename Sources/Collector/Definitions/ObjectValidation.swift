internal import ConfigLanguage
internal import Monitoring

/// Finds what is wrong with evaluated objects, in the words of `icinga2 daemon -C`.
struct ObjectValidation {
    let registry: ObjectRegistry
    private(set) var errors: [Diagnostic] = []

    /// Prepares to look at the objects of a registry.
    init(_ registry: ObjectRegistry) {
        self.registry = registry
    }

    /// Looks at every object that a client uses.
    mutating func validateAll(exemptFromCheckCommand isExempt: (ConfigObject) -> Bool) {
        for host in registry.objects(ofType: "Host") {
            validateChecked(host, groupType: "HostGroup", needsCommand: !isExempt(host))
        }
        for service in registry.objects(ofType: "Service") {
            reference(service, "host_name", to: "Host", isRequired: true)
            validateChecked(service, groupType: "ServiceGroup", needsCommand: !isExempt(service))
        }
        for command in registry.objects(ofType: "CheckCommand") {
            var validation = CommandValidation(command)
            validation.validate()
            errors += validation.errors
            variables(of: command)
        }
        for period in registry.objects(ofType: "TimePeriod") {
            references(period, "excludes", to: "TimePeriod")
            references(period, "includes", to: "TimePeriod")
        }
        for type in ["HostGroup", "ServiceGroup"] {
            for group in registry.objects(ofType: type) { references(group, "groups", to: type) }
        }
        for dependency in registry.objects(ofType: "Dependency") {
            reference(dependency, "parent_host_name", to: "Host", isRequired: true)
            reference(dependency, "child_host_name", to: "Host", isRequired: true)
        }
    }

    private mutating func validateChecked(
        _ object: ConfigObject,
        groupType: String,
        needsCommand: Bool
    ) {
        name(of: object)
        interval(object, "check_interval")
        interval(object, "retry_interval")
        if !(object["max_check_attempts"].toNumber ?? 0 >= 1) {
            fail(object, "max_check_attempts", "Value must be greater than 0.")
        }
        if !object["check_timeout"].isNull, !isPositive(object["check_timeout"]) {
            fail(object, "check_timeout", "Timeout must be greater than 0.")
        }
        reference(object, "check_command", to: "CheckCommand", isRequired: needsCommand)
        reference(object, "check_period", to: "TimePeriod", isRequired: false)
        references(object, "groups", to: groupType)
        variables(of: object)
    }

    private mutating func name(of object: ConfigObject) {
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
        guard registry.object(type: type, name: name) == nil else { return }
        fail(object, attribute, "Object '\(name)' of type '\(type)' does not exist.")
    }

    private mutating func variables(of object: ConfigObject) {
        guard let variables = object["vars"].asDictionary else { return }
        for (key, value) in variables.entries {
            unpaired(object, value, path: [key], depth: 0)
        }
        if CanonicalJSON.text(.dictionary(variables)).utf8.count > CanonicalJSON.byteLimit {
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
            let steps = path.map { " -> '\($0)'" }.joined()
            fail(object, "vars", steps: steps, "\(PreparationFault.unclosedMacro(text))")
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
        steps: String = "",
        _ reason: String
    ) {
        errors.append(Self.failure(object, attribute, steps: steps, reason))
    }

    private mutating func add(_ message: String, at location: SourceLocation) {
        errors.append(Diagnostic(message, at: location))
    }

    /// An error of one attribute, at the line that assigned it.
    static func failure(
        _ object: ConfigObject,
        _ attribute: ByteString,
        steps: String = "",
        _ reason: String
    ) -> Diagnostic {
        Diagnostic(
            "Validation failed for object '\(object.fullName)' of type '\(object.typeName)'; "
                + "Attribute '\(attribute)'\(steps): \(reason)",
            at: object.location(of: attribute)
        )
    }
}
