extension ConfigSession {
    /// The value of a global constant as the files left it; nil when there is none of that name.
    public func constant(_ name: ByteString) -> Value? { evaluator.globals[name] }
}
