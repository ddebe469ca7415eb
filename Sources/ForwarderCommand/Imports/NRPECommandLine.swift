/// What NRPE makes of a command line before it hands it to `/bin/sh -c`.
///
/// - Source: the documented sample nrpe.cfg of NRPE 4.1; the corners by trying the program.
struct NRPECommandLine: Sendable, Hashable {
    /// The text, with the arguments of whoever asks in it.
    let pieces: [ImportedCheck.Piece]
    /// True when dollar signs do not pair up: NRPE then adds one, at the end.
    let hasLoneDollar: Bool

    /// Most arguments that NRPE takes.
    static let argumentLimit = 16

    /// Reads a line with its prefix.
    ///
    /// - Parameter takesArguments: without, an argument is no text at all.
    init(_ line: String, takesArguments: Bool) {
        var pieces: [ImportedCheck.Piece] = []
        // NRPE knows bytes: a mark behind a dollar sign makes it no other character
        let parts = line.unicodeScalars.split(separator: "$", omittingEmptySubsequences: false)
            .map { String($0) }
        for (index, part) in parts.enumerated() {
            guard !index.isMultiple(of: 2) else {
                pieces.append(.text(part))
                continue
            }
            if part.isEmpty {
                pieces.append(.text("$"))
            } else if part.unicodeScalars.starts(with: "ARG".unicodeScalars) {
                let digits = part.unicodeScalars.dropFirst(3)
                    .prefix { ("0"..."9").contains($0) }
                let number = Int(String(digits)) ?? 0
                if takesArguments, (1...Self.argumentLimit).contains(number) {
                    pieces.append(.variable("nrpe_arg\(number)"))
                }
            } else {
                pieces.append(.text("$\(part)$"))
            }
        }
        self.pieces = pieces
        hasLoneDollar = parts.count.isMultiple(of: 2) && parts.last?.isEmpty == false
    }

    /// The line that the shell gets; nil when it depends on arguments.
    var text: String? {
        var text = ""
        for piece in pieces {
            guard case .text(let part) = piece else { return nil }
            text += part
        }
        return text
    }
}
