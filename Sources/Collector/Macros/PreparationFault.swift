internal import ConfigLanguage

/// Why the command of one execution could not be built; its text becomes an UNKNOWN result.
enum PreparationFault: Error {
    /// More of something than one check may take, in words, and the macro where that was noticed.
    case exhausted(String, ByteString)
    /// A dollar sign without its partner.
    case unclosedMacro(ByteString)
    /// Macros refer to each other without end.
    case endlessMacros
    /// An array in the middle of a text.
    case arrayInText
    /// A value that is neither text nor array.
    case unusableValue(ByteString)
    /// A macro without value in a required argument.
    case missing(macro: ByteString, argument: ByteString)
    /// A function of the definitions failed.
    case function(ConfigFault)
    /// An attribute that must be a number is none.
    case notANumber(attribute: String, value: ByteString)
    /// A command that cannot be run from here.
    case unavailable(command: String)
    /// A command that is carried out by a function of the definitions.
    case ownExecution(command: String)
    /// The command line breaks a rule of the kernel's.
    case unrunnable(String)
}

extension PreparationFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .exhausted(let what, let macro):
            "Making up the command line was stopped at macro '\(macro.text.prefix(80))': more than "
                + "\(what). Custom variables most likely name each other many times over; "
                + "the check cannot run until they are made shorter."
        case .unclosedMacro(let text):
            "Closing $ not found in macro format string '\(text)'."
        case .endlessMacros:
            "Infinite recursion detected while resolving macros"
        case .arrayInText:
            "Mixing both strings and non-strings in macros is not allowed."
        case .unusableValue(let type):
            "Macro is not a string or array, but of type '\(type)'."
        case .missing(let macro, let argument):
            "Non-optional macro '\(macro)' used in argument '\(argument)' is missing."
        case .function(let fault):
            "Error while evaluating a function of the definitions: \(fault.message)"
                + (fault.diagnostics.first?.location.map { " (\($0))" } ?? "")
        case .notANumber(let attribute, let value):
            "Can't convert '\(value)' to a floating point number; it is the value of "
                + "'\(attribute)'."
        case .unavailable(let command):
            "The check command '\(command)' is not available on a client: what it checks "
                + "exists in an Icinga 2 daemon only. Use another check command here."
        case .ownExecution(let command):
            "The check command '\(command)' has a function of its own as 'execute', which is not "
                + "available on a client. Import a template such as 'plugin-check-command'."
        case .unrunnable(let reason):
            reason
        }
    }
}
