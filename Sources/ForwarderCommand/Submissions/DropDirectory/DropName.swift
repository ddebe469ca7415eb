import Monitoring

/// The name of a file in the drop directory: of a batch, or of one that is being written.
///
/// Names of batches sort as the batches were submitted.
struct DropName: Sendable, Hashable, Comparable {
    let time: Timestamp
    let id: BatchID

    private static let whole = "batch-"
    private static let unfinished = "unfinished-"

    /// The name of the batch once it is whole.
    var text: String { "\(Self.whole)\(BatchID.hex(UInt64(bitPattern: time.microseconds)))-\(id)" }
    /// ``text`` as the kernel takes it.
    var rawText: [CChar] { text.utf8.map { CChar(bitPattern: $0) } + [0] }
    /// The name while it is written.
    var unfinishedText: String { Self.unfinishedText(of: id) }

    init(time: Timestamp, id: BatchID) {
        self.time = time
        self.id = id
    }

    /// Reads ``text``; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, text.hasPrefix(Self.whole), parts[1].utf8.count == 16,
            parts[1].utf8.allSatisfy(BatchID.isDigit), let bits = UInt64(parts[1], radix: 16),
            let id = BatchID(parts[2])
        else { return nil }
        self.init(time: Timestamp(microseconds: Int64(bitPattern: bits)), id: id)
    }

    /// The name of a batch while it is written.
    static func unfinishedText(of id: BatchID) -> String { "\(unfinished)\(id)" }

    /// True for the name of a batch that is being written.
    static func isUnfinished(_ text: String) -> Bool {
        text.hasPrefix(unfinished) && BatchID(text.dropFirst(unfinished.count)) != nil
    }

    static func < (a: DropName, b: DropName) -> Bool {
        (a.time, a.id.high, a.id.low) < (b.time, b.id.high, b.id.low)
    }
}
