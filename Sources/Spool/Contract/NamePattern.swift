/// A name with `*` for any text and `?` for any character.
///
/// Names compare byte by byte, so `?` stands for one byte of a character that has several.
package struct NamePattern: Sendable {
    private let pattern: [UInt8]

    /// The pattern that `text` writes.
    package init(_ text: String) { pattern = Array(text.utf8) }

    /// True when the whole name is meant.
    ///
    /// Takes time with the product of both lengths at most.
    package func matches(_ name: String) -> Bool {
        let name = Array(name.utf8)
        var (place, next) = (0, 0)
        var retry: (place: Int, next: Int)?
        while next < name.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                retry = (place, next)
                place += 1
            } else if place < pattern.count,
                pattern[place] == UInt8(ascii: "?") || pattern[place] == name[next]
            {
                place += 1
                next += 1
            } else if let (star, from) = retry {
                retry = (star, from + 1)
                (place, next) = (star + 1, from + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
