/// A function as it is written: its parameters, captures and body.
final class FunctionLiteral: Sendable {
    let parameters: [ByteString]
    let captures: [Capture]
    let body: Block

    init(parameters: [ByteString], captures: [Capture], body: Block) {
        self.parameters = parameters
        self.captures = captures
        self.body = body
    }
}
