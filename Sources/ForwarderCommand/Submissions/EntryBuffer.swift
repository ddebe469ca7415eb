import Foundation

/// The status with which a look-up of a user or a group failed.
struct LookUpFailure: Error, Hashable {
    let code: Int32
}

/// Room for an entry of the `get..._r` functions, whose length nobody knows before.
enum EntryBuffer {
    /// 16 KiB: what nearly all entries have room in.
    private static let firstSize = 16_384

    /// Asks until there is an answer, with twice the room each time it was too small.
    ///
    /// - Parameters:
    ///   - longest: bytes of the longest entry.
    ///   - ask: the function's status, and what it found; nil for what surely is not there.
    static func entry<Entry>(
        longest: Int, asking ask: (inout [CChar]) -> (status: Int32, found: Entry?)
    ) throws(LookUpFailure) -> Entry? {
        var buffer = [CChar](repeating: 0, count: firstSize)
        while true {
            let answer = ask(&buffer)
            switch answer.status {
            case 0: return answer.found
            case EINTR: continue
            case ERANGE where buffer.count < longest:
                buffer = [CChar](repeating: 0, count: buffer.count * 2)
            case let code: throw LookUpFailure(code: code)
            }
        }
    }
}
