extension ConfigSession {
    /// Makes the objects that a rule gives to one target.
    func apply(_ rule: ApplyRule, to target: ConfigObject) {
        guarding(
            rule.schema,
            rule.name,
            ignoring: rule.declaration.ignoresErrors,
            "while applying \(rule.schema.name) '\(rule.name.text)' to "
                + "\(target.typeName) '\(target.fullName.text)'"
        ) { session throws(ConfigFault) in
            try session.evaluator.spend((rule.captured?.count ?? 0) / 16, at: rule.location)
            let locals = rule.captured?.shallowCopy() ?? DictionaryValue()
            for (name, value) in rule.target.locals(target) { locals[name] = value }
            guard let loop = rule.declaration.loop else {
                try session.apply(rule, to: target, locals, name: rule.name)
                return
            }
            try session.apply(rule, to: target, locals, for: loop)
        }
    }

    /// What an element of `apply … for` takes beside its expressions.
    private static let stepsForElement = 25

    /// The objects of `apply … for`, one for each element.
    private func apply(
        _ rule: ApplyRule,
        to target: ConfigObject,
        _ locals: DictionaryValue,
        for loop: (variables: LoopVariables, collection: Expression)
    ) throws(ConfigFault) {
        let frame = Frame(locals: locals.scopeCopy())
        let collection: Value
        do throws(ConfigFault) {
            collection = try evaluator.evaluate(loop.collection, in: frame)
        } catch {
            // the language takes a list that fails as no list; only limits are errors
            if case .limit = error { throw error }
            return
        }
        let place = loop.collection.location
        switch collection {
        case .array(let array):
            guard loop.variables.second == nil else {
                throw .script("Cannot use dictionary iterator for array.", at: place)
            }
            for element in array.elements {
                try evaluator.spend(Self.stepsForElement + locals.count / 16, at: place)
                let own = locals.shallowCopy()
                own[loop.variables.first] = element
                let name = try evaluator.text(of: element, at: place)
                apply(rule, to: target, own, named: rule.name + name)
            }
        case .dictionary(let dictionary):
            guard let second = loop.variables.second else {
                throw .script("Cannot use array iterator for dictionary.", at: place)
            }
            for (key, value) in dictionary.entries {
                try evaluator.spend(Self.stepsForElement + locals.count / 16, at: place)
                let own = locals.shallowCopy()
                own[loop.variables.first] = .string(key)
                own[second] = value
                apply(rule, to: target, own, named: rule.name + key)
            }
        default: return
        }
    }

    /// One element of `apply … for`; what is wrong with it is no reason to leave out the next one.
    private func apply(
        _ rule: ApplyRule,
        to target: ConfigObject,
        _ locals: DictionaryValue,
        named name: ByteString
    ) {
        guarding(
            rule.schema,
            name,
            ignoring: rule.declaration.ignoresErrors,
            "while applying \(rule.schema.name) '\(name.text)' to "
                + "\(target.typeName) '\(target.fullName.text)'"
        ) { session throws(ConfigFault) in
            try session.apply(rule, to: target, locals, name: name)
        }
    }

    private func apply(
        _ rule: ApplyRule,
        to target: ConfigObject,
        _ locals: DictionaryValue,
        name: ByteString
    ) throws(ConfigFault) {
        if let filter = rule.declaration.filter {
            // with `for` and only `ignore where`, everything else is assigned
            let filter =
                filter.assign.isEmpty
                ? Filter(
                    assign: [Expression(.boolean(true), at: rule.location)],
                    ignore: filter.ignore
                )
                : filter
            guard try matches(filter, locals) else { return }
        }
        rule.hasMatched = true
        try countObject(at: rule.location)
        guard !name.bytes.contains(UInt8(ascii: "!")) else {
            throw .script("The name '\(name.text)' must not contain '!'.", at: rule.location)
        }
        try make(
            ObjectOrigin(
                schema: rule.schema,
                name: name,
                location: rule.location,
                body: rule.declaration.body,
                ignoresErrors: rule.declaration.ignoresErrors,
                locals: locals.scopeCopy(),
                presets: rule.target.presets(target)
            )
        )
    }
}
