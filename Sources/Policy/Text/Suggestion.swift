/// Finds the name that was probably meant.
struct Suggestion {
    /// The best of the candidates when it is close enough, as ` Did you mean '…'?`; else nothing.
    static func text(for name: String, among candidates: [String]) -> String {
        guard let best = nearest(to: name, among: candidates) else { return "" }
        return " Did you mean '\(best)'?"
    }

    /// The candidate with the fewest changes: a third of its length at most, but two in any case.
    static func nearest(to name: String, among candidates: [String]) -> String? {
        let told = Array(name.utf8.prefix(longestName).map(\.asciiLowercased))
        let best =
            candidates
            .map { (candidate: $0, distance: distance(told, $0.utf8.map(\.asciiLowercased))) }
            .min { $0.distance < $1.distance }
        guard let best, best.distance <= max(2, best.candidate.utf8.count / 3) else { return nil }
        return best.candidate
    }

    /// Bytes of a name that are looked at; longer ones are nobody's typing error.
    private static let longestName = 128

    /// How many bytes must be put in, taken out, changed or swapped with their neighbour.
    ///
    /// - Source: "optimal string alignment", the restricted Damerau-Levenshtein distance.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var before = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    best = min(best, before[j - 1] + 1)
                }
                row.append(best)
            }
            before = last
            last = row
        }
        return last[b.count]
    }
}
