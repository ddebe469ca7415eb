import Foundation
import Monitoring

/// One line that shows how far long work is; nothing where no person watches.
struct ProgressBar {
    private let isTerminal: Bool
    private let width: Int
    private var isDrawn = false

    /// Draws on standard error if it is a terminal.
    init() {
        isTerminal = isatty(STDERR_FILENO) == 1
        var size = winsize()
        let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20
        width = known ? min(Int(size.ws_col), 100) : 80
    }

    mutating func show(done: Int, total: Int, note: String?) {
        guard isTerminal else { return }
        isDrawn = true
        let text = Self.line(done: done, total: total, note: note, width: width)
        StandardStream.error.tell("\r\(text)\u{1B}[K")
    }

    /// Leaves the bar behind and goes to the next line.
    mutating func finish() {
        guard isDrawn else { return }
        StandardStream.error.tell("\n")
        isDrawn = false
    }

    /// The line as it is drawn, `width` characters at most.
    static func line(done: Int, total: Int, note: String?, width: Int) -> String {
        let figures = " \(done)/\(total)"
        let room = max(10, min(40, width - figures.count - 2))
        let filled = total > 0 ? min(room, max(0, done * room / total)) : room
        let bar = String(repeating: "#", count: filled)
        let rest = String(repeating: ".", count: room - filled)
        let line = "[\(bar)\(rest)]\(figures)\(note.map { "  \($0)" } ?? "")"
        return String(line.printable.prefix(width - 1))
    }
}
