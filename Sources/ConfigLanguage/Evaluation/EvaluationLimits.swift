/// What one evaluation may use, so that no definition can hang or exhaust the daemon.
///
/// Renewed for each file, object body, apply rule and ``CallBudget`` of the host program. Reaching
/// a limit ends that evaluation with `ConfigFault.limit`, which scripts cannot catch.
public struct EvaluationLimits: Sendable {
    /// Expressions evaluated.
    ///
    /// Default 20,000,000: about a second.
    public var steps: Int
    /// Functions within functions.
    ///
    /// Default 300, as Icinga 2.
    public var callDepth: Int
    /// Bytes of one string.
    ///
    /// Default 1 MiB: larger than any plugin's output that is kept.
    public var stringBytes: Int
    /// Elements of one array or keys of one dictionary.
    ///
    /// Default 100,000.
    public var elements: Int
    /// Bytes of all strings, arrays and dictionaries made, kept or not.
    ///
    /// Default 64 MiB.
    public var allocatedBytes: Int
    /// Expressions evaluated in one load of a configuration, all its files, bodies and rules.
    ///
    /// Default 1,000,000,000: 100,000 objects may take 10,000 each.
    public var totalSteps: Int
    /// Bytes made in one load of a configuration, counted like `allocatedBytes`.
    ///
    /// Default 1 GiB: 100,000 objects may take 10 KiB each.
    public var totalBytes: Int

    /// Limits for loading; see each field for its default and reason.
    public init(
        steps: Int = 20_000_000,
        callDepth: Int = 300,
        stringBytes: Int = 1 << 20,
        elements: Int = 100_000,
        allocatedBytes: Int = 64 << 20,
        totalSteps: Int = 1_000_000_000,
        totalBytes: Int = 1 << 30
    ) {
        self.steps = steps
        self.callDepth = callDepth
        self.stringBytes = stringBytes
        self.elements = elements
        self.allocatedBytes = allocatedBytes
        self.totalSteps = totalSteps
        self.totalBytes = totalBytes
    }

    /// For the functions of one check: 1,000,000 steps and 16 MiB.
    public static let call = EvaluationLimits(steps: 1_000_000, allocatedBytes: 16 << 20)
}

/// What several calls may use together, such as all functions of one check.
public final class CallBudget {
    let limits: EvaluationLimits
    /// What calls have used so far.
    var steps = 0
    var bytes = 0

    /// Nothing of it is used yet.
    public init(_ limits: EvaluationLimits = .call) {
        self.limits = limits
    }
}
