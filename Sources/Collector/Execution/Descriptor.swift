internal import CSpawn
internal import Glibc

/// A file descriptor that is closed with its last owner.
final class Descriptor: Sendable {
    /// What the kernel knows it by.
    let number: Int32

    /// Takes over an open descriptor.
    init(_ number: Int32) { self.number = number }

    /// Takes over what a call of CSpawn returned, or throws the reason for its failure.
    convenience init(_ result: Int32, from call: String) throws(LaunchFault) {
        guard result >= 0 else { throw .system(call: call, code: -result) }
        self.init(result)
    }

    deinit { close(number) }
}

/// Ends another thread's wait; safe from any thread, any number of times.
final class WakeUp: Sendable {
    /// Readable from a call of ``raise()`` to the next of ``clear()``.
    let event: Descriptor

    init() throws(LaunchFault) {
        event = try Descriptor(cspawn_event_create(), from: "eventfd")
    }

    /// Ends the present wait, or the next one when nobody waits.
    func raise() {
        // The only failure left is a full counter, and then it is raised.
        _ = cspawn_event_raise(event.number)
    }

    /// Makes the next wait wait again.
    func clear() {
        // The only failure left is that nobody raised it.
        _ = cspawn_event_clear(event.number)
    }
}
