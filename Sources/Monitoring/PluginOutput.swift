/// How one execution of a plugin ended.
package enum PluginEnding: Sendable, Hashable {
    /// It exited by itself with this status.
    case exited(Int32)
    /// This signal ended it.
    case killed(signal: Int32)
    /// It was ended because its time was up.
    case timedOut
    /// It never ran; the text says why.
    case notStarted(String)
}

/// What a plugin said: the bytes it printed and the way it ended, as Icinga reads them.
///
/// Both parts are valid UTF-8 without NUL, each wrong byte replaced by U+FFFD, and together no
/// longer than ``CheckResult/outputByteLimit``; where something was cut, the text's last line says
/// so.
///
/// - Source: Icinga 2 `PluginUtility::ParseCheckOutput` and `SplitPerfdata`, whose results for the
///   corpus in PluginOutputTests were read from a running 2.13.6; the line for an exit status above
///   3 comes with 2.14, blanks before a label count for nothing since 2.13.8.
package struct PluginOutput: Sendable, Hashable {
    /// The plugin's exit status; 128 when it did not exit by itself.
    package let exitStatus: Int32
    /// First line and long output, and a last line for an ending that deserves one.
    package let text: String
    /// Performance data, one `label=value…` a piece.
    package let performanceData: [String]

    /// Most pieces of performance data that are kept; the rest is cut and said so.
    ///
    /// 16,384: what the message to the uplink takes; no plugin known to us prints a tenth of it.
    package static let pieceLimit = 16_384

    /// What a process is recorded with that did not exit by itself.
    package static let abnormalExitStatus: Int32 = 128

    /// The state that follows from the exit status.
    package var state: ServiceState { ServiceState(exitStatus: exitStatus) }

    /// Reads what a plugin printed before it ended this way.
    ///
    /// `discardedByteCount` bytes followed `bytes` that nobody kept.
    package init(bytes: [UInt8], discardedByteCount: Int = 0, ending: PluginEnding) {
        let parts = OutputParts(bytes: bytes, isHead: discardedByteCount > 0)
        self.init(parts, note: ending.note, exitStatus: ending.exitStatus)
    }

    /// Reads what a check says that ran no process, whose status deserves no line, whatever it is.
    package init(bytes: [UInt8], saidWith exitStatus: Int32) {
        self.init(OutputParts(bytes: bytes, isHead: false), note: nil, exitStatus: exitStatus)
    }

    private init(_ parts: OutputParts, note: String?, exitStatus: Int32) {
        let bounded = BoundedOutput(parts: parts, note: note)
        self.exitStatus = exitStatus
        text = bounded.text
        performanceData = bounded.pieces
    }
}

extension PluginEnding {
    fileprivate var exitStatus: Int32 {
        guard case .exited(let status) = self else { return PluginOutput.abnormalExitStatus }
        return status
    }

    /// The line that is added to the text.
    package var note: String? {
        switch self {
        case .exited(0...3): nil
        case .exited(let status):
            "<Terminated with exit code \(status) (0x\(String(status, radix: 16))).>"
        case .killed(let signal):
            "<Terminated by signal \(signal) (\(Self.describe(signal: signal))).>"
        case .timedOut: "<Timeout exceeded.>"
        case .notStarted(let reason): reason
        }
    }

    /// As `strsignal` says it.
    private static func describe(signal: Int32) -> String {
        switch signal {
        case 1: "Hangup"
        case 2: "Interrupt"
        case 3: "Quit"
        case 4: "Illegal instruction"
        case 5: "Trace/breakpoint trap"
        case 6: "Aborted"
        case 7: "Bus error"
        case 8: "Floating point exception"
        case 9: "Killed"
        case 10: "User defined signal 1"
        case 11: "Segmentation fault"
        case 12: "User defined signal 2"
        case 13: "Broken pipe"
        case 14: "Alarm clock"
        case 15: "Terminated"
        case 24: "CPU time limit exceeded"
        case 25: "File size limit exceeded"
        case 31: "Bad system call"
        default: "Signal \(signal)"
        }
    }
}

/// Text and performance data brought under the limit.
///
/// When not all fits, each has a right to half of the room and may take what the other leaves.
private struct BoundedOutput {
    var text: String
    var pieces: [String]

    private static let mark = "<Output cut at \(CheckResult.outputByteLimit) bytes.>"

    init(parts: OutputParts, note: String?) {
        let limit = CheckResult.outputByteLimit
        let whole = String(repairing: parts.text)
        let note = note.map { String(repairing: Array($0.utf8)) }
        let noteByteCount = note.map { $0.utf8.count + 1 } ?? 0
        let total = whole.utf8.count + noteByteCount + parts.pieceByteCount
        guard parts.isIncomplete || total > limit else {
            self.init(text: [whole, note ?? ""], pieces: parts.pieces)
            return
        }
        let shortNote = note.map { $0.cut(toByteCount: limit / 4) } ?? ""
        let room = limit - shortNote.utf8.count - Self.mark.utf8.count - 2
        let pieceRoom = max(room / 2, room - whole.utf8.count)
        var taken = 0
        let kept = parts.pieces.prefix { piece in
            taken += piece.utf8.count
            return taken <= pieceRoom
        }
        let keptByteCount = kept.reduce(0) { $0 + $1.utf8.count }
        let textKept = whole.cut(toByteCount: room - keptByteCount)
        self.init(text: [textKept, shortNote, Self.mark], pieces: Array(kept))
    }

    /// Joins what is not empty; a text that already ends its line gets no second line break.
    private init(text lines: [String], pieces: [String]) {
        text = lines.reduce(into: "") { joined, line in
            guard !line.isEmpty else { return }
            if !joined.isEmpty && joined.utf8.last != UInt8(ascii: "\n") { joined += "\n" }
            joined += line
        }
        self.pieces = pieces
    }
}

/// A plugin's bytes taken apart, still bytes where their length matters.
private struct OutputParts {
    var text: [UInt8] = []
    var pieces: [String] = []
    /// Bytes of all pieces.
    var pieceByteCount = 0
    /// True when something is missing already.
    var isIncomplete: Bool

    init(bytes: [UInt8], isHead: Bool) {
        isIncomplete = isHead
        var data: [UInt8] = []
        var endsInsideData = false
        for line in Self.lines(of: bytes) {
            let pipe = line.firstIndex(of: UInt8(ascii: "|"))
            let isSplit = pipe.map { line[$0...].contains(UInt8(ascii: "=")) } ?? false
            let textEnd = isSplit ? pipe ?? line.endIndex : line.endIndex
            if !text.isEmpty { text.append(UInt8(ascii: "\n")) }
            text += line[..<textEnd]
            if isSplit {
                if !data.isEmpty { data.append(UInt8(ascii: " ")) }
                data += line[(textEnd + 1)...]
            }
            endsInsideData = isSplit
        }
        split(data)
        // The last value may have lost digits.
        if isHead && endsInsideData && bytes.last.map(Self.isBlank) == false, !pieces.isEmpty {
            pieceByteCount -= pieces.removeLast().utf8.count
        }
    }

    /// The lines of the trimmed output; CR ends one as LF does, so CRLF leaves an empty one.
    private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        guard let first = bytes.firstIndex(where: { !isBlank($0) }),
            let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return bytes[first...last].split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r")
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte)
    }

    /// Takes labels up to the next `=` and values from there to the next blank.
    ///
    /// A label with `::` lends its prefix to those after it, as check_multi means it.
    private mutating func split(_ data: [UInt8]) {
        var rest = data[...]
        var prefix: [UInt8] = []
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") }
            guard let equals = rest.firstIndex(of: UInt8(ascii: "=")) else { return }
            var label = Self.withoutQuotes(rest[..<equals])
            let value = rest[(equals + 1)...].prefix { $0 != UInt8(ascii: " ") }
            rest = rest[value.endIndex...]
            if let end = Self.prefixEnd(of: label) {
                prefix = Array(label[..<end])
            } else if !prefix.isEmpty {
                label = (prefix + [UInt8(ascii: ":"), UInt8(ascii: ":")] + label)[...]
            }
            // Bounded here, because a long prefix is repeated by every label.
            guard pieceByteCount <= CheckResult.outputByteLimit,
                pieces.count < PluginOutput.pieceLimit
            else {
                isIncomplete = true
                return
            }
            append(label: label, value: value)
        }
    }

    private mutating func append(label: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        let quote: [UInt8] = label.contains(UInt8(ascii: " ")) ? [UInt8(ascii: "'")] : []
        let piece = String(repairing: quote + label + quote + [UInt8(ascii: "=")] + value)
        pieceByteCount += piece.utf8.count
        pieces.append(piece)
    }

    private static func withoutQuotes(_ label: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let quote = UInt8(ascii: "'")
        guard label.count > 2, label.first == quote, label.last == quote else { return label }
        return label.dropFirst().dropLast()
    }

    /// Where the label's last `::` begins.
    private static func prefixEnd(of label: ArraySlice<UInt8>) -> Int? {
        let colon = UInt8(ascii: ":")
        return label.indices.dropLast().last { label[$0] == colon && label[$0 + 1] == colon }
    }
}

extension String {
    /// Valid UTF-8 without NUL: each wrong byte becomes U+FFFD.
    fileprivate init(repairing bytes: [UInt8]) {
        guard bytes.contains(0) else {
            self.init(decoding: bytes, as: UTF8.self)
            return
        }
        let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
        let parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
        self.init(decoding: Array(parts.joined(separator: replacement)), as: UTF8.self)
    }

    /// The longest beginning of whole scalars that fits.
    fileprivate func cut(toByteCount limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: max(0, limit))
        while end > utf8.startIndex && UTF8.isContinuation(utf8[end]) {
            end = utf8.index(before: end)
        }
        return String(self[..<end])
    }
}
