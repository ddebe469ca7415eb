/// Everything that this module throws.
public enum ConfigFault: Error, Sendable, CustomStringConvertible {
    /// The text is not of the language.
    case syntax(Diagnostic)
    /// An expression failed, or the script threw.
    case script(Diagnostic)
    /// What is wrong with an object whatever its type is for: an attribute that the type does not
    /// have, a value that the attribute does not take, an object where none may be.
    case refused(Diagnostic)
    /// A limit stopped an evaluation; scripts cannot catch this.
    case limit(Diagnostic)
    /// A file could not be read.
    case unreadable(Diagnostic)
    /// A configuration has these errors, all of them.
    case invalid([Diagnostic])

    /// Every error with its place.
    public var diagnostics: [Diagnostic] {
        switch self {
        case .syntax(let one), .script(let one), .refused(let one), .limit(let one),
            .unreadable(let one):
            [one]
        case .invalid(let all): all
        }
    }

    /// The messages alone, without places.
    public var message: String {
        diagnostics.map(\.message).joined(separator: "; ")
    }

    /// Every error with its place and source line.
    public var description: String {
        diagnostics.map(\.description).joined(separator: "\n")
    }

    /// True for `.refused`.
    var isRefusal: Bool {
        if case .refused = self { return true }
        return false
    }

    func adding(context line: String) -> ConfigFault {
        switch self {
        case .syntax(let one): .syntax(one.adding(context: line))
        case .script(let one): .script(one.adding(context: line))
        case .refused(let one): .refused(one.adding(context: line))
        case .limit(let one): .limit(one.adding(context: line))
        case .unreadable(let one): .unreadable(one.adding(context: line))
        case .invalid: self
        }
    }

    /// Gives a place to a fault that has none yet.
    func located(at location: SourceLocation?) -> ConfigFault {
        guard let location else { return self }
        func placed(_ one: Diagnostic) -> Diagnostic {
            guard one.location == nil else { return one }
            return Diagnostic(
                one.message,
                at: location,
                severity: one.severity,
                context: one.context
            )
        }
        return switch self {
        case .syntax(let one): .syntax(placed(one))
        case .script(let one): .script(placed(one))
        case .refused(let one): .refused(placed(one))
        case .limit(let one): .limit(placed(one))
        case .unreadable(let one): .unreadable(placed(one))
        case .invalid: self
        }
    }

    static func script(_ message: String, at location: SourceLocation? = nil) -> ConfigFault {
        .script(Diagnostic(message, at: location))
    }

    static func refused(_ message: String, at location: SourceLocation?) -> ConfigFault {
        .refused(Diagnostic(message, at: location))
    }
}
