internal import CSpawn
internal import Glibc

/// What a launcher waits on, opened before its thread starts so that a failure has somebody to
/// tell.
struct LauncherChannel: Sendable {
    let poll: Descriptor
    let timer: Descriptor
    let wakeUp: WakeUp
    /// Every plugin's standard input.
    let null: Descriptor

    /// Below every tag of a run, whose lowest two bits are 2 or 3.
    static let wakeUpTag: UInt64 = 0
    static let timerTag: UInt64 = 1

    init() throws(LaunchFault) {
        poll = try Descriptor(cspawn_poll_create(), from: "epoll_create1")
        timer = try Descriptor(cspawn_timer_create(), from: "timerfd_create")
        wakeUp = try WakeUp()
        let number = open("/dev/null", O_RDONLY | O_CLOEXEC)
        null = try Descriptor(number < 0 ? -errno : number, from: "open /dev/null")
        try add(timer, tag: Self.timerTag)
        try add(wakeUp.event, tag: Self.wakeUpTag)
    }

    private func add(_ descriptor: Descriptor, tag: UInt64) throws(LaunchFault) {
        let status = cspawn_poll_add(poll.number, descriptor.number, tag)
        guard status == 0 else { throw .system(call: "epoll_ctl", code: -status) }
    }
}
