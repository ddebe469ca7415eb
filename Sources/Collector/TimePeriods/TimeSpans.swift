internal import Monitoring

/// Stretches of time: sorted, none empty, none touching another.
struct TimeSpans: Sendable, Hashable {
    private(set) var spans: [Range<Timestamp>] = []

    /// The stretches in any order, joined where they meet.
    init(_ parts: [Range<Timestamp>] = []) {
        for part in parts.filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = spans.last, part.lowerBound <= last.upperBound {
                let end = max(last.upperBound, part.upperBound)
                spans[spans.count - 1] = last.lowerBound..<end
            } else {
                spans.append(part)
            }
        }
    }

    /// What is in one of them.
    func union(_ other: TimeSpans) -> TimeSpans { TimeSpans(spans + other.spans) }

    /// What is not in the other.
    func subtracting(_ other: TimeSpans) -> TimeSpans {
        var left: [Range<Timestamp>] = []
        for span in spans {
            var rest = span
            for hole in other.spans where hole.overlaps(rest) {
                if rest.lowerBound < hole.lowerBound {
                    left.append(rest.lowerBound..<hole.lowerBound)
                }
                rest = min(hole.upperBound, rest.upperBound)..<rest.upperBound
                guard !rest.isEmpty else { break }
            }
            left.append(rest)
        }
        return TimeSpans(left)
    }

    /// What of it is within a window.
    func clamped(to window: Range<Timestamp>) -> TimeSpans {
        TimeSpans(spans.map { $0.clamped(to: window) })
    }
}
