import TestSupport

/// What a spool accepted, as its tables tell it between kills; rows that it gave up or purged since
/// stay known here.
struct Ledger {
    /// A result that was durable once.
    struct Entry {
        let id: Int
        let object: String
        /// Nil for the forwarder's own health.
        let number: Int?
        let state: Int
        let start: Double
    }

    private(set) var entries: [Entry] = []
    /// By result, how many submissions of it may have left, where there was more than one.
    private(set) var attempts: [Int: Int] = [:]
    /// Rows that were given up before they were delivered.
    private(set) var lost = 0

    /// Reads what came since.
    mutating func read(_ site: ForwarderSite) throws {
        let rows = try site.ask(
            """
            SELECT result.id, object.name, result.state, result.output, result.execution_start_us
            FROM result JOIN object ON object.id = result.object
            WHERE result.id > \(entries.last?.id ?? 0) ORDER BY result.id
            """
        )
        entries += rows.map { row in
            Entry(
                id: Int(row["id"].number ?? -1),
                object: row["name"].string ?? "",
                number: ServiceSeries.run(row["output"].string ?? ""),
                state: Int(row["state"].number ?? -1),
                start: (row["execution_start_us"].number ?? 0) / 1_000_000
            )
        }
        let repeated = try site.ask(
            """
            SELECT result, attempts FROM delivery WHERE attempts > 1
            """
        )
        for row in repeated {
            guard let id = row["result"].number, let count = row["attempts"].number else {
                continue
            }
            attempts[Int(id)] = max(attempts[Int(id)] ?? 0, Int(count))
        }
    }

    /// Submissions beyond each result's first.
    var repeats: Int { attempts.values.reduce(0) { $0 + $1 - 1 } }

    /// Results of services, by object and in order of acceptance.
    var byObject: [String: [Entry]] {
        Dictionary(grouping: entries.filter { $0.number != nil }, by: \.object)
    }

    /// What is wrong with the ledger itself; empty when it knows everything that was accepted.
    func gaps(_ site: ForwarderSite) throws -> [String] {
        var found: [String] = []
        // Ids are given out one after the other and never again, so each gap is a lost row.
        for (entry, id) in zip(entries, 1...) where entry.id != id {
            found.append("result \(id) was accepted and is not known")
            break
        }
        let given = try site.ask("SELECT seq FROM sqlite_sequence WHERE name = 'result'")
        let newest = Int(given.first?["seq"].number ?? 0)
        if newest != entries.last?.id ?? 0 { found.append("ids went up to \(newest)") }
        for (object, entries) in byObject {
            let numbers = entries.compactMap(\.number)
            if zip(numbers, numbers.dropFirst()).contains(where: { $0 >= $1 }) {
                found.append("\(object): a plugin's run was accepted twice or late")
            }
        }
        let losses = try site.ask(
            "SELECT sum(evicted + refused + superseded + ignored + dropped) AS n FROM lane")
        if let count = losses.first?["n"].number, count > 0 {
            found.append("\(Int(count)) results were counted as lost")
        }
        for row in try site.ask("SELECT code, text FROM rejected LIMIT 3") {
            found.append("a result was rejected: \(row)")
        }
        return found
    }
}
