/// An `object` or `template` that was declared and whose body is yet to run.
final class PendingObject {
    let schema: ObjectTypeSchema
    let name: ByteString
    let declaration: ObjectDeclaration
    let location: SourceLocation
    let captured: DictionaryValue?

    init(
        schema: ObjectTypeSchema,
        name: ByteString,
        declaration: ObjectDeclaration,
        location: SourceLocation,
        captured: DictionaryValue?
    ) {
        self.schema = schema
        self.name = name
        self.declaration = declaration
        self.location = location
        self.captured = captured
    }
}

/// An `apply` that was declared.
final class ApplyRule {
    let schema: ObjectTypeSchema
    let target: ApplyTarget
    let name: ByteString
    let declaration: ApplyDeclaration
    let location: SourceLocation
    let captured: DictionaryValue?
    var hasMatched = false

    init(
        schema: ObjectTypeSchema,
        target: ApplyTarget,
        name: ByteString,
        declaration: ApplyDeclaration,
        location: SourceLocation,
        captured: DictionaryValue?
    ) {
        self.schema = schema
        self.target = target
        self.name = name
        self.declaration = declaration
        self.location = location
        self.captured = captured
    }
}

/// Where an object comes from: what is preset, in reach, and run.
struct ObjectOrigin {
    let schema: ObjectTypeSchema
    let name: ByteString
    let location: SourceLocation
    let body: Block
    let ignoresErrors: Bool
    var locals = DictionaryValue()
    var presets: [(ByteString, Value)] = []
}
