internal import CGlibc
internal import Glibc

/// Knows how much of the running thread's stack an evaluation may still use.
///
/// Counting calls does not bound the stack, because frames differ between builds.
struct StackGuard {
    private let lowest: UInt

    /// Most bytes of stack that one evaluation uses, where the thread has them: 5 MiB.
    private static let budget: UInt = 5 << 20
    /// What is left to the thread: 512 KiB, for what runs between two looks at the stack, such as
    /// writing values that are nested 64 deep.
    private static let reserve: UInt = 512 << 10

    /// Begins to count at the caller's place on the stack.
    init() {
        let here = Self.here
        let budgeted = here > Self.budget ? here - Self.budget : 0
        lowest = max(budgeted, ThreadStack.lowest(from: here) + Self.reserve)
    }

    /// True when another level of evaluation fits.
    var hasRoom: Bool { Self.here > lowest }

    private static var here: UInt {
        var marker: UInt8 = 0
        return unsafe withUnsafeMutablePointer(to: &marker) { UInt(bitPattern: $0) }
    }
}

/// Where the stack of the running thread ends, as the system tells it.
private enum ThreadStack {
    /// Each thread keeps the answer: asking for it reads a file on a program's first thread.
    private static let key: pthread_key_t? = {
        var key = pthread_key_t()
        return unsafe pthread_key_create(&key, nil) == 0 ? key : nil
    }()

    /// What is left where the system does not tell: 1 MiB, an eighth of what Linux gives.
    private static let untold: UInt = 1 << 20

    /// The lowest address that the thread may use, given one that it uses.
    static func lowest(from here: UInt) -> UInt {
        if let key, let known = unsafe pthread_getspecific(key) {
            return UInt(bitPattern: known)
        }
        let told = cglibc_stack_start()
        let lowest = told == 0 ? here - min(here, untold) : told
        // a thread that cannot keep the answer asks again
        if let key { _ = unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: lowest)) }
        return lowest
    }
}
