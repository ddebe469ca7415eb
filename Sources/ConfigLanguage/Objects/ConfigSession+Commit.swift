extension ConfigSession {
    /// Evaluates all bodies and rules; the objects are then in ``registry``.
    ///
    /// - Throws: `.invalid` with every error of loading and committing.
    public func commit() throws(ConfigFault) {
        guard errors.isEmpty else { throw .invalid(errors) }
        isRunning = true
        defer { isRunning = false }
        // a rule's filter may declare objects of a type whose turn has passed
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
        leaveOutInvalid(ofType: schema.name)
        // those of an earlier round have their groups and rules
        let objects = registry.objects(ofType: schema.name).filter { !$0.isSettled }
        for object in objects { object.isSettled = true }
        fillGroups(of: schema.name, with: objects)
        for rule in rules where rule.target.typeName == schema.name {
            for target in objects {
                guard !isFutile else { return }
                apply(rule, to: target)
            }
        }
    }

    /// True once nothing that follows can be told any more: the load may not evaluate more, or has
    /// as many errors as are collected.
    var isFutile: Bool { evaluator.isSpent || errors.count >= Self.mostErrors }

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

    /// Runs with fresh limits; a fault is recorded.
    ///
    /// It is a warning where it is to be ignored, and in types of no use unless it is a refusal.
    func guarding(
        _ schema: ObjectTypeSchema,
        _ name: ByteString,
        ignoring: Bool,
        _ context: @autoclosure () -> String,
        _ work: (ConfigSession) throws(ConfigFault) -> Void
    ) {
        guard !isFutile else { return }
        evaluator.renew(limits)
        do throws(ConfigFault) {
            try work(self)
        } catch {
            // telling of it takes longer than most evaluations
            evaluator.spendOnFault()
            let fault = error.adding(context: context())
            // what could not be evaluated at all is nobody's mistake but the whole's
            if evaluator.isSpent {
                record(fault)
            } else if ignoring {
                declared[ByteString(schema.name)]?[name] = nil
                warn(ofLeavingOut: schema.name, name, fault.diagnostics)
            } else if schema.isIgnored, !fault.isRefusal {
                fault.diagnostics.forEach { warn($0) }
            } else {
                record(fault)
            }
        }
    }

    /// Most times that objects of one type are looked at again because others were left out.
    ///
    /// 16: groups in groups are three or four deep. What refers to missing objects after that is
    /// an error.
    private static let mostRounds = 16

    /// Takes out the objects with `ignore_on_error` that validation refuses, and those of them
    /// that refer to such ones: rules, groups and types that come later never see them.
    private func leaveOutInvalid(ofType type: String) {
        guard let validator else { return }
        for _ in 0..<Self.mostRounds {
            let invalid = registry.objects(ofType: type).filter(\.ignoresErrors)
                .compactMap { object in
                    let errors = validator(object, self)
                    return errors.isEmpty ? nil : (object: object, errors: errors)
                }
            guard !invalid.isEmpty else { return }
            registry.remove(invalid.map(\.object), ofType: type)
            for (object, errors) in invalid {
                declared[ByteString(type)]?[object.fullName] = nil
                warn(ofLeavingOut: type, object.fullName, errors)
            }
        }
    }

    private func warn(ofLeavingOut type: String, _ name: ByteString, _ errors: [Diagnostic]) {
        for error in errors {
            warn(
                Diagnostic(
                    "\(type) '\(name.text)' is left out, as its ignore_on_error asks: "
                        + error.message,
                    at: error.location,
                    context: error.context
                )
            )
        }
    }

    // MARK: - Objects

    /// Runs the body and adds the object.
    func make(_ origin: ObjectOrigin) throws(ConfigFault) {
        let schema = origin.schema
        try evaluator.charge(.object, origin.location)
        let object = ConfigObject(schema: schema, name: origin.name, location: origin.location)
        object.registry = registry
        object.ignoresErrors = origin.ignoresErrors
        object.attributes.isUnseen = true
        for (key, value) in origin.presets { object.attributes[key] = value }
        try runBodies(of: object, origin)
        if schema.isIgnored {
            ignoredCounts[schema.name, default: 0] += 1
            return
        }
        try finish(object)
    }

    /// Runs the templates that an object has in any case, then its own body.
    private func runBodies(
        of object: ConfigObject, _ origin: ObjectOrigin
    ) throws(ConfigFault) {
        mayDeclareObjects = false
        defer { mayDeclareObjects = true }
        let frame = Frame(this: .object(object), locals: origin.locals)
        let type = ByteString(object.typeName)
        for name in object.schema.defaultTemplates {
            guard let template = templates[type]?[name] else { continue }
            try run(template, on: object, in: frame, at: origin.location)
        }
        for template in defaultTemplates[type] ?? [] {
            try run(template, on: object, in: frame, at: origin.location)
        }
        _ = try evaluator.evaluate(origin.body, in: frame)
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
            // no error of the object alone: it is told whether or not those are ignored
            record(
                .script(
                    "Object '\(object.fullName.text)' of type '\(object.typeName)' is already "
                        + "defined at \(present.location).",
                    at: object.location
                )
            )
        }
    }

    // MARK: - Filters

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
