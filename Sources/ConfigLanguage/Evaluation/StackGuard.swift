/// Knows how much of the running thread's stack an evaluation has used.
///
/// Counting calls does not bound the stack, because frames differ between builds.
struct StackGuard {
    private let lowest: UInt

    /// Bytes of stack that one evaluation may use: 5 MiB of the 8 MiB that Linux gives a thread.
    private static let budget: UInt = 5 << 20

    /// Begins to count at the caller's place on the stack.
    init() {
        let here = Self.here
        lowest = here > Self.budget ? here - Self.budget : 0
    }

    /// True when another level of evaluation fits.
    var hasRoom: Bool { Self.here > lowest }

    private static var here: UInt {
        var marker: UInt8 = 0
        return unsafe withUnsafeMutablePointer(to: &marker) { UInt(bitPattern: $0) }
    }
}
