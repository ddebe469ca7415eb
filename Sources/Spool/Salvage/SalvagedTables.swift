internal import Monitoring

/// The tables of a spool's file, as far as they can be read.
struct SalvagedTables {
    private(set) var entries: [SalvagedEntry] = []
    /// Results of which only a part was found.
    private(set) var lostCount = 0
    /// Pages and cells that should be there and cannot be read.
    private(set) var brokenCount = 0

    private let objects: [Int64: String]
    private let destinations: [Int64: String]
    private let places: [Int64: [DeliveryPlace]]

    init(_ image: PageImage) {
        let catalog = TreeWalk(root: 1, of: image)
        var trees = catalog.records.reduce(into: [String: TreeWalk]()) { trees, record in
            guard let name = record.text(1), let root = record.integer(3), root > 0 else { return }
            trees[name] = TreeWalk(root: Int(root), of: image)
        }
        trees["sqlite_master"] = catalog
        // format 1 had a table for kept results, later ones have none
        let isWhole = catalog.isWhole && Self.placeTables.allSatisfy { trees[$0]?.isWhole ?? true }
        brokenCount = trees.values.reduce(0) { $0 + $1.brokenCount }
        let stray = brokenCount == 0 ? StrayRecords() : StrayRecords(image, outside: trees.values)
        objects = Self.names(trees["object"], index: trees["sqlite_autoindex_object_1"])
            .merging(stray.objects) { known, _ in known }
        destinations = Self.names(
            trees["destination"], index: trees["sqlite_autoindex_destination_1"])
        var places: [Int64: [DeliveryPlace]] = [:]
        for name in Self.placeTables {
            for place in trees[name]?.records.compactMap({ DeliveryPlace($0, of: name) }) ?? [] {
                places[place.result, default: []].append(place)
            }
        }
        for place in stray.deliveries where places[place.result] == nil {
            places[place.result] = [place]
        }
        self.places = places
        add(trees["result"]?.records ?? [], stray.results, isSettledKnown: isWhole)
    }

    /// Where it is said what results wait for.
    private static let placeTables = ["delivery", "kept", "rejected"]

    private mutating func add(
        _ rooted: [TreeRecord],
        _ stray: [TreeRecord],
        isSettledKnown: Bool
    ) {
        var seen: Set<Int64> = []
        var known = Set(places.keys)
        for record in rooted where FoundResult.isOne(record) {
            if let id = record.rowID { known.insert(id) }
            guard let found = FoundResult(record, mustProve: false) else { continue }
            if add(found) { seen.insert(found.id) }
        }
        for record in stray {
            guard let found = FoundResult(record, mustProve: true), !seen.contains(found.id),
                places[found.id] != nil || !isSettledKnown
            else { continue }
            if add(found) { seen.insert(found.id) }
        }
        lostCount = known.subtracting(seen).count
        entries.sort { ($0.sequence, $0.destination ?? "") < ($1.sequence, $1.destination ?? "") }
    }

    /// Takes a result in; false when it makes no sense or nobody knows whose it is.
    private mutating func add(_ found: FoundResult) -> Bool {
        guard let name = objects[found.object].flatMap({ ObjectName(fullName: $0) }),
            let result = found.result(of: name)
        else { return false }
        let known = places[found.id]?.filter { $0.object == found.object } ?? []
        for place in known.isEmpty ? [nil] : known.map(Optional.some) {
            entries.append(
                SalvagedEntry(
                    sequence: Sequence(rawValue: found.id),
                    result: result,
                    significance: found.significance,
                    destination: place.flatMap { destinations[$0.destination] },
                    state: place?.state,
                    attempts: place?.attempts ?? 0,
                    baseStamp: place?.baseStamp
                )
            )
        }
        return true
    }

    /// Names by row, from the table or from the index on it: each is a copy of the other.
    private static func names(_ table: TreeWalk?, index: TreeWalk?) -> [Int64: String] {
        var names: [Int64: String] = [:]
        for record in index?.records ?? [] {
            if let name = record.text(0), let row = record.integer(1) { names[row] = name }
        }
        for record in table?.records ?? [] {
            if let row = record.rowID, let name = record.text(1) { names[row] = name }
        }
        return names
    }
}

/// A result's row.
struct FoundResult {
    let id: Int64
    let object: Int64
    let significance: Significance
    private let record: TreeRecord

    /// Reads a row; nil when it is not one, when its checksum is wrong, or when it must prove
    /// itself and has none.
    init?(_ record: TreeRecord, mustProve: Bool) {
        guard Self.isOne(record), let id = record.rowID, let object = record.integer(1),
            let significance = record.integer(4).flatMap({ Significance(rawValue: Int($0)) })
        else { return nil }
        if let stored = record.integer(13) {
            guard stored == Self.checksum(of: record, id: id) else { return nil }
        } else if mustProve {
            return nil
        }
        self.id = id
        self.object = object
        self.significance = significance
        self.record = record
    }

    /// True for what can be a row of results at all.
    static func isOne(_ record: TreeRecord) -> Bool {
        (13...14).contains(record.columns.count) && record.rowID != nil && record.isNull(0)
    }

    func result(of name: ObjectName) -> CheckResult? {
        guard let state = record.integer(5).flatMap({ ServiceState(rawValue: Int($0)) }),
            let exitStatus = record.integer(6).flatMap({ Int32(exactly: $0) }),
            let start = record.integer(7), let end = record.integer(8),
            let interval = record.integer(10), let output = record.text(11),
            let data = record.blob(12)
        else { return nil }
        var reader = ByteReader(data)
        guard let performanceData = reader.readList(), reader.isAtEnd else { return nil }
        return CheckResult(
            object: name,
            state: state,
            exitStatus: exitStatus,
            output: output,
            performanceData: performanceData,
            executionStart: Timestamp(microseconds: start),
            executionEnd: Timestamp(microseconds: end),
            nextCheck: record.integer(9).map(Timestamp.init(microseconds:)),
            checkInterval: .microseconds(interval)
        )
    }

    private static func checksum(of record: TreeRecord, id: Int64) -> Int64? {
        guard case .text(let output) = record.columns[11], let data = record.blob(12) else {
            return nil
        }
        var checksum = ResultChecksum()
        checksum.add(id)
        for column in 1...10 { checksum.add(record.integer(column)) }
        checksum.add(output)
        checksum.add(data)
        return checksum.value
    }
}

/// Where a result stands at one destination.
struct DeliveryPlace {
    let destination: Int64
    let object: Int64
    let result: Int64
    let state: DeliveryState
    let attempts: Int
    let baseStamp: Timestamp?

    /// Reads a row of one of the tables that say it.
    init?(_ record: TreeRecord, of table: String) {
        guard let destination = record.integer(0), let object = record.integer(1),
            let result = record.integer(2)
        else { return nil }
        self.destination = destination
        self.object = object
        self.result = result
        let (stamp, attempts): (Int, Int)
        switch table {
        case "delivery":
            // a lease is one of a process that is gone
            let states: [DeliveryState] = [.queued, .ambiguous, .delivered]
            guard let stored = record.integer(3), states.indices.contains(Int(stored)) else {
                return nil
            }
            state = states[Int(stored)]
            (stamp, attempts) = (4, 5)
        case "kept":
            state = .delivered
            (stamp, attempts) = (3, 4)
        default:
            state = record.integer(3) == -1 ? .withheld : .rejected
            (stamp, attempts) = (6, 7)
        }
        self.attempts = Int(record.integer(attempts) ?? 0)
        baseStamp = record.integer(stamp).map(Timestamp.init(microseconds:))
    }
}

/// Records on pages that no tree leads to, found by their shape.
struct StrayRecords {
    private(set) var results: [TreeRecord] = []
    private(set) var objects: [Int64: String] = [:]
    private(set) var deliveries: [DeliveryPlace] = []

    /// None.
    init() {}

    /// Looks through every page that is neither free nor whole in one of the trees.
    init(_ image: PageImage, outside trees: some Collection<TreeWalk>) {
        let passed = trees.reduce(into: image.freePages()) { $0.formUnion($1.whole) }
        guard image.pageCount > 0 else { return }
        for number in 1...image.pageCount where !passed.contains(number) {
            results += TreePage.looseRecords(on: number, of: image).filter(FoundResult.isOne)
            guard let page = TreePage(number, of: image) else { continue }
            for record in page.records {
                if page.kind == .tableLeaf, record.columns.count == 2, record.isNull(0),
                    let row = record.rowID, let name = record.text(1)
                {
                    objects[row] = name
                }
                guard !page.kind.isTable, (7...8).contains(record.columns.count),
                    let place = DeliveryPlace(record, of: "delivery")
                else { continue }
                deliveries.append(place)
            }
        }
    }
}
