package import ConfigLanguage
package import Monitoring

/// What this host's definitions say, resolved: hosts and services with all templates and rules
/// applied, their schedule, and what of the files is not for this client.
package final class Definitions {
    /// Longest interval between checks, and longest timeout.
    ///
    /// A longer interval is refused, a longer timeout cut. Ten years: keeps sums of times in range.
    package static let longestInterval = Duration.seconds(315_360_000)

    /// Deepest nesting of custom variables; a definition with deeper ones is refused.
    ///
    /// 64, as deep as the language compares and writes. A scalar that is a variable is 2 deep.
    package static let deepestVariables = 64

    /// One host or service for people and for the master's side: `list`, `inventory`.
    package struct Entry: Sendable, Hashable {
        /// Its full name.
        package var name: ObjectName
        /// What people see instead of the name.
        package var displayName: String
        /// Its check command's name; empty for the built-in health.
        package var checkCommand: String
        /// Its groups, in the order of the definitions.
        package var groups: [String]
        /// Custom variables as canonical JSON text.
        package var variables: String
        /// `file:line:column` of its definition; empty when nothing defines it.
        package var location: String
    }

    /// An object that somebody else checks.
    package struct Foreign: Sendable, Hashable {
        /// The object.
        package var name: ObjectName
        /// Why it is not ours, such as `zone = "master"`.
        package var reason: String
        /// `file:line:column` of its definition.
        package var location: String
    }

    /// The name of this node, and of its own host.
    package let nodeName: String
    /// How each object is scheduled, sorted by name; the own host is not among them, the built-in
    /// health always is.
    package let plans: [CheckPlan]
    /// What all other objects depend on.
    package let passages: CheckPassages
    /// All hosts and services of this client, own host and health included, sorted by name.
    package let entries: [Entry]
    /// Hosts and services whose `zone` or `command_endpoint` names somebody else.
    package let foreign: [Foreign]
    /// How many objects of each type were read and have no use here.
    package let ignored: [String: Int]
    /// What the operator should look at.
    package let warnings: [Diagnostic]
    /// The names of all check commands, sorted.
    package let checkCommands: [String]

    let session: ConfigSession
    let health: HealthService
    /// The definitions by name, for preparing checks.
    let objects: [ObjectName: ConfigObject]
    /// All time periods by name, for what functions ask of them.
    let periods: [ByteString: TimePeriod]

    /// Takes over a session after it was committed and validated.
    init(session: ConfigSession, settings: DefinitionSettings, rules: SchedulingRules) {
        let registry = session.registry
        let health = HealthService(nodeName: settings.nodeName)
        let ownership = Ownership(settings, session)
        var objects: [ObjectName: ConfigObject] = [:]
        var foreign: [Foreign] = []
        for object in registry.objects(ofType: "Host") + registry.objects(ofType: "Service") {
            guard let name = object.objectName else { continue }
            if let reason = ownership.reasonNotOurs(object), name != health.name {
                foreign.append(
                    Foreign(name: name, reason: reason, location: object.location.description))
            } else {
                objects[name] = object
            }
        }
        let own = ObjectName(host: settings.nodeName)
        // sorting takes longer than anything else here, so it is done once; what comes behind it
        // then has its place found at once
        let ordered = objects.sorted { $0.key < $1.key }
        var plans = ordered.filter { $0.key != own && $0.key != health.name }
            .map { CheckPlan($0.key, $0.value, rules) }
        plans.append(health.plan(objects[health.name]))
        var entries = ordered.filter { $0.key != health.name }.map { Entry($0.key, $0.value) }
        entries.append(Entry(health: health, objects[health.name]))

        nodeName = settings.nodeName
        self.session = session
        self.health = health
        self.objects = objects
        periods = rules.periods
        self.plans = plans.sorted { $0.object < $1.object }
        let planned = Set(plans.map(\.object))
        passages = rules.dependencies.filter { !planned.contains($0.key) }
        self.entries = entries.sorted { $0.name < $1.name }
        self.foreign = foreign.sorted { $0.name < $1.name }
        ignored = Self.ignoredCounts(session, rules)
        warnings =
            session.warnings + Self.unhonoured(ordered) + Self.unjudged(ordered, registry)
        checkCommands = registry.objects(ofType: "CheckCommand").map(\.fullName).sorted()
            .map(\.text)
    }

    private static func ignoredCounts(
        _ session: ConfigSession, _ rules: SchedulingRules
    ) -> [String: Int] {
        var counts = session.ignoredCounts
        for type in SchemaIgnored.named {
            let count = session.registry.objects(ofType: type).count
            if count > 0 { counts[type] = count }
        }
        let application = session.registry.objects(ofType: SchemaIgnored.application)
            .filter { $0.location.file != BuiltIns.applicationSource }
        if !application.isEmpty { counts[SchemaIgnored.application] = application.count }
        if rules.ignoredCount > 0 { counts["Dependency"] = rules.ignoredCount }
        return counts
    }

    /// Variables of internal checks that ask for what a client cannot judge.
    private static func unjudged(
        _ objects: [(key: ObjectName, value: ConfigObject)],
        _ registry: ObjectRegistry
    ) -> [Diagnostic] {
        let variables: [(Execution, ByteString)] = [
            (.icinga, "icinga_min_version"), (.clusterZone, "cluster_lag_warning"),
            (.clusterZone, "cluster_lag_critical"),
        ]
        return objects.flatMap { name, object in
            let command = registry.object(
                type: "CheckCommand", name: object["check_command"].toText)
            let execution = command.flatMap(Execution.init(of:))
            return variables.compactMap { one, variable -> Diagnostic? in
                guard one == execution,
                    [object, command].contains(where: {
                        $0?["vars"].asDictionary?.lookUp(variable)?.isTruthy == true
                    })
                else { return nil }
                return Diagnostic(
                    "The \(variable) of '\(name)' is not judged here.",
                    at: object.location(of: "vars"),
                    severity: .warning
                )
            }
        }
    }

    /// Attributes that mean something to Icinga and nothing here.
    private static func unhonoured(
        _ objects: [(key: ObjectName, value: ConfigObject)]
    ) -> [Diagnostic] {
        objects.filter { $0.value["volatile"].isTruthy }
            .map { name, object in
                Diagnostic(
                    "The volatile of '\(name)' is not passed on: the master notifies of a lasting "
                        + "problem once.",
                    at: object.location(of: "volatile"),
                    severity: .warning)
            }
    }
}

extension Definitions.Entry {
    fileprivate init(_ name: ObjectName, _ object: ConfigObject) {
        self.init(
            name: name,
            displayName: object["display_name"].toText.text,
            checkCommand: object["check_command"].toText.text,
            groups: object.groups,
            variables: object.variables,
            location: object.location.description
        )
    }

    fileprivate init(health: HealthService, _ definition: ConfigObject?) {
        self.init(
            name: health.name,
            displayName: ObjectName.healthServiceName,
            checkCommand: "",
            groups: definition?.groups ?? [],
            variables: "{}",
            location: definition?.location.description ?? ""
        )
    }
}

extension CheckPlan {
    fileprivate init(_ name: ObjectName, _ object: ConfigObject, _ rules: SchedulingRules) {
        let attempts = object["max_check_attempts"].toNumber.flatMap(Int.init(truncating:))
        let isActive = object["enable_active_checks"].isTruthy
        self.init(
            object: name,
            checkInterval: object.seconds("check_interval") ?? .seconds(300),
            retryInterval: object.seconds("retry_interval") ?? .seconds(60),
            maxCheckAttempts: max(1, min(attempts ?? 3, Int(Int32.max))),
            isActive: isActive,
            // who says nothing of when results come, or that they tell of events, expects none
            expectsResults: !isActive && object.attributes.contains("check_interval")
                && !object["volatile"].isTruthy,
            period: rules.periods[object["check_period"].toText],
            dependencies: rules.dependencies[name] ?? []
        )
    }
}

extension ConfigObject {
    /// The vocabulary's name of a host or service; nil for names that validation refuses.
    var objectName: ObjectName? { ObjectName(fullName: fullName.text) }

    /// The names of its groups.
    var groups: [String] { self["groups"].asArray?.elements.map(\.toText.text) ?? [] }

    /// Custom variables as canonical JSON text.
    var variables: String {
        guard let variables = self["vars"].asDictionary else { return "{}" }
        return CanonicalJSON.text(.dictionary(variables))
    }
}
