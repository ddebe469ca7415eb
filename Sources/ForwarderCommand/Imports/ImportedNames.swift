import Monitoring

/// Gives imported things names that objects can have, each one once.
struct ImportedNames {
    /// Longest name that is given, in bytes; a longer one is cut.
    ///
    /// 200: Icinga puts names into file names, which end at 255 bytes.
    private static let byteLimit = 200

    private var taken: Set<String>
    /// The last number behind a name, where that was wanted more than once.
    private var numbers: [String: Int] = [:]

    /// Names besides these.
    init(reserved: Set<String> = []) { taken = reserved }

    /// A name as close to `wanted` as can be; taken from then on.
    mutating func give(_ wanted: String) -> String {
        let base = Self.mended(wanted)
        var name = base
        var number = numbers[base] ?? 1
        while !taken.insert(name).inserted {
            number += 1
            name = "\(base)-\(number)"
        }
        numbers[base] = number
        return name
    }

    /// What no name can have becomes a dash.
    private static func mended(_ wanted: String) -> String {
        var name = ""
        for scalar in wanted.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value)
            name.unicodeScalars.append(scalar == "!" || isControl ? "-" : scalar)
            guard name.utf8.count < byteLimit else { break }
        }
        return name.isEmpty ? "unnamed" : name
    }
}
