#if canImport(Glibc)
    internal import Glibc
#endif

/// The frames of a write-ahead log that belong to its present round.
///
/// Each frame's checksum goes on from the one before it, so a frame is judged by the checksum that
/// its predecessor *stores*: damage in one says nothing about the next.
///
/// A transaction with a broken frame at the log's end was never durable, as far as anybody can
/// tell, and is left out as SQLite leaves it out. One with frames behind it was: a commit is synced
/// before the next one begins. That one is damaged, and SQLite would silently undo it and all
/// behind it.
///
/// - Source: SQLite, "Database File Format", section 4.
struct LogFrames {
    /// The database's size in pages after the newest commit.
    let highestPage: Int
    /// Frames that were durable once and whose bytes changed since.
    let brokenCount: Int
    private let file: ReadOnlyFile
    /// The place of each page's newest frame that was committed.
    private let newest: [Int: Int]

    /// Reads all frames; nil when there is none.
    init?(_ file: ReadOnlyFile) {
        guard let header = file.bytes(at: 0, count: Frame.fileHeaderBytes) else { return nil }
        let count = (file.byteCount - Frame.fileHeaderBytes) / Frame.byteCount
        let frames = Self.presentRound(file, header, count)
        var checksum = LogChecksum(stored: Array(header[24..<32]))
        let isBigEndian = header[3] & 1 == 1
        var committed: [Int: Int] = [:]
        var pending: [Int: Int] = [:]
        var (size, broken, pendingBroken) = (0, 0, 0)
        for index in 0..<frames {
            guard let frame = Frame(file, index) else { break }
            // the first frame of a log whose header was hit cannot be judged
            let isJudged = index > 0 || Frame.hasMagic(header)
            let isSound =
                checksum.continued(over: frame.bytes, isBigEndian: isBigEndian) == frame.checksum
            checksum = frame.checksum
            if isJudged && !isSound { pendingBroken += 1 }
            pending[frame.page] = frame.contentPlace
            guard frame.databasePages > 0 else { continue }
            guard pendingBroken == 0 || index + 1 < frames else { break }
            committed.merge(pending) { _, newer in newer }
            broken += pendingBroken
            (pending, pendingBroken) = ([:], 0)
            if isSound { size = frame.databasePages }
        }
        guard !committed.isEmpty else { return nil }
        self.file = file
        newest = committed
        highestPage = size
        brokenCount = broken
    }

    /// The newest committed bytes of a page; nil when the log has none.
    func page(_ number: Int) -> [UInt8]? {
        newest[number].flatMap { file.bytes(at: $0, count: SpoolBounds.pageBytes) }
    }

    /// How many frames were written since the log was begun anew: all up to the last one with the
    /// present salts.
    private static func presentRound(_ file: ReadOnlyFile, _ header: [UInt8], _ count: Int) -> Int {
        let salts = (0..<max(count, 0)).map { index in
            file.bytes(at: Frame.fileHeaderBytes + index * Frame.byteCount + 8, count: 8)
        }
        let present = Array(header[16..<24])
        if let last = salts.lastIndex(of: present) { return last + 1 }
        return salts.first.flatMap { first in salts.lastIndex(of: first) }.map { $0 + 1 } ?? 0
    }
}

/// One frame of the log.
private struct Frame {
    static let fileHeaderBytes = 32
    static let headerBytes = 24
    static let byteCount = headerBytes + SpoolBounds.pageBytes

    let bytes: [UInt8]
    let contentPlace: Int

    init?(_ file: ReadOnlyFile, _ index: Int) {
        let place = Self.fileHeaderBytes + index * Self.byteCount
        guard let bytes = file.bytes(at: place, count: Self.byteCount) else { return nil }
        self.bytes = bytes
        contentPlace = place + Self.headerBytes
    }

    var page: Int { Int(bytes.bigEndian32(at: 0)) }
    /// The database's size after the commit that this frame ends; 0 when it ends none.
    var databasePages: Int { Int(bytes.bigEndian32(at: 4)) }
    var checksum: LogChecksum { LogChecksum(stored: Array(bytes[16..<24])) }

    static func hasMagic(_ header: [UInt8]) -> Bool {
        header.bigEndian32(at: 0) & ~1 == 0x377F_0682
    }
}

/// The log's running checksum.
private struct LogChecksum: Equatable {
    private var first: UInt32
    private var second: UInt32

    init(stored bytes: [UInt8]) {
        first = bytes.bigEndian32(at: 0)
        second = bytes.bigEndian32(at: 4)
    }

    /// Goes on over the first 8 bytes of a frame's header and over its page.
    func continued(over frame: [UInt8], isBigEndian: Bool) -> LogChecksum {
        var (first, second) = (first, second)
        frame.withUnsafeBytes { bytes in
            var place = 0
            while place + 8 <= bytes.count {
                var one = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                var two = bytes.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self)
                if isBigEndian { (one, two) = (UInt32(bigEndian: one), UInt32(bigEndian: two)) }
                first &+= one &+ second
                second &+= two &+ first
                place = place == 0 ? Frame.headerBytes : place + 8
            }
        }
        return LogChecksum(first: first, second: second)
    }

    private init(first: UInt32, second: UInt32) {
        self.first = first
        self.second = second
    }
}
