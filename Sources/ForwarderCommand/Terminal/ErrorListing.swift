import ConfigLanguage

/// Errors as people read them: the first ones in full, the rest as a number.
enum ErrorListing {
    /// Errors that are shown; of more only the number is told.
    ///
    /// 50: one missing file makes thousands of the same kind, and nobody reads on after that.
    static let limit = 50

    /// Each error with its place and its line, one below the other.
    static func text(_ errors: [Diagnostic]) -> String {
        var lines = errors.prefix(limit).map(\.description)
        let hidden = errors.count - lines.count
        if hidden > 0 {
            // loading stops to collect at some number
            let least = errors.count < ConfigSession.mostErrors ? "" : "At least "
            lines.append("\(least)\(Words.counted(hidden, "more error")). Mend these first.")
        }
        return lines.joined(separator: "\n")
    }
}
