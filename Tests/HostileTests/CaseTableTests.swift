import Foundation
import TestSupport
import Testing

/// The table of cases: how many there are, that their guards exist, and that they are documented.
@Suite struct CaseTableTests {
    /// A row of the table, of whichever kind of case.
    private struct Row {
        var name: String
        var does: String
        var guards: [HostileCase.Guard]
        var holds: String

        /// As it stands in docs/hostile-master.md.
        var text: String {
            let places = guards.map { "`\($0.file)`: `\($0.symbol)`" }
            return "| \(name) | \(does) | \(places.joined(separator: "; ")) | \(holds) |"
        }
    }

    private static let rows =
        HostileCase.all.map {
            Row(name: $0.name, does: $0.does, guards: $0.guards, holds: $0.holds)
        }
        + SweepCase.all.map {
            Row(name: $0.name, does: $0.does, guards: $0.guards, holds: $0.holds)
        }

    @Test func `there are at least sixty cases, each once, and fifteen in the short form`() {
        #expect(Self.rows.count >= 60, "\(Self.rows.count)")
        #expect(Set(Self.rows.map(\.name)).count == Self.rows.count)
        #expect(HostileCase.short.count >= 15, "\(HostileCase.short.count)")
    }

    @Test func `each case names a line of ours that is there`() throws {
        for row in Self.rows {
            #expect(!row.guards.isEmpty, "\(row.name)")
            for one in row.guards {
                let file = BuiltProducts.repository.appendingPathComponent(one.file)
                let text = try String(contentsOf: file, encoding: .utf8)
                #expect(text.contains(one.symbol), "\(one.file): \(one.symbol)")
            }
        }
    }

    @Test func `each case is in the documentation as it is here`() throws {
        let file = BuiltProducts.repository.appendingPathComponent("docs/hostile-master.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let wanted = Self.rows.map(\.text)
        let found = text.split(separator: "\n").map(String.init).filter { $0.contains("`Sources/") }
        // What to paste is printed.
        #expect(found == wanted, "\(wanted.joined(separator: "\n"))")
    }
}
