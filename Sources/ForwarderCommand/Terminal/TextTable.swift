import Monitoring

/// Rows of text in aligned columns.
struct TextTable {
    private var rows: [[String]]

    init(heading: [String]) { rows = [heading] }

    mutating func add(_ row: [String]) { rows.append(row.map(\.printable)) }

    /// The rows with two blanks between columns, each line ended.
    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let isLast = column == row.count - 1
                let padding = isLast ? 0 : widths[column] - cell.count + 2
                line += cell + String(repeating: " ", count: padding)
            }
            return line + "\n"
        }.joined()
    }
}
