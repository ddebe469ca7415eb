internal import Monitoring

#if canImport(Glibc)
    internal import Glibc
#endif

/// Moves a spool's files aside, under a name with the date; deletes nothing.
///
/// The database gets its new name as a second one (a hard link), its log follows, then the first
/// name goes. While both names are one file, the next owner sees where a kill cut this short and
/// goes on from there; at no point stands a log beside a database that is not its own, or is the
/// database's first name opened without its log.
struct Quarantine {
    let file: SpoolFile
    var passing: KillPoint.Observer = { _ in }

    /// What SQLite keeps beside a database, in the order in which it is moved.
    static let companions = ["-journal", "-wal", "-shm"]
    /// Files moved aside within one second that get names of their own.
    ///
    /// 100: more is a loop, and must not go on.
    private static let namesPerSecond = 100

    /// Moves the files aside and returns where they are; the move survives a power cut.
    ///
    /// Nil when the database is gone: what it left beside its place is moved all the same, so that
    /// it can never be applied to the next one.
    func move(_ kind: MovedSpool.Kind, at time: Timestamp) throws(SpoolFault) -> MovedSpool? {
        let target = try freeName(kind, at: time).path
        if link(file.path, target) == 0 { return try complete(target, kind) }
        guard errno == ENOENT else { throw file.failure(errno) }
        try moveCompanions(to: target)
        return nil
    }

    /// A name that nothing has yet, for a file of this kind.
    func freeName(_ kind: MovedSpool.Kind, at time: Timestamp) throws(SpoolFault) -> MovedSpool {
        for number in 1...Self.namesPerSecond {
            let suffix = number == 1 ? "" : "-\(number)"
            let target = "\(file.path).\(kind.rawValue)-\(Self.stamp(time))\(suffix)"
            guard (Self.companions + [""]).allSatisfy({ !Self.exists(target + $0) }) else {
                continue
            }
            return moved(to: target, kind)
        }
        throw .unwritable(path: file.path, errno: EEXIST)
    }

    /// The move that was cut short, completed; nil when none was.
    func finish() throws(SpoolFault) -> MovedSpool? {
        guard let (target, kind) = unfinished else { return nil }
        return try complete(target, kind)
    }

    /// The second name of the database, where a move was cut short.
    var unfinished: (path: String, kind: MovedSpool.Kind)? {
        var here = stat()
        guard lstat(file.path, &here) == 0, here.st_nlink > 1 else { return nil }
        for moved in all {
            var there = stat()
            guard lstat(moved.path, &there) == 0 else { continue }
            guard there.st_dev == here.st_dev, there.st_ino == here.st_ino else { continue }
            return (moved.path, moved.kind)
        }
        return nil
    }

    /// Everything that was moved aside and is still there, oldest first.
    var all: [MovedSpool] {
        guard let listing = opendir(file.directory) else { return [] }
        defer { closedir(listing) }
        let folder = file.path.dropLast(name.utf8.count)
        var found: [MovedSpool] = []
        while let entry = readdir(listing) {
            let entryName = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let (kind, date) = parse(entryName) else { continue }
            found.append(MovedSpool(path: folder + entryName, kind: kind, date: date))
        }
        return found.sorted { ($0.date, $0.path) < ($1.date, $1.path) }
    }

    private func complete(
        _ target: String,
        _ kind: MovedSpool.Kind
    ) throws(SpoolFault) -> MovedSpool {
        try file.syncDirectory(file.directory)
        passing(.movingAside)
        try moveCompanions(to: target)
        passing(.movedLogAside)
        guard unlink(file.path) == 0 else { throw file.failure(errno) }
        try file.syncDirectory(file.directory)
        passing(.movedAside)
        return moved(to: target, kind)
    }

    private func moved(to target: String, _ kind: MovedSpool.Kind) -> MovedSpool {
        let date = parse(String(Self.lastPart(of: target)))?.date ?? ""
        return MovedSpool(path: target, kind: kind, date: date)
    }

    private func moveCompanions(to target: String) throws(SpoolFault) {
        for companion in Self.companions {
            if rename(file.path + companion, target + companion) != 0, errno != ENOENT {
                throw file.failure(errno)
            }
        }
        try file.syncDirectory(file.directory)
    }

    private var name: Substring { Self.lastPart(of: file.path) }

    private static func lastPart(of path: String) -> Substring {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path[...] }
        return path[path.utf8.index(after: slash)...]
    }

    /// What the name of a file beside the spool says, nil when it is none that was moved.
    private func parse(_ entry: String) -> (kind: MovedSpool.Kind, date: String)? {
        for kind in MovedSpool.Kind.allCases {
            let prefix = "\(name).\(kind.rawValue)-"
            guard entry.hasPrefix(prefix) else { continue }
            guard !Self.companions.contains(where: entry.hasSuffix) else { return nil }
            let digits = Array(entry.dropFirst(prefix.count).prefix { $0 != "-" })
            guard digits.count == 16, digits[8] == "T", digits[15] == "Z" else { return nil }
            let text = String(digits)
            let parts = [(0, 4), (4, 6), (6, 8), (9, 11), (11, 13), (13, 15)].map { first, end in
                String(Array(text)[first..<end])
            }
            let day = parts[..<3].joined(separator: "-")
            return (kind, "\(day)T\(parts[3...].joined(separator: ":"))Z")
        }
        return nil
    }

    /// `YYYYMMDDTHHMMSSZ`.
    private static func stamp(_ time: Timestamp) -> String {
        var seconds = time_t(time.microseconds / 1_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ number: Int32, _ width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(width - digits.count, 0)) + digits
        }
        let day = padded(parts.tm_year + 1900, 4) + padded(parts.tm_mon + 1) + padded(parts.tm_mday)
        return day + "T" + padded(parts.tm_hour) + padded(parts.tm_min) + padded(parts.tm_sec) + "Z"
    }

    private static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }
}
