internal import ConfigLanguage
package import Monitoring

/// Builds the execution of each defined object's check.
package final class CheckPreparer: CheckPreparing {
    /// What is prepared from.
    package let definitions: Definitions
    private let runtime: any RuntimeFactsSource
    private let live: LiveState
    private var random: any RandomNumberGenerator
    /// Snapshots without command line, up to ``mostKeptBytes``; definitions never change once
    /// loaded.
    private var snapshots: [ObjectName: ObjectSnapshot] = [:]
    private var snapshotBytes = 0
    /// Checks that come out the same each time, up to ``mostKeptBytes``.
    private var constant: [ObjectName: PreparedCheck] = [:]
    private var constantBytes = 0
    /// False once what is being prepared asked for something that may be another thing next time.
    private var isConstant = true
    /// What `num_…` macros of the check that is being prepared came to.
    private var counts: [ByteString: Value?] = [:]
    /// What the words of the newest command line were made of.
    private var origins: [WordOrigin]?
    /// The variables of the newest check command, as canonical JSON.
    private var commandVariables = "{}"

    /// Prepares checks of these definitions, whose attributes tell from now on what `runtime`
    /// knows.
    ///
    /// - Parameters:
    ///   - random: what the check command `random` is made of.
    ///   - calendar: what `is_inside` of time periods goes by.
    package init(
        _ definitions: Definitions,
        runtime: any RuntimeFactsSource,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        calendar: any WallCalendar = SystemCalendar()
    ) {
        self.definitions = definitions
        self.runtime = runtime
        self.random = random
        live = LiveState(
            runtime, nodeName: definitions.nodeName, periods: definitions.periods,
            calendar: calendar)
        definitions.session.registry.attachment = live
    }

    package func prepare(_ object: ObjectName) -> PreparedCheck {
        if let known = constant[object] { return known }
        isConstant = true
        live.wasRead = false
        live.checked = object
        counts = [:]
        let prepared = prepareAnew(object)
        // unknown names come from outside and are not kept
        if isConstant, !live.wasRead, definitions.objects[object] != nil,
            constantBytes + prepared.bytes <= Self.mostKeptBytes
        {
            constant[object] = prepared
            constantBytes += prepared.bytes
        }
        return prepared
    }

    /// Most bytes of snapshots, and of checks with theirs, that are kept; others are made up each
    /// time.
    ///
    /// 64 MiB: 50,000 checks of 1,300 bytes.
    private static let mostKeptBytes = 64 << 20

    private func prepareAnew(_ object: ObjectName) -> PreparedCheck {
        var snapshot = snapshot(of: object)
        origins = nil
        if object == definitions.health.name {
            return PreparedCheck(action: .health, snapshot: snapshot)
        }
        let action: CheckAction
        do throws(PreparationFault) {
            let built = try build(object)
            guard !live.isPeriodsSpent else {
                throw .unrunnable(
                    "Its functions ask more time periods than one check may: those with more than "
                        + "\(LiveState.mostPeriodLines) times of day in all. Ask fewer.")
            }
            action = built
        } catch {
            action = .unbuildable(error.description)
        }
        if case .plugin(let command) = action {
            snapshot.commandLine = command.argumentVector.map {
                String(decoding: $0, as: UTF8.self)
            }
            snapshot.commandVariables = commandVariables
            snapshot.wordOrigins = origins
        }
        return PreparedCheck(action: action, snapshot: snapshot)
    }

    // MARK: The command

    private func build(_ name: ObjectName) throws(PreparationFault) -> CheckAction {
        guard let object = definitions.objects[name] else {
            throw .unrunnable("'\(name)' is not defined on this client.")
        }
        let commandName = object["check_command"].toText
        let registry = definitions.session.registry
        guard let command = registry.object(type: "CheckCommand", name: commandName) else {
            throw .unrunnable("The check command '\(commandName)' of '\(name)' is not defined.")
        }
        let resolver = resolver(object, command)
        let check = InternalCheck(object: name, nodeName: definitions.nodeName, resolver: resolver)
        switch Execution(of: command) {
        case .plugin: return .plugin(try plugin(object, command, resolver))
        case .dummy: return try check.dummy()
        case .sleep: return try check.sleep()
        case .exception: return try check.exception()
        case .icinga: return .health
        case .clusterZone: return try check.clusterZone()
        case .null:
            isConstant = false
            return check.null(at: runtime.facts(of: []).now)
        case .random:
            isConstant = false
            return check.random(runtime.facts(of: []), using: &random)
        case .unavailable: throw .unavailable(command: commandName.text)
        case nil: throw .ownExecution(command: commandName.text)
        }
    }

    private func plugin(
        _ object: ConfigObject,
        _ command: ConfigObject,
        _ resolver: MacroResolver
    ) throws(PreparationFault) -> PluginCommand {
        let built = try ArgumentBuilder(resolver: resolver).line(
            command: command["command"],
            arguments: command["arguments"]
        )
        let line = built.value
        let list = line.asArray ?? ArrayValue()
        var words = try resolver.budget.texts(of: list).map(\.repaired)
        origins = built.origins
        commandVariables = command.variables
        if line.asArray == nil {
            words = [Array("/bin/sh".utf8), Array("-c".utf8), line.toText.repaired]
            origins = [WordOrigin(), WordOrigin()] + built.origins
        }
        guard !words.isEmpty, line.asArray != nil || !line.toText.isEmpty else {
            throw .unrunnable(
                "The check command '\(command.fullName)' has no command line to run. Set its "
                    + "attribute 'command'."
            )
        }
        guard !words.contains(where: { $0.contains(0) }) else {
            throw .unrunnable("A word of the command line has a NUL, which no program can take.")
        }
        return PluginCommand(
            argumentVector: words,
            environment: try environment(command, resolver),
            timeout: timeout(object, command)
        )
    }

    private func environment(
        _ command: ConfigObject,
        _ resolver: MacroResolver
    ) throws(PreparationFault) -> [PluginVariable] {
        var variables: [PluginVariable] = []
        for (name, text) in command["env"].asDictionary?.entries ?? [] {
            var missing: ByteString?
            // one element of an array resolves like a word of `command`
            try resolver.budget.spend(bytes: name.count)
            let value = try resolver.resolve([.string(text.toText)], missing: &missing)
            let bytes = value.asArray?.elements.first?.toTextWithFunctions.repaired ?? []
            guard !bytes.contains(0) else {
                throw .unrunnable("The variable '\(name)' has a NUL, which no program can take.")
            }
            variables.append(PluginVariable(name: name.text, value: bytes))
        }
        return variables
    }

    /// The object's own limit, else the command's, else a minute; 0 means none, which is the
    /// longest, and what is below ends at once, as in Icinga.
    private func timeout(_ object: ConfigObject, _ command: ConfigObject) -> Duration {
        let own = object["check_timeout"]
        let (holder, name) =
            own.isNull ? (command, "timeout" as ByteString) : (object, "check_timeout")
        guard let number = holder[name].toNumber else { return .seconds(60) }
        if number == 0 { return Definitions.longestInterval }
        return number < 0 ? .milliseconds(1) : holder.seconds(name) ?? .seconds(60)
    }

    // MARK: Macros

    private func resolver(_ object: ConfigObject, _ command: ConfigObject) -> MacroResolver {
        let service = object.typeName == "Service" ? object : nil
        let host = service.map { $0["host"].asObject ?? $0 } ?? object
        let names = [service, host].compactMap { $0?.objectName }
        let macros = RuntimeMacros(
            facts: runtime.facts(of: names, whileChecking: object.objectName),
            nodeName: definitions.nodeName
        )
        var sources: [MacroResolver.Source] = []
        if let service, let name = service.objectName {
            sources.append(
                .init(name: "service", value: .object(service)) { [self] macro in
                    changing(macro) { macros.value(macro, of: name) }
                }
            )
        }
        if let name = host.objectName {
            sources.append(
                .init(name: "host", value: .object(host)) { [self] macro in
                    changing(macro) {
                        macros.value(macro, of: name) ?? serviceCount(macro, of: name.host)
                    }
                }
            )
        }
        sources.append(.init(name: "command", value: .object(command)) { _ in nil })
        let application = definitions.session.registry.object(
            type: SchemaIgnored.application, name: ByteString(BuiltIns.applicationName))
        let variables = application?["vars"].asDictionary
        sources.append(
            .init(
                name: "icinga", value: application.map(Value.object) ?? .null,
                isOfVariables: false
            ) { [self] macro in
                changing(macro) { macros.clock(macro) } ?? variables?.lookUp(macro)
                    ?? changing(macro) { globalCount(macro) }
            }
        )
        return MacroResolver(sources: sources) {
            [self] (function, this, budget) throws(ConfigFault) -> Value in
            // it may answer differently each time, and may change what others are made of
            isConstant = false
            constant.removeAll(keepingCapacity: true)
            constantBytes = 0
            return try definitions.session.call(function, this: this, within: budget)
        }
    }

    /// The value of a macro that changes at run time; nil for all other names.
    private func changing(_ macro: ByteString, _ value: () -> Value?) -> Value? {
        guard RuntimeMacros.isOne(macro) else { return nil }
        isConstant = false
        return value()
    }

    private func serviceCount(_ macro: ByteString, of host: String) -> Value? {
        guard macro.hasPrefix("num_services") else { return nil }
        return counted("host." + macro) {
            let services = definitions.objects.keys.filter {
                !$0.isHost && $0.host.utf8.elementsEqual(host.utf8)
            }
            return RuntimeMacros(facts: runtime.facts(of: services))
                .serviceCount(macro, among: services)
        }
    }

    private func globalCount(_ macro: ByteString) -> Value? {
        // how many there are in all only a host tells
        guard macro.hasPrefix("num_"), macro != "num_services" else { return nil }
        return counted(macro) {
            let objects = Array(definitions.objects.keys)
            let macros = RuntimeMacros(facts: runtime.facts(of: objects))
            return macros.serviceCount(macro, among: objects.filter { !$0.isHost })
                ?? macros.hostCount(macro, among: objects.filter(\.isHost))
        }
    }

    /// A count over all objects, made once for each check; names that count nothing have none.
    private func counted(_ macro: ByteString, _ count: () -> Value?) -> Value? {
        if let known = counts[macro] { return known }
        guard counts.count < Self.mostCounts else { return nil }
        let value = count()
        counts[macro] = .some(value)
        return value
    }

    /// Most macros that count objects in one check: 100; there are about 20.
    private static let mostCounts = 100

    // MARK: The snapshot

    /// What an object is, without the command line of any check.
    package func snapshot(of name: ObjectName) -> ObjectSnapshot {
        if let known = snapshots[name] { return known }
        let object = definitions.objects[name]
        let host =
            definitions.objects[ObjectName(host: name.host)]
            ?? object.flatMap { $0["host"].asObject }
        let snapshot = ObjectSnapshot(
            name: name.fullName,
            hostGroups: host?.groups ?? [],
            serviceGroups: name.isHost ? [] : object?.groups ?? [],
            hostVariables: host?.variables ?? "{}",
            serviceVariables: name.isHost ? "{}" : object?.variables ?? "{}"
        )
        // unknown names come from outside and are not kept
        if object != nil || name == definitions.health.name,
            snapshotBytes + snapshot.bytes <= Self.mostKeptBytes
        {
            snapshots[name] = snapshot
            snapshotBytes += snapshot.bytes
        }
        return snapshot
    }
}

extension PreparedCheck {
    /// Bytes of its texts; the words are in the snapshot once more.
    fileprivate var bytes: Int {
        guard case .plugin(let command) = action else { return snapshot.bytes }
        return command.argumentVector.reduce(snapshot.bytes) { $0 + 2 * $1.count }
            + command.environment.reduce(0) { $0 + $1.value.count }
    }
}

extension ObjectSnapshot {
    /// Bytes of the variables, which can be long.
    fileprivate var bytes: Int {
        hostVariables.utf8.count + serviceVariables.utf8.count
    }
}
