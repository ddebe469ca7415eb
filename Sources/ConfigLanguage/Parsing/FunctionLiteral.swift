/// A function as it is written: its parameters, captures and body.
final class FunctionLiteral: Sendable {
}
