internal import Glibc

/// Finds paths by shell patterns, and looks at no more than a bounded number of names.
///
/// Not the C library's `glob`: `/*/*/*/*/*/*` makes that walk the whole machine.
struct PathSearch {
    private let paths: any PathLookup
    private var looked = 0
    private var found: [String] = []

    /// Most names that one search looks at: 20,000, ten times what a large system's `/usr/bin`
    /// holds.
    static let mostNames = 20_000
    /// Deepest directory that a recursive search enters: 32 levels, so that links cannot lead in
    /// circles.
    static let deepestDirectory = 32

    init(_ paths: any PathLookup) {
        self.paths = paths
    }

    /// The paths that match a pattern, sorted by bytes.
    ///
    /// - Throws: `.unreadable` where a directory that the pattern names is not there, or one that
    ///   it leads to may not be read.
    /// - Source: tried on Icinga 2.13.6, `include` and `glob`.
    static func paths(
        matching pattern: ByteString,
        in paths: any PathLookup
    ) throws(PathFault) -> [String] {
        var search = PathSearch(paths)
        let parts = pattern.bytes.split(separator: UInt8(ascii: "/")).map { Array($0) }
        let isAbsolute = pattern.bytes.first == UInt8(ascii: "/")
        guard !pattern.isEmpty else { return [] }
        try search.match(parts[...], below: isAbsolute ? "/" : "", isNamed: true)
        return search.sorted()
    }

    /// The paths below a directory whose last part matches a pattern: what is no directory before
    /// the directories, both sorted by bytes, and then what is in each of those.
    ///
    /// - Throws: `.unreadable` where a directory cannot be read: what is in it would be missed.
    /// - Source: tried on Icinga 2.13.6, `include_recursive` and `glob_recursive`.
    static func paths(
        below directory: String,
        matching pattern: ByteString,
        in paths: any PathLookup
    ) throws(PathFault) -> [String] {
        var search = PathSearch(paths)
        try search.walk(directory, pattern.bytes, depth: 0)
        return search.found
    }

    private func sorted() -> [String] {
        found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private mutating func names(in directory: String) throws(PathFault) -> [String] {
        let entries = try paths.entries(of: directory, limit: Self.mostNames - looked)
        looked += entries.count + 1
        guard looked < Self.mostNames else { throw .tooManyNames }
        return entries.map(\.name)
    }

    /// - Parameter isNamed: true while no pattern was followed: then a directory has to be there.
    private mutating func match(
        _ parts: ArraySlice<[UInt8]>,
        below directory: String,
        isNamed: Bool
    ) throws(PathFault) {
        guard let part = parts.first else {
            if paths.exists(directory) { found.append(directory) }
            return
        }
        let rest = parts.dropFirst()
        let slash = directory.isEmpty || directory.hasSuffix("/") ? "" : "/"
        guard Self.isPattern(part) else {
            let next = directory + slash + String(decoding: part, as: UTF8.self)
            let kind = rest.isEmpty ? .directory : paths.kind(of: next)
            if kind == nil, isNamed, rest.contains(where: Self.isPattern) {
                throw .unreadable(directory: next, code: ENOENT)
            }
            if kind == .directory { try match(rest, below: next, isNamed: isNamed) }
            return
        }
        for name in try names(in: directory) {
            // as in a shell, `*` finds no hidden file
            guard part.first == UInt8(ascii: ".") || !name.hasPrefix(".") else { continue }
            guard ShellPattern.matches(part, Array(name.utf8)) else { continue }
            let next = directory + slash + name
            guard rest.isEmpty || paths.kind(of: next) == .directory else { continue }
            try match(rest, below: next, isNamed: false)
        }
    }

    private static func isPattern(_ part: [UInt8]) -> Bool {
        part.contains { "*?[".utf8.contains($0) }
    }

    private mutating func walk(
        _ directory: String,
        _ pattern: [UInt8],
        depth: Int
    ) throws(PathFault) {
        guard depth < Self.deepestDirectory else { return }
        let slash = directory.hasSuffix("/") ? "" : "/"
        let all = try names(in: directory).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .map { (path: directory + slash + $0, isMatch: isMatch(pattern, $0)) }
        let kinds = all.map { paths.kind(of: $0.path) }
        let directories = zip(all, kinds).filter { $1 == .directory }.map(\.0)
        let others = zip(all, kinds).filter { $1 != .directory }.map(\.0)
        found += (others + directories).filter(\.isMatch).map(\.path)
        for one in directories { try walk(one.path, pattern, depth: depth + 1) }
    }

    private func isMatch(_ pattern: [UInt8], _ name: String) -> Bool {
        ShellPattern.matches(pattern, Array(name.utf8))
    }
}

extension PathLookup {
    /// What matches a shell pattern and is no directory, sorted by bytes.
    ///
    /// - Throws: `.unreadable` when the pattern leads to more names than are looked at, or to a
    ///   directory that cannot be read.
    public func files(matching pattern: String) throws(ConfigFault) -> [String] {
        do throws(PathFault) {
            return noDirectories(try PathSearch.paths(matching: ByteString(pattern), in: self))
        } catch {
            throw complaint(pattern, error)
        }
    }

    /// What lies below a directory, has a name that matches a shell pattern and is no directory
    /// itself: what is in a directory, sorted by bytes, before what is in those below it.
    ///
    /// - Throws: `.unreadable` when the directory, or one below it, cannot be read or holds more
    ///   names than are looked at.
    public func files(
        below directory: String,
        matching pattern: String
    ) throws(ConfigFault) -> [String] {
        do throws(PathFault) {
            return noDirectories(
                try PathSearch.paths(below: directory, matching: ByteString(pattern), in: self)
            )
        } catch {
            throw complaint(directory, error)
        }
    }

    private func noDirectories(_ paths: [String]) -> [String] {
        paths.filter { kind(of: $0).map { $0 != .directory } == true }
    }

    private func complaint(_ place: String, _ fault: PathFault) -> ConfigFault {
        let text =
            switch fault {
            case .tooManyNames:
                "'\(place)' leads to more than \(PathSearch.mostNames) names; none is read. "
                    + "Narrow it down."
            case .unreadable(let directory, let code):
                "The directory '\(directory)' cannot be read: \(PathFault.reason(code)). Nothing "
                    + "in '\(place)' is read. Make it, or let it be read."
            }
        return .unreadable(Diagnostic(text))
    }
}
