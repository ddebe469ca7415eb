/// One page of a b-tree, with everything on it checked before it is believed.
///
/// - Source: SQLite, "Database File Format", section 1.6, B-tree Pages.
struct TreePage {
    /// What a page is for.
    enum Kind: UInt8 {
        case indexInterior = 0x02
        case tableInterior = 0x05
        case indexLeaf = 0x0A
        case tableLeaf = 0x0D

        var isInterior: Bool { self == .indexInterior || self == .tableInterior }
        var isTable: Bool { self == .tableInterior || self == .tableLeaf }
    }

    let kind: Kind
    /// Pages below this one, in order; empty for a leaf.
    let children: [Int]
    /// The records that stand on this page, without those that cannot be read.
    let records: [TreeRecord]
    /// Cells that lead nowhere or hold no record; one more when cells and gaps do not add up to
    /// the page, so that some must be missing.
    let brokenCells: Int

    /// Reads a page; nil when it is not one of a b-tree.
    init?(_ number: Int, of image: PageImage) {
        guard let page = image.page(number) else { return nil }
        let header = number == 1 ? 100 : 0
        guard let kind = Kind(rawValue: page[header]) else { return nil }
        let count = Int(page[header + 3]) << 8 | Int(page[header + 4])
        let pointers = header + (kind.isInterior ? 12 : 8)
        guard pointers + 2 * count <= page.count else { return nil }
        self.kind = kind
        var children: [Int] = []
        var records: [TreeRecord] = []
        var broken = 0
        var cellBytes = 0
        for index in 0..<count {
            let pointer = pointers + 2 * index
            let place = Int(page[pointer]) << 8 | Int(page[pointer + 1])
            guard place >= pointers + 2 * count, place + 4 <= page.count else {
                broken += 1
                continue
            }
            var cell = CellReader(page: page, place: place)
            if kind.isInterior {
                children.append(Int(page.bigEndian32(at: place)))
                cell.skip(4)
            }
            if kind == .tableInterior {
                broken += cell.hasRowID() ? 0 : 1
            } else if let record = cell.record(kind, image) {
                records.append(record)
            } else {
                broken += 1
            }
            cellBytes += max(cell.place - place, 4)
        }
        let gaps = Self.gapBytes(page, header, behind: pointers + 2 * count)
        if broken == 0, pointers + 2 * count + cellBytes + gaps != page.count { broken = 1 }
        if kind.isInterior { children.append(Int(page.bigEndian32(at: header + 8))) }
        self.children = children
        self.records = records
        brokenCells = broken
    }

    /// Bytes of a page that belong to no cell: between pointers and cells, and freed ones.
    private static func gapBytes(_ page: [UInt8], _ header: Int, behind pointers: Int) -> Int {
        func number(_ place: Int) -> Int { Int(page[place]) << 8 | Int(page[place + 1]) }
        let start = number(header + 5)
        var gaps = (start == 0 ? 65_536 : start) - pointers + Int(page[header + 7])
        var block = number(header + 1)
        while block != 0, block + 4 <= page.count {
            gaps += number(block + 2)
            guard number(block) > block else { break }
            block = number(block)
        }
        return gaps
    }

    /// Results that stand on a page whose own directory is broken, found byte by byte.
    ///
    /// Only what proves itself may be believed of them: deleted records are found too.
    static func looseRecords(on number: Int, of image: PageImage) -> [TreeRecord] {
        guard let page = image.page(number) else { return [] }
        return (8..<page.count - 4).compactMap { place in
            var cell = CellReader(page: page, place: place)
            return cell.record(.tableLeaf, image)
        }
    }
}

/// One row of a table, or one entry of an index or of a table without row ids.
struct TreeRecord {
    /// The row's id; nil in an index.
    let rowID: Int64?
    let columns: [Value]
    /// Pages that hold what did not fit on the record's own page.
    let overflowPages: [Int]

    /// A column as it is stored.
    enum Value {
        case null
        case integer(Int64)
        case real
        case text([UInt8])
        case blob([UInt8])
    }

    func integer(_ index: Int) -> Int64? {
        guard columns.indices.contains(index), case .integer(let value) = columns[index] else {
            return nil
        }
        return value
    }

    func isNull(_ index: Int) -> Bool {
        guard columns.indices.contains(index), case .null = columns[index] else { return false }
        return true
    }

    /// A column of text; nil when it is something else or no UTF-8.
    func text(_ index: Int) -> String? {
        guard columns.indices.contains(index), case .text(let bytes) = columns[index] else {
            return nil
        }
        return String(validating: bytes, as: UTF8.self)
    }

    func blob(_ index: Int) -> [UInt8]? {
        guard columns.indices.contains(index), case .blob(let bytes) = columns[index] else {
            return nil
        }
        return bytes
    }
}

/// Reads one cell.
private struct CellReader {
    let page: [UInt8]
    var place: Int

    /// Most bytes of one record: far more than a result can have.
    private static let payloadLimit = 1 << 20

    mutating func skip(_ count: Int) { place += count }

    /// Passes the key of an interior page's cell.
    mutating func hasRowID() -> Bool { page.varint(at: &place) != nil }

    /// Passes and reads a record.
    mutating func record(_ kind: TreePage.Kind, _ image: PageImage) -> TreeRecord? {
        guard let length = page.varint(at: &place), (1...Int64(Self.payloadLimit)) ~= length
        else { return nil }
        var rowID: Int64?
        if kind.isTable {
            guard let id = page.varint(at: &place) else { return nil }
            rowID = id
        }
        var overflowPages: [Int] = []
        guard let payload = payload(Int(length), kind, image, &overflowPages),
            let columns = Self.columns(payload)
        else { return nil }
        return TreeRecord(rowID: rowID, columns: columns, overflowPages: overflowPages)
    }

    /// The record's bytes, the part on overflow pages included.
    ///
    /// - Source: section 1.6; usable size is the page's, no bytes are reserved.
    private mutating func payload(
        _ length: Int,
        _ kind: TreePage.Kind,
        _ image: PageImage,
        _ overflowPages: inout [Int]
    ) -> [UInt8]? {
        let usable = SpoolBounds.pageBytes
        let most = kind.isTable ? usable - 35 : (usable - 12) * 64 / 255 - 23
        let least = (usable - 12) * 32 / 255 - 23
        let fitting = least + (length - least) % (usable - 4)
        let local = length <= most ? length : (fitting <= most ? fitting : least)
        guard place + local <= page.count else { return nil }
        var payload = Array(page[place..<(place + local)])
        place += local
        guard local < length else { return payload }
        guard place + 4 <= page.count else { return nil }
        var next = Int(page.bigEndian32(at: place))
        place += 4
        while payload.count < length {
            guard next > 0, let overflow = image.page(next) else { return nil }
            overflowPages.append(next)
            payload += overflow[4..<(4 + min(length - payload.count, usable - 4))]
            next = Int(overflow.bigEndian32(at: 0))
        }
        return payload
    }

    /// - Source: section 2.1, Record Format.
    private static func columns(_ payload: [UInt8]) -> [TreeRecord.Value]? {
        var header = 0
        guard let length = payload.varint(at: &header), length >= 1,
            length <= Int64(payload.count)
        else { return nil }
        var body = Int(length)
        var columns: [TreeRecord.Value] = []
        while header < Int(length) {
            guard let type = payload.varint(at: &header), header <= Int(length),
                let value = payload.value(ofType: type, at: &body)
            else { return nil }
            columns.append(value)
        }
        return body == payload.count ? columns : nil
    }
}

extension [UInt8] {
    /// A number of one to nine bytes, seven bits in each but the ninth.
    fileprivate func varint(at place: inout Int) -> Int64? {
        var value: UInt64 = 0
        for index in 0..<9 {
            guard place < count else { return nil }
            let byte = self[place]
            place += 1
            guard index < 8 else { return Int64(bitPattern: value << 8 | UInt64(byte)) }
            value = value << 7 | UInt64(byte & 0x7F)
            if byte & 0x80 == 0 { return Int64(bitPattern: value) }
        }
        return nil
    }

    fileprivate func value(ofType type: Int64, at place: inout Int) -> TreeRecord.Value? {
        switch type {
        case 0: return .null
        case 1...6: return integer([1, 2, 3, 4, 6, 8][Int(type) - 1], at: &place)
        case 7:
            place += 8
            return place <= count ? .real : nil
        case 8, 9: return .integer(type - 8)
        case 12...:
            let length = (type - 12) / 2
            guard length <= Int64(count - place) else { return nil }
            let bytes = Array(self[place..<(place + Int(length))])
            place += Int(length)
            return type % 2 == 0 ? .blob(bytes) : .text(bytes)
        default: return nil
        }
    }

    private func integer(_ byteCount: Int, at place: inout Int) -> TreeRecord.Value? {
        guard place + byteCount <= count else { return nil }
        var value = Int64(Int8(bitPattern: self[place]))
        for byte in self[(place + 1)..<(place + byteCount)] { value = value << 8 | Int64(byte) }
        place += byteCount
        return .integer(value)
    }
}
