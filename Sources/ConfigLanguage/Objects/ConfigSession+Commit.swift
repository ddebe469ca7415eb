extension ConfigSession {
    /// Evaluates all bodies and rules; the objects are then in ``registry``.
    ///
    /// - Throws: `.invalid` with every error of loading and committing.
    public func commit() throws(ConfigFault) {
        guard errors.isEmpty else { throw .invalid(errors) }
        isRunning = true
        defer { isRunning = false }
        // a body may declare objects of a type whose turn has passed
        for _ in 0..<8 {
            for schema in evaluationOrder() { commit(schema) }
            if pending.isEmpty { break }
        }
        for rule in rules where !rule.hasMatched && !rule.schema.isIgnored {
            warn(
                "The apply rule '\(rule.name.text)' (\(rule.schema.name)) "
                    + "does not match anywhere!",
                at: rule.location
            )
        }
        // what was not evaluated is missing, whether or not something else is wrong
        if evaluator.isSpent { record(evaluator.spentFault) }
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    /// Types after all types that they need.
    private func evaluationOrder() -> [ObjectTypeSchema] {
        var order: [ObjectTypeSchema] = []
        var visited: Set<String> = []
        func visit(_ schema: ObjectTypeSchema, depth: Int) {
            guard depth < 100, visited.insert(schema.name).inserted else { return }
            for name in schema.evaluatedAfter + schema.applyTargets.map(\.typeName) {
                if let needed = schemas[ByteString(name)] { visit(needed, depth: depth + 1) }
            }
            order.append(schema)
        }
        for schema in schemaOrder { visit(schema, depth: 0) }
        return order
    }

    private func commit(_ schema: ObjectTypeSchema) {
        var rounds = 0
        while rounds < 300 {
            let mine = pending.filter { $0.schema.name == schema.name }
            guard !mine.isEmpty else { break }
            pending.removeAll { $0.schema.name == schema.name }
            for object in mine where !isFutile { commit(object) }
            rounds += 1
        }
        addMembers(ofType: schema.name)
        addNestedMembers(ofType: schema.name)
        for rule in rules where rule.target.typeName == schema.name {
            for target in registry.objects(ofType: schema.name) {
                guard !isFutile else { return }
                apply(rule, to: target)
            }
        }
    }

    /// True once nothing that follows can be told any more: the load may not evaluate more, or has
    /// as many errors as are collected.
    private var isFutile: Bool { evaluator.isSpent || errors.count >= Self.mostErrors }

    private func commit(_ object: PendingObject) {
        guarding(
            object.schema,
            object.name,
            ignoring: object.declaration.ignoresErrors,
            "while evaluating \(object.schema.name) '\(object.name.text)'"
        ) { session throws(ConfigFault) in
            try session.make(
                ObjectOrigin(
                    schema: object.schema,
                    name: object.name,
                    location: object.location,
                    body: object.declaration.body,
                    ignoresErrors: object.declaration.ignoresErrors,
                    locals: (object.captured ?? DictionaryValue()).scopeCopy()
                )
            )
        }
    }

    /// Runs with fresh limits; a fault is recorded, or is a warning where the type is ignored.
    func guarding(
        _ schema: ObjectTypeSchema,
        _ name: ByteString,
        ignoring: Bool,
        _ context: String,
        _ work: (ConfigSession) throws(ConfigFault) -> Void
    ) {
        guard !isFutile else { return }
        evaluator.renew(limits)
        do throws(ConfigFault) {
            try work(self)
        } catch {
            // telling of it takes longer than most evaluations
            evaluator.spendOnFault()
            let fault = error.adding(context: context)
            // what could not be evaluated at all is nobody's mistake but the whole's
            if (schema.isIgnored || ignoring) && !evaluator.isSpent {
                fault.diagnostics.forEach { warn($0) }
            } else {
                record(fault)
            }
        }
    }

    // MARK: - Objects

    /// Runs the body and adds the object.
    func make(_ origin: ObjectOrigin) throws(ConfigFault) {
        let schema = origin.schema
        let object = ConfigObject(schema: schema, name: origin.name, location: origin.location)
        object.registry = registry
        object.attributes.isUnseen = true
        for (key, value) in origin.presets { object.attributes[key] = value }
        let frame = Frame(this: .object(object), locals: origin.locals)
        let type = ByteString(schema.name)
        for name in schema.defaultTemplates {
            guard let template = templates[type]?[name] else { continue }
            try run(template, on: object, in: frame, at: origin.location)
        }
        for template in defaultTemplates[type] ?? [] {
            try run(template, on: object, in: frame, at: origin.location)
        }
        _ = try evaluator.evaluate(origin.body, in: frame)
        if schema.isIgnored {
            ignoredCounts[schema.name, default: 0] += 1
            return
        }
        try finish(object)
    }

    private func finish(_ object: ConfigObject) throws(ConfigFault) {
        if case .composed(let parents) = object.schema.naming {
            var parts: [ByteString] = []
            for parent in parents {
                let part = object[parent].toText
                if !part.isEmpty { parts.append(part) }
            }
            parts.append(object.name)
            object.fullName = ByteString(Array(parts.map(\.bytes).joined(separator: [0x21])))
        }
        for attribute in object.schema.required where !object[attribute].isTruthy {
            throw .script(
                "Attribute '\(attribute.text)' of \(object.typeName) "
                    + "'\(object.fullName.text)' must not be empty.",
                at: object.location
            )
        }
        object.attributes.isUnseen = false
        if let present = registry.add(object) {
            throw .script(
                "Object '\(object.fullName.text)' of type '\(object.typeName)' is already defined "
                    + "at \(present.location).",
                at: object.location
            )
        }
    }

    // MARK: - Groups

    /// Puts the objects of a type into the groups whose filter they match.
    private func addMembers(ofType type: String) {
        for group in groups(over: type) {
            guard let rule = group.schema.membership, let filter = group.declaration.filter else {
                continue
            }
            for member in registry.objects(ofType: type) {
                guard !isFutile else { return }
                guarding(
                    group.schema,
                    group.name,
                    ignoring: false,
                    "while looking for members of \(group.schema.name) '\(group.name.text)'"
                ) { session throws(ConfigFault) in
                    let locals = group.captured?.shallowCopy() ?? DictionaryValue()
                    for (name, value) in rule.locals(member) { locals[name] = value }
                    guard try session.matches(filter, locals) else { return }
                    try session.add(group.name, to: member, rule.memberAttribute)
                }
            }
        }
    }

    /// Puts the objects of a type into the groups that their groups are in.
    private func addNestedMembers(ofType type: String) {
        for schema in schemaOrder {
            guard let rule = schema.membership, rule.memberType == type else { continue }
            for member in registry.objects(ofType: type) {
                let groups = member[rule.memberAttribute].asArray?.elements ?? []
                guard !groups.isEmpty else { continue }
                guard !isFutile else { return }
                guarding(
                    member.schema,
                    member.fullName,
                    ignoring: false,
                    "while looking for the groups of \(type) '\(member.fullName.text)'"
                ) { session throws(ConfigFault) in
                    var visited: Set<ByteString> = []
                    for group in groups {
                        let name = group.toText
                        try session.addParents(of: name, schema.name, rule, to: member, &visited)
                    }
                }
            }
        }
    }

    /// Outermost first, as the language's own order of groups is.
    private func addParents(
        of group: ByteString,
        _ type: String,
        _ rule: MembershipRule,
        to member: ConfigObject,
        _ visited: inout Set<ByteString>
    ) throws(ConfigFault) {
        try evaluator.spend(5, at: member.location)
        guard visited.insert(group).inserted, visited.count <= Self.mostNestedGroups,
            let object = registry.object(type: type, name: group)
        else { return }
        for parent in object[rule.nestedAttribute].asArray?.elements ?? [] {
            try addParents(of: parent.toText, type, rule, to: member, &visited)
            try add(parent.toText, to: member, rule.memberAttribute)
        }
    }

    /// Most groups that one object's groups may be in: 300, which bounds the stack.
    private static let mostNestedGroups = 300

    private func groups(over type: String) -> [PendingObject] {
        declared.values.flatMap(\.values)
            .filter { $0.schema.membership?.memberType == type && $0.declaration.filter != nil }
            .sorted { ($0.schema.name, $0.name) < ($1.schema.name, $1.name) }
    }

    private func add(
        _ group: ByteString,
        to member: ConfigObject,
        _ attribute: ByteString
    ) throws(ConfigFault) {
        let present = member.attributes[attribute]?.asArray?.elements ?? []
        try evaluator.spend(present.count / 4, at: member.location)
        guard !present.contains(where: { $0.asString == group }) else { return }
        try evaluator.charge(elements: 1, member.location)
        // a new array: the present one may be shared by other objects
        member.attributes[attribute] = .array(ArrayValue(present + [.string(group)]))
    }

    /// True when some `assign where` holds and no `ignore where`.
    func matches(
        _ filter: Filter,
        _ locals: DictionaryValue
    ) throws(ConfigFault) -> Bool {
        let frame = Frame(locals: locals.scopeCopy())
        var isAssigned = false
        for condition in filter.assign where try evaluator.evaluate(condition, in: frame).isTruthy {
            isAssigned = true
            break
        }
        guard isAssigned else { return false }
        for condition in filter.ignore where try evaluator.evaluate(condition, in: frame).isTruthy {
            return false
        }
        return true
    }
}
