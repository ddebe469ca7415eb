#if canImport(Glibc)
    internal import Glibc
#endif

/// The frames of a write-ahead log that belong to its present round.
///
/// Each frame's checksum goes on from the one before it, so a frame is judged by the checksum that
/// its predecessor *stores*: damage in one says nothing about the next.
///
/// A transaction with a broken frame at the log's end was never durable, as far as anybody can
/// tell, and is left out as SQLite leaves it out. One that another was written behind was: a commit
/// is synced before the next one begins. That one is damaged, and SQLite would silently undo it and
/// all behind it; of a log whose header was hit it would use nothing.
///
/// - Source: SQLite, "Database File Format", section 4.
struct LogFrames {
    /// The database's size in pages after the newest commit.
    let highestPage: Int
    /// Frames that were durable once and whose bytes changed since, the header among them.
    private let brokenCount: Int
    /// Where these are.
    private let brokenPlaces: Set<Int>
    private let file: ReadOnlyFile
    /// The place of each page's newest frame that was committed.
    private let newest: [Int: Int]

    /// Reads all frames; nil when there is none.
    init?(_ file: ReadOnlyFile) {
        guard let header = file.bytes(at: 0, count: Frame.fileHeaderBytes) else { return nil }
        let isHeaderSound = LogChecksum.isSound(header)
        let (frames, salts) = Self.presentRound(file, header, isHeaderSound)
        let isBigEndian = header[3] & 1 == 1
        var checksum = LogChecksum(stored: Array(header[24..<32]))
        var committed: [Int: Int] = [:]
        var pending: [Int: Int] = [:]
        var (size, broken, pendingBroken) = (0, isHeaderSound ? 0 : 1, 0)
        var brokenPlaces: Set<Int> = []
        var leftOverSalts: [UInt8]?
        for index in 0..<frames {
            guard let frame = Frame(file, index) else { break }
            // the first frame of a log whose header was hit cannot be judged
            let isBehind = frame.follows(checksum, isBigEndian) || (index == 0 && !isHeaderSound)
            // the checksum leaves out the salts, by which SQLite tells rounds apart
            let isSound = isBehind && frame.salts == salts
            if !isSound { brokenPlaces.insert(frame.contentPlace) }
            checksum = frame.checksum
            pendingBroken += isSound ? 0 : 1
            // What an earlier round left there commits nothing of this one: its place was not yet
            // written, or never reached the disk. Several in a row follow each other; one that
            // follows a frame of this round is of this round, with salts that were hit.
            let isLeftOver =
                frame.isOfEarlierRound(than: salts) && (!isBehind || frame.salts == leftOverSalts)
            leftOverSalts = isLeftOver ? frame.salts : nil
            if !isLeftOver { pending[frame.page] = frame.contentPlace }
            guard frame.databasePages > 0, !isLeftOver else { continue }
            if pendingBroken > 0 {
                guard Self.isAnotherBehind(frame, index, of: frames, file, isBigEndian) else {
                    break
                }
            }
            committed.merge(pending) { _, newer in newer }
            broken += pendingBroken
            (pending, pendingBroken) = ([:], 0)
            if isSound { size = frame.databasePages }
        }
        guard !committed.isEmpty else { return nil }
        self.file = file
        newest = committed
        self.brokenPlaces = brokenPlaces
        highestPage = size
        brokenCount = broken
    }

    /// True when a transaction was written behind the one that this frame commits.
    ///
    /// The frames that follow may be copies of this one, with which SQLite fills a sector up before
    /// it syncs: they belong to the same transaction, also to one that failed and of which a
    /// shorter one left the end.
    private static func isAnotherBehind(
        _ commit: Frame,
        _ index: Int,
        of count: Int,
        _ file: ReadOnlyFile,
        _ isBigEndian: Bool
    ) -> Bool {
        var last = commit
        for place in (index + 1)..<max(count, index + 1) {
            guard let next = Frame(file, place), next.follows(last.checksum, isBigEndian) else {
                return false
            }
            guard next.isCopy(of: commit) else { return true }
            last = next
        }
        return false
    }

    /// How much of the log was hit, beside the database whose log it is.
    ///
    /// A log is begun anew once all of it is in the database: what was cut off or torn in that
    /// moment, the header or the first frames, costs nothing.
    func brokenCount(beside database: ReadOnlyFile) -> Int {
        brokenCount > 0 && isIn(database) ? 0 : brokenCount
    }

    /// True when the database holds every page that is sound in the log.
    private func isIn(_ database: ReadOnlyFile) -> Bool {
        newest.allSatisfy { number, place in
            guard !brokenPlaces.contains(place) else { return true }
            let size = SpoolBounds.pageBytes
            guard let page = file.bytes(at: place, count: size) else { return false }
            return page == database.bytes(at: (number - 1) * size, count: size)
        }
    }

    /// The newest committed bytes of a page; nil when the log has none.
    func page(_ number: Int) -> [UInt8]? {
        newest[number].flatMap { file.bytes(at: $0, count: SpoolBounds.pageBytes) }
    }

    /// How many frames were written since the log was begun anew, and with which salts: all up to
    /// the last one with the present ones; those of the first frame where the header that should
    /// name them was hit.
    private static func presentRound(
        _ file: ReadOnlyFile,
        _ header: [UInt8],
        _ isHeaderSound: Bool
    ) -> (count: Int, salts: [UInt8]?) {
        let count = max((file.byteCount - Frame.fileHeaderBytes) / Frame.byteCount, 0)
        let salts = (0..<count).map { index in
            file.bytes(at: Frame.fileHeaderBytes + index * Frame.byteCount + 8, count: 8)
        }
        let present = isHeaderSound ? Array(header[16..<24]) : salts.first ?? nil
        return (salts.lastIndex { $0 != nil && $0 == present }.map { $0 + 1 } ?? 0, present)
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
    var salts: [UInt8] { Array(bytes[8..<16]) }
    var checksum: LogChecksum { LogChecksum(stored: Array(bytes[16..<24])) }

    /// True when the salts are those of a round that ended before the one with `present`.
    ///
    /// - Source: SQLite, "Database File Format", section 4.1: with each new round the first salt
    ///   grows by one, and the second one is random.
    func isOfEarlierRound(than present: [UInt8]?) -> Bool {
        guard let present, present.count == 8 else { return false }
        let rounds = present.bigEndian32(at: 0) &- bytes.bigEndian32(at: 8)
        return (1...Self.roundLimit).contains(rounds)
    }

    /// Rounds of which a log can still hold frames.
    ///
    /// 65,536: a log that was long once is overwritten from its start by many short rounds.
    private static let roundLimit: UInt32 = 65_536

    /// True when both hold the same page and end a commit in the same way.
    func isCopy(of other: Frame) -> Bool {
        bytes[..<8] == other.bytes[..<8]
            && bytes[Self.headerBytes...] == other.bytes[Self.headerBytes...]
    }

    /// True when these bytes were written behind a frame (or header) with that checksum.
    func follows(_ checksum: LogChecksum, _ isBigEndian: Bool) -> Bool {
        checksum.continued(over: bytes, isBigEndian: isBigEndian) == self.checksum
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

    /// True when the log's header is as it was written.
    static func isSound(_ header: [UInt8]) -> Bool {
        guard header.bigEndian32(at: 0) & ~1 == 0x377F_0682 else { return false }
        let sum = LogChecksum(first: 0, second: 0).continued(
            over: Array(header[..<24]),
            isBigEndian: header[3] & 1 == 1,
            contentPlace: 8
        )
        return sum == LogChecksum(stored: Array(header[24..<32]))
    }

    /// Goes on over the first 8 bytes of a frame's header and over its page.
    func continued(
        over frame: [UInt8],
        isBigEndian: Bool,
        contentPlace: Int = Frame.headerBytes
    ) -> LogChecksum {
        var (first, second) = (first, second)
        frame.withUnsafeBytes { bytes in
            var place = 0
            while place + 8 <= bytes.count {
                var one = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                var two = bytes.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self)
                if isBigEndian { (one, two) = (UInt32(bigEndian: one), UInt32(bigEndian: two)) }
                first &+= one &+ second
                second &+= two &+ first
                place = place == 0 ? contentPlace : place + 8
            }
        }
        return LogChecksum(first: first, second: second)
    }

    private init(first: UInt32, second: UInt32) {
        self.first = first
        self.second = second
    }
}
