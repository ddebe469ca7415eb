internal import Glibc

/// A thread of our own, for work that waits in the kernel and must not hold up Swift's tasks.
enum WorkerThread {
    /// Bytes of its stack, whatever `ulimit -s` says.
    ///
    /// 8 MiB, as Linux gives a program's first thread: functions of the definitions may use 5 of
    /// them. Memory is taken as it is used.
    static let stackSize = 8 << 20

    /// Runs `body` on a new thread, which ends with it.
    static func start(_ body: @escaping @Sendable () -> Void) throws(LaunchFault) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let sized = pthread_attr_setstacksize(&attributes, stackSize)
        guard sized == 0 else { throw .system(call: "pthread_attr_setstacksize", code: sized) }
        let parcel = Unmanaged.passRetained(Body(run: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            &attributes,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run()
                return nil
            },
            parcel.toOpaque()
        )
        guard status == 0 else {
            parcel.release()
            throw .system(call: "pthread_create", code: status)
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
