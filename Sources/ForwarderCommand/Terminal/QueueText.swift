import Monitoring

/// One result of the queue, whole, for people.
struct QueueText {
    /// The result at each of its destinations; not empty.
    let rows: [QueueRow]

    var text: String {
        guard let first = rows.first else { return "" }
        var lines = [
            "\(first.sequence)  \(first.object)  \(first.state) (exit status \(first.exitStatus))",
            "  executed  \(Output.time(first.executionStart)), "
                + "\(Self.milliseconds(first.executionEnd - first.executionStart))",
            "  counts as \(first.significance)",
        ]
        for row in rows { lines += Self.lines(row) }
        lines.append("  output")
        lines += Self.indented(first.output)
        if !first.performanceData.isEmpty {
            lines.append("  performance data")
            lines += first.performanceData.flatMap(Self.indented)
        }
        return lines.map { $0.printable + "\n" }.joined()
    }

    private static func lines(_ row: QueueRow) -> [String] {
        var lines = ["  \(row.master): \(row.outcome)"]
        if let stamp = row.stamp {
            let node = row.node.map { ", last to \($0)" } ?? ""
            lines.append("    stamp   \(Output.time(stamp)), \(row.attempts) attempts\(node)")
        }
        if let until = row.parkedUntil {
            lines.append("    parked  until \(Output.time(until)): \(row.parkedReason ?? "")")
        }
        if let text = row.answerText {
            let code = row.answerCode.map { $0 == 0 ? "no code" : "\($0)" } ?? "no code"
            lines.append("    answer  \(Output.time(row.answeredAt)), \(code): \(text)")
        }
        return lines
    }

    private static func indented(_ text: String) -> [String] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            "    \($0)"
        }
    }

    private static func milliseconds(_ seconds: Double) -> String {
        "\(Int((seconds * 1000).rounded())) ms"
    }
}
