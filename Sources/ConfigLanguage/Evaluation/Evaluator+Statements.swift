extension Evaluator {
    /// Carries out what is not a plain expression.
    func perform(_ statement: Expression, in frame: Frame) throws(ConfigFault) -> Value {
        let place = statement.location
        switch statement.kind {
        case .assign(let target, let operation, let value):
            try assign(target, operation, value, at: place, in: frame)
        case .declareLocal(let target, let operation, let value):
            try declareLocal(target, operation, value, in: frame)
        case .declareConstant(let name, let value):
            try declareConstant(name, try evaluate(value, in: frame), at: place)
        case .declareFunction(let name, let literal):
            let function = try makeFunction(name, literal, in: frame)
            switch frame.this {
            case .dictionary, .object:
                try assign(function, to: frame.this, .string(name), at: place)
            default: try assign(function, to: .dictionary(globals), .string(name), at: place)
            }
        case .namespace(let name, let body):
            try namespace(name, body, at: place, in: frame)
        // the parser told the names behind it, and they are looked up when they are used
        case .using: break
        case .forLoop(let variables, let collection, let body):
            try loop(variables, try evaluate(collection, in: frame), body, at: place, in: frame)
        case .whileLoop(let condition, let body):
            while try evaluate(condition, in: frame).isTruthy {
                guard try runs(body, in: frame) else { break }
            }
        case .breakLoop: frame.completion = .broken
        case .continueLoop: frame.completion = .continued
        case .returnValue(let value):
            let result = try value.map { value throws(ConfigFault) in
                try evaluate(value, in: frame)
            }
            frame.completion = .returned(result ?? .null)
        case .throwError(let value):
            throw .script(try text(of: try evaluate(value, in: frame), at: place).text, at: place)
        case .attempt(let body, let rescue): try attempt(body, rescue, in: frame)
        default: try declare(statement, in: frame)
        }
        return .null
    }

    /// Statements about objects and files.
    private func declare(_ statement: Expression, in frame: Frame) throws(ConfigFault) {
        let place = statement.location
        guard let statements else {
            throw .script("Objects and files cannot be used here.", at: place)
        }
        switch statement.kind {
        case .object(let declaration): try statements.declare(declaration, at: place, in: frame)
        case .apply(let declaration): try statements.declare(declaration, at: place, in: frame)
        case .importTemplate(let name):
            try statements.importTemplate(try evaluate(name, in: frame), at: place, in: frame)
        case .include(let path):
            let path = try evaluate(path, in: frame).toText
            try statements.include(.files(path), at: place, in: frame)
        case .includeLibrary(let path):
            try statements.include(.library(path), at: place, in: frame)
        case .includeRecursive(let directory, let pattern):
            let directory = try evaluate(directory, in: frame).toText
            let pattern = try pattern.map { pattern throws(ConfigFault) in
                try evaluate(pattern, in: frame).toText
            }
            try statements.include(
                .recursive(directory, pattern: pattern ?? "*.conf"),
                at: place,
                in: frame
            )
        case .includeZones: try statements.include(.zones, at: place, in: frame)
        case .library, .debugger, .assignWhere, .ignoreWhere: break
        default: throw .script("This statement is not supported.", at: place)
        }
    }

    // MARK: - Assignments

    private func assign(
        _ target: Expression,
        _ operation: BinaryOperator?,
        _ value: Expression,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) {
        let (parent, key) = try self.place(of: target, in: frame)
        var result = try evaluate(value, in: frame)
        guard !frame.isInterrupted else { return }
        if let operation {
            result = try apply(
                operation,
                try member(of: parent, key, at: target.location),
                result,
                at: place
            )
        } else if case .variable(let name) = target.kind, case .dictionary(let home) = parent,
            home === globals, !globals.contains(name)
        {
            statements?.warn(
                "The variable '\(name.text)' is not declared; it becomes a global. "
                    + "Write 'globals.\(name.text) = …' or 'var \(name.text) = …'.",
                at: place
            )
        }
        try assign(result, to: parent, key, at: target.location)
        noteNested(target, in: frame)
    }

    /// Tells where a part of an attribute was assigned, such as `vars.a.b`.
    private func noteNested(_ target: Expression, in frame: Frame) {
        guard case .object(let object) = frame.this else { return }
        var path: [ByteString] = []
        var step = target
        while case .index(let base, let key) = step.kind {
            guard case .string(let name) = key.kind else { return }
            path.append(name)
            step = base
        }
        switch step.kind {
        case .this: break
        case .variable(let name) where !frame.locals.contains(name): path.append(name)
        default: return
        }
        guard path.count > 1 else { return }
        statements?.assigned(path.reversed(), to: object, at: target.location)
    }

    private func declareLocal(
        _ target: Expression,
        _ operation: BinaryOperator?,
        _ value: Expression?,
        in frame: Frame
    ) throws(ConfigFault) {
        var root = target
        while case .index(let base, _) = root.kind { root = base }
        let name: ByteString
        switch root.kind {
        case .variable(let root), .string(let root): name = root
        default:
            throw .script("Only a name can be declared with 'var'.", at: target.location)
        }
        guard root !== target else {
            var result = try value.map { value throws(ConfigFault) in
                try evaluate(value, in: frame)
            }
            if let operation, let right = result {
                result = try apply(
                    operation,
                    frame.locals[name] ?? .null,
                    right,
                    at: target.location
                )
            }
            try assign(
                result ?? .null,
                to: .dictionary(frame.locals),
                .string(name),
                at: target.location
            )
            return
        }
        if frame.locals[name] == nil { frame.locals[name] = .dictionary(DictionaryValue()) }
        guard let value else { return }
        try assign(target, operation, value, at: target.location, in: frame)
    }

    func declareConstant(
        _ name: ByteString,
        _ value: Value,
        at place: SourceLocation
    ) throws(ConfigFault) {
        if !constants.insert(name).inserted {
            statements?.warn(
                "The constant '\(name.text)' was already defined and now has another value; "
                    + "define it once.",
                at: place
            )
        }
        try charge(elements: 1, place)
        try spend(globals.set(name, value) / 16, at: place)
        try noteStore(of: value, into: .dictionary(globals), place)
    }

    private func namespace(
        _ name: Expression,
        _ body: Block,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) {
        let made = DictionaryValue.namespace(sealing: true)
        let (parent, key) = try self.place(of: name, in: frame)
        try assign(.dictionary(made), to: parent, key, at: place)
        let inner = Frame(this: .dictionary(made))
        _ = try evaluate(body, in: inner)
        if case .returned = inner.completion { frame.completion = inner.completion }
    }

    // MARK: - Loops and errors

    /// Runs a loop's body once; false when the loop is to end.
    private func runs(_ body: Block, in frame: Frame) throws(ConfigFault) -> Bool {
        _ = try evaluate(body, in: frame)
        switch frame.completion {
        case .normal: return true
        case .continued:
            frame.completion = .normal
            return true
        case .broken:
            frame.completion = .normal
            return false
        case .returned: return false
        }
    }

    private func loop(
        _ variables: LoopVariables,
        _ collection: Value,
        _ body: Block,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) {
        switch collection {
        case .array(let array):
            guard variables.second == nil else {
                throw .script("Cannot use dictionary iterator for array.", at: place)
            }
            // elements that the body adds are visited as well
            var index = 0
            while index < array.count {
                let element = array.elements[index]
                index += 1
                try step(place)
                frame.locals[variables.first] = element
                guard try runs(body, in: frame) else { return }
            }
        case .dictionary(let dictionary):
            guard let second = variables.second else {
                throw .script("Cannot use array iterator for dictionary.", at: place)
            }
            for (key, value) in dictionary.entries {
                try step(place)
                frame.locals[variables.first] = .string(key)
                frame.locals[second] = value
                guard try runs(body, in: frame) else { return }
            }
        default:
            throw .script("Invalid type in for expression.", at: place)
        }
    }

    /// Runs a block, and another one where it fails; neither one's last value is the statement's.
    private func attempt(
        _ body: Block,
        _ rescue: Block,
        in frame: Frame
    ) throws(ConfigFault) {
        do throws(ConfigFault) {
            _ = try evaluate(body, in: frame)
        } catch {
            // limits must end the evaluation, or a script could go on for ever
            if case .limit = error { throw error }
            _ = try evaluate(rescue, in: frame)
        }
    }
}
