/// Masks performance data so that each piece stays `label=value[unit];warn;crit;min;max`.
///
/// A value that is found inside a label is masked there, and the label is quoted again if it needs
/// that. A piece in which one is found elsewhere goes as a whole, because a mask is no number.
///
/// - Source: Monitoring Plugins Development Guidelines, "Performance data".
struct PerformanceDataMask {
    private let mask: ValueMask

    init(_ mask: ValueMask) { self.mask = mask }

    /// Most passes; what still has values then goes altogether.
    private static let passLimit = 4

    /// The pieces that may leave, how many labels were masked and how many pieces are gone.
    func masked(_ pieces: [String]) -> (pieces: [String], maskedCount: Int, droppedCount: Int) {
        guard !mask.isEmpty else { return (pieces, 0, 0) }
        var maskedCount = 0
        var left: [String] = []
        for piece in pieces {
            let (kept, count) = masked(piece)
            maskedCount += count
            if let kept { left.append(kept) }
        }
        for _ in 0..<Self.passLimit {
            let bad = Self.pieces(left, touchedBy: mask)
            guard !bad.isEmpty else { return (left, maskedCount, pieces.count - left.count) }
            left = left.indices.filter { !bad.contains($0) }.map { left[$0] }
        }
        return ([], maskedCount, pieces.count)
    }

    /// Masks the label; nil when a value is still found in the piece.
    private func masked(_ piece: String) -> (String?, Int) {
        guard mask.isFound(in: Array(piece.utf8)) else { return (piece, 0) }
        // what follows the last sign is the value: a label may hold one, a number does not
        guard let equals = piece.lastIndex(of: "=") else { return (nil, 0) }
        let (label, count) = mask.masked(Self.unquoted(piece[..<equals]))
        let result = Self.quoted(label) + piece[equals...]
        return (mask.isFound(in: Array(result.utf8)) ? nil : result, count)
    }

    private static func unquoted(_ label: Substring) -> String {
        guard label.count > 2, label.first == "'", label.last == "'" else { return String(label) }
        return String(label.dropFirst().dropLast())
    }

    private static func quoted(_ label: String) -> String {
        label.contains(" ") || label.contains("=") ? "'\(label)'" : label
    }

    /// The places of pieces in which a value is found when they stand in one line, as the master
    /// shows them.
    private static func pieces(_ pieces: [String], touchedBy mask: ValueMask) -> Set<Int> {
        var line: [UInt8] = []
        var owners: [Int] = []
        for (place, piece) in pieces.enumerated() {
            if place > 0 { line.append(UInt8(ascii: " ")) }
            line += piece.utf8
            owners += repeatElement(place, count: line.count - owners.count)
        }
        return Set(mask.ranges(in: line).flatMap { owners[$0] })
    }
}
