internal import Monitoring

/// Writes strings and lists of them as bytes: a count or length in four bytes, then the parts.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ count: Int) {
        let count = UInt32(truncatingIfNeeded: count)
        for shift: UInt32 in [24, 16, 8, 0] {
            bytes.append(UInt8(truncatingIfNeeded: count >> shift))
        }
    }

    mutating func write(_ text: String) {
        write(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func write(_ list: [String]) {
        write(list.count)
        for text in list { write(text) }
    }
}

/// Reads what ``ByteWriter`` wrote; nil for anything else.
struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func readCount() -> Int? {
        guard rest.count >= 4 else { return nil }
        let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(4)
        // each part takes a byte at least, so a larger number cannot be true
        return count <= rest.count ? count : nil
    }

    mutating func readText() -> String? {
        guard let count = readCount() else { return nil }
        let text = String(validating: rest.prefix(count), as: UTF8.self)
        rest = rest.dropFirst(count)
        return text
    }

    mutating func readList() -> [String]? {
        guard let count = readCount() else { return nil }
        var list: [String] = []
        for _ in 0..<count {
            guard let text = readText() else { return nil }
            list.append(text)
        }
        return list
    }
}

extension ObjectSnapshot {
    /// The form in which it is stored; equal bytes mean equal snapshots.
    var storedBytes: [UInt8] {
        var writer = ByteWriter()
        writer.write(name)
        writer.write(hostGroups)
        writer.write(serviceGroups)
        writer.write(hostVariables)
        writer.write(serviceVariables)
        writer.write(commandLine)
        guard wordOrigins != nil || commandVariables != "{}" else { return writer.bytes }
        writer.write(commandVariables)
        let origins = wordOrigins ?? []
        writer.write(origins.count)
        for origin in origins { writer.write([origin.storedKind] + origin.variables) }
        return writer.bytes
    }

    /// Reads the stored form; nil when it is not one.
    ///
    /// What follows the command line came with format 6. A body without it says nothing of the
    /// words' origins.
    init?(storedBytes: [UInt8]) {
        var reader = ByteReader(storedBytes)
        guard let name = reader.readText(), let hostGroups = reader.readList(),
            let serviceGroups = reader.readList(), let hostVariables = reader.readText(),
            let serviceVariables = reader.readText(), let commandLine = reader.readList()
        else { return nil }
        var commandVariables = "{}"
        var origins: [WordOrigin] = []
        if !reader.isAtEnd {
            guard let text = reader.readText(), let count = reader.readCount() else { return nil }
            commandVariables = text
            for _ in 0..<count {
                guard let parts = reader.readList(), let origin = WordOrigin(storedParts: parts)
                else { return nil }
                origins.append(origin)
            }
            guard reader.isAtEnd, count == 0 || count == commandLine.count else { return nil }
        }
        self.init(
            name: name,
            hostGroups: hostGroups,
            serviceGroups: serviceGroups,
            hostVariables: hostVariables,
            serviceVariables: serviceVariables,
            commandVariables: commandVariables,
            commandLine: commandLine,
            wordOrigins: origins.isEmpty ? nil : origins
        )
    }
}

extension WordOrigin {
    /// What stands before the variables: nothing for an ordinary word.
    fileprivate var storedKind: String { (isKey ? "k" : "") + (isUnknown ? "?" : "") }

    /// Reads the kind and the variables; nil when they are none.
    fileprivate init?(storedParts: [String]) {
        guard let kind = storedParts.first, ["", "k", "?", "k?"].contains(kind) else { return nil }
        self.init(
            isKey: kind.hasPrefix("k"),
            isUnknown: kind.hasSuffix("?"),
            variables: Array(storedParts.dropFirst())
        )
    }
}

extension CheckResult {
    /// Reads the result's columns from `first` on, in the order in which ``SQL`` names them.
    init(_ row: StoredRow, object: ObjectName, first: Int) throws {
        let exitStatus: Int64 = try row.value(first + 1)
        guard let state = ServiceState(rawValue: try row.value(first)),
            let exitStatus = Int32(exactly: exitStatus)
        else { throw RowFault(column: first) }
        var reader = ByteReader(try row.value(first + 7))
        guard let performanceData = reader.readList(), reader.isAtEnd else {
            throw RowFault(column: first + 7)
        }
        self.init(
            object: object,
            state: state,
            exitStatus: exitStatus,
            output: try row.value(first + 6),
            performanceData: performanceData,
            executionStart: try row.timestamp(first + 2),
            executionEnd: try row.timestamp(first + 3),
            nextCheck: try row.optionalTimestamp(first + 4),
            checkInterval: .microseconds(try row.value(first + 5) as Int64)
        )
    }
}

extension Array<UInt8> {
    /// A 64-bit digest that is the same in every process; equal digests still compare the bytes.
    ///
    /// - Source: FNV-1a, draft-eastlake-fnv, section 5 (offset basis and prime of 64 bits).
    var digest: Int64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in self { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int64(bitPattern: hash)
    }
}

extension String {
    /// The longest prefix that has at most `limit` bytes and ends between characters' parts.
    func cut(toByteCount limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, String.Index(end, within: unicodeScalars) == nil {
            end = utf8.index(before: end)
        }
        return String(self[..<end])
    }
}
