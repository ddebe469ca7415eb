import Spool

/// The way to a spool: the daemon that owns it, or the spool itself, opened by this process.
enum SpoolWay<Own> {
    case daemon(ControlClient)
    case own(Own)

    /// The way that is open now.
    ///
    /// Whoever owns the spool for a moment, or is a daemon that does not listen yet (it owns the
    /// spool before), is waited for, some 10 s.
    ///
    /// - Parameter open: opens the spool, and does nothing before that may not be done twice.
    /// - Throws: `SpoolFault.owned` when somebody has it for long who is no daemon that listens;
    ///   what `open` throws.
    static func find(
        _ configuration: ForwarderConfiguration, open: () throws -> Own
    ) async throws -> SpoolWay {
        var stepsLeft = 100
        while true {
            if let client = try ControlClient(path: configuration.controlPath) {
                return .daemon(client)
            }
            // Before anything else is looked at, which an owner may just be making.
            if stepsLeft == 0 || !SpoolQueue.isOwned(configuration.spool) {
                do {
                    return .own(try open())
                } catch let fault as SpoolFault {
                    guard case .owned = fault, stepsLeft > 0 else { throw fault }
                }
            }
            stepsLeft -= 1
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
