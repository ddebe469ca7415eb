/// Seeds whose runs once failed; they are played first in every run.
enum ModelSeeds {
    /// With short outputs, far from the bound.
    static let short: [UInt64] = []
    /// With long outputs, at the bound.
    static let bound: [UInt64] = []
}
