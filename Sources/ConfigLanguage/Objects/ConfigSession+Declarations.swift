extension ConfigSession: StatementHandler {
    func warn(_ message: String, at place: SourceLocation) {
        warn(Diagnostic(message, at: place, severity: .warning))
    }

    func assigned(_ path: [ByteString], to object: ConfigObject, at place: SourceLocation) {
        // what is assigned as a whole is no longer what its parts were
        if path.count == 1, let key = path.first, object.attributeLocations[key] != nil {
            object.nestedLocations = object.nestedLocations.filter { $0.key.first != key }
        }
        if path.count == 1, let key = path.first {
            object.attributeLocations[key] = place
        } else {
            object.nestedLocations[path] = place
        }
    }

    var lastingValues: [Value] {
        let objects = registry.typeNames.flatMap { registry.objects(ofType: $0) }
        let bodies = templates.values.flatMap(\.values) + declared.values.flatMap(\.values)
        let captured = bodies.compactMap(\.captured) + rules.compactMap(\.captured)
        return objects.map { .object($0) } + captured.map { .dictionary($0) }
    }

    // MARK: - Objects and templates

    func declare(
        _ declaration: ObjectDeclaration,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) {
        let schema = try schema(named: declaration.type, in: frame)
        let name = try name(declaration.name, in: frame)
        guard !name.bytes.contains(UInt8(ascii: "!")) else {
            throw .script("The name '\(name.text)' must not contain '!'.", at: place)
        }
        guard mayDeclareObjects else {
            throw .refused(
                "Objects may not be created outside of an activation context: no 'object' or "
                    + "'template' in the body of an object, in a group's filter or in a check's "
                    + "function. Put it beside them.",
                at: place
            )
        }
        guard declaration.name == nil || !name.isEmpty else {
            throw .script("The name of an object must not be empty.", at: place)
        }
        guard declaration.filter == nil || schema.membership != nil else {
            throw .script(
                "'\(name.text)' of type '\(schema.name)' must not have 'assign where' and "
                    + "'ignore where'; only groups and 'apply' have.",
                at: place
            )
        }
        try countObject(at: place)
        let object = PendingObject(
            schema: schema,
            name: name,
            declaration: declaration,
            location: place,
            captured: try evaluator.capture(declaration.captures, in: frame)
        )
        let type = ByteString(schema.name)
        if declaration.isTemplate {
            try addTemplate(object, type)
            return
        }
        if schema.naming == .plain {
            if let present = declared[type]?[name] {
                throw .script(
                    "Object '\(name.text)' of type '\(schema.name)' is already defined "
                        + "at \(present.location).",
                    at: place
                )
            }
            declared[type, default: [:]][name] = object
        }
        pending.append(object)
    }

    private func addTemplate(_ object: PendingObject, _ type: ByteString) throws(ConfigFault) {
        if let present = templates[type]?[object.name] {
            throw .script(
                "Template '\(object.name.text)' of type '\(type.text)' is already defined "
                    + "at \(present.location).",
                at: object.location
            )
        }
        templates[type, default: [:]][object.name] = object
        if object.declaration.isDefault { defaultTemplates[type, default: []].append(object) }
    }

    func countObject(at place: SourceLocation) throws(ConfigFault) {
        objectCount += 1
        guard objectCount <= Self.mostObjects else {
            throw .limit(
                Diagnostic(
                    "More than \(Self.mostObjects) objects and rules; split the configuration.",
                    at: place
                )
            )
        }
    }

    /// The schema of a type, given as `Host` or `"Host"`.
    private func schema(
        named expression: Expression,
        in frame: Frame
    ) throws(ConfigFault) -> ObjectTypeSchema {
        let name: ByteString
        switch expression.kind {
        case .variable(let word), .string(let word): name = word
        default: name = try evaluator.evaluate(expression, in: frame).typeOrText
        }
        if let schema = schemas[name] { return schema }
        if case .variable = expression.kind {
            // lost on purpose: the message below says more
            let indirect = try? evaluator.read(name, expression.imports, in: frame, at: nil)
            if let indirect, let schema = schemas[indirect.typeOrText] { return schema }
        }
        let known = schemas.keys.sorted().map(\.text).joined(separator: ", ")
        throw .script(
            "The type '\(name.text)' is unknown. Known types: \(known).",
            at: expression.location
        )
    }

    private func name(_ expression: Expression?, in frame: Frame) throws(ConfigFault) -> ByteString
    {
        guard let expression else { return .empty }
        let value = try evaluator.evaluate(expression, in: frame)
        switch value {
        case .string, .number, .boolean, .null: return value.toText
        default:
            throw .script(
                "A name must be a string, not of type '\(value.typeName.text)'.",
                at: expression.location
            )
        }
    }

    // MARK: - Rules

    func declare(
        _ declaration: ApplyDeclaration,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) {
        let schema = try schema(named: declaration.type, in: frame)
        let target = try target(of: declaration, schema, at: place)
        try countObject(at: place)
        try evaluator.charge(.object, place)
        rules.append(
            ApplyRule(
                schema: schema,
                target: target,
                name: try name(declaration.name, in: frame),
                declaration: declaration,
                location: place,
                captured: try evaluator.capture(declaration.captures, in: frame)
            )
        )
    }

    private func target(
        of declaration: ApplyDeclaration,
        _ schema: ObjectTypeSchema,
        at place: SourceLocation
    ) throws(ConfigFault) -> ApplyTarget {
        let targets = schema.applyTargets
        let names = targets.map { "'\($0.typeName)'" }.joined(separator: " or ")
        // a type without any is refused by the parser, which knows them all
        if let wanted = declaration.target {
            if let found = targets.first(where: { $0.typeName == wanted.text }) { return found }
            throw .script(
                "'apply \(schema.name)' cannot be applied to '\(wanted.text)', only to \(names).",
                at: place
            )
        }
        guard targets.count == 1, let only = targets.first else {
            throw .script(
                "'apply \(schema.name)' can be applied to \(names); say which with 'to'.",
                at: place
            )
        }
        return only
    }

    // MARK: - Imports

    func importTemplate(
        _ name: Value,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) {
        guard let object = frame.this.asObject else {
            throw .script("'import' is only allowed in the body of an object.", at: place)
        }
        guard let name = name.asString else {
            throw .script("'import' needs the name of a template, as a string.", at: place)
        }
        let type = ByteString(object.typeName)
        guard let template = templates[type]?[name] ?? declared[type]?[name] else {
            throw .script(
                "The template '\(name.text)' of type '\(object.typeName)' is unknown; "
                    + "define it or correct the name.",
                at: place
            )
        }
        try run(template, on: object, in: frame, at: place)
    }

    /// Runs a template's body in place, on the object that imports it.
    func run(
        _ template: PendingObject,
        on object: ConfigObject,
        in frame: Frame,
        at place: SourceLocation
    ) throws(ConfigFault) {
        try evaluator.step(place)
        guard importDepth < Self.deepestImport else {
            throw .limit(
                Diagnostic(
                    "Templates import each other more than \(Self.deepestImport) deep; "
                        + "one of them imports itself.",
                    at: place
                )
            )
        }
        importDepth += 1
        defer { importDepth -= 1 }
        object.templates.elements.append(.string(template.name))
        try evaluator.charge(elements: 1, place)
        for (key, value) in template.captured?.entries ?? [] {
            try evaluator.spend(frame.locals.set(key, value) / 16, at: place)
        }
        // a `return` in it ends whatever imports it, too
        _ = try evaluator.evaluate(template.declaration.body, in: frame)
    }

    // MARK: - Includes

    func include(
        _ request: IncludeRequest,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) {
        guard includeDepth < Self.deepestInclude else {
            throw .limit(
                Diagnostic(
                    "Files include each other more than \(Self.deepestInclude) deep.",
                    at: place
                )
            )
        }
        // a search looks at names in directories, however few of them fit
        try evaluator.spend(2_000, at: place)
        switch request {
        case .files(let path): try includeFiles(path.text, at: place, in: frame)
        case .library(let path): try includeLibrary(path.text, at: place, in: frame)
        case .recursive(let directory, let pattern):
            let base = absolute(directory.text, from: place)
            let files = try find(at: place) { reader throws(ConfigFault) in
                try reader.files(below: base, matching: pattern.text)
            }
            for file in files {
                try includeFile(file, at: place, in: frame)
            }
        case .zones:
            warn("'include_zones' has no effect here.", at: place)
        }
    }

    private func absolute(_ path: String, from place: SourceLocation) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let slash = place.file.lastIndex(of: "/") else { return path }
        return place.file[...slash] + path
    }

    /// Looks for files; what goes wrong is an error of the include.
    private func find(
        at place: SourceLocation,
        _ look: (any ConfigFileReader) throws(ConfigFault) -> [String]
    ) throws(ConfigFault) -> [String] {
        do throws(ConfigFault) {
            return try look(reader)
        } catch {
            throw error.located(at: place)
        }
    }

    private func includeFiles(
        _ path: String,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) {
        let base = absolute(path, from: place)
        let found = try find(at: place) { reader throws(ConfigFault) in
            try reader.files(matching: base)
        }
        guard found.isEmpty else {
            for file in found { try includeFile(file, at: place, in: frame) }
            return
        }
        guard path.contains(where: { "*?[".contains($0) }) else {
            throw .unreadable(
                Diagnostic(
                    "The included file '\(base)' does not exist; nothing of it is read.",
                    at: place
                )
            )
        }
    }

    private func includeLibrary(
        _ path: String,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) {
        for directory in includePaths {
            let found = try find(at: place) { reader throws(ConfigFault) in
                try reader.files(matching: directory + "/" + path)
            }
            guard found.isEmpty else {
                for file in found { try includeFile(file, at: place, in: frame) }
                return
            }
        }
        let searched = includePaths.joined(separator: ", ")
        throw .unreadable(
            Diagnostic(
                "'include <\(path)>' finds no file in "
                    + "\(searched.isEmpty ? "no directory" : searched). "
                    + "Its definitions are missing; install the package icinga2-common or set the "
                    + "include path.",
                at: place
            )
        )
    }

    /// The fault of texts that are too long together.
    func tooMuchText(at place: SourceLocation) -> ConfigFault {
        .limit(
            Diagnostic(
                "All files together have more than \(Self.mostText >> 20) MiB, a file that is "
                    + "included several times counted each time; the ones from here on are not "
                    + "read.",
                at: place
            )
        )
    }

    private func includeFile(
        _ path: String,
        at place: SourceLocation,
        in frame: Frame
    ) throws(ConfigFault) {
        guard loadedFiles.count < Self.mostFiles else {
            throw .limit(
                Diagnostic(
                    "More than \(Self.mostFiles) files are included; most likely some include "
                        + "each other.",
                    at: place
                )
            )
        }
        guard textBytes < Self.mostText else { throw tooMuchText(at: place) }
        let text: [UInt8]
        do throws(ConfigFault) {
            text = try reader.read(path)
        } catch {
            throw error.located(at: place)
        }
        try include(text, name: path, in: frame)
    }
}

extension Value {
    /// The name of a type, given as itself or as its name.
    fileprivate var typeOrText: ByteString {
        if case .type(let type) = self { return type.name }
        return toText
    }
}
