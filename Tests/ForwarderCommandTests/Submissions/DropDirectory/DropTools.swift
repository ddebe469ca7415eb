import Foundation
import Monitoring

@testable import ForwarderCommand

extension DropDirectory {
    /// Has it as a daemon leaves it.
    func prepare(isPrivate: Bool) throws(DropFault) { _ = try claim(isPrivate: isPrivate) }

    /// What lies in it.
    func entries(_ folder: Descriptor) throws(DropFault) -> [DropEntry] {
        var entries: [DropEntry] = []
        try scan(folder) { entry in
            entries.append(entry)
            return true
        }
        return entries
    }
}

extension DropPlan {
    /// The plan of these.
    init(_ entries: [DropEntry], at now: Timestamp, limit: Int = Self.limit) {
        self.init(at: now, limit: limit)
        for entry in entries { _ = show(entry) }
        close()
    }
}
