import Delivery
import Foundation
import Monitoring
import Synchronization
import UplinkMessages

/// A running `forwarder-uplink` with the descriptor that it is talked to over, started by this
/// process or by somebody else.
///
/// One thread reads, one writes; neither the daemon nor the delivery ever waits for it. What it
/// says is hostile until it is decoded; a message that is none ends it.
final class UplinkChild: UplinkPort {
    /// Most bytes that wait to be written.
    ///
    /// 64 MiB: a full window of the largest submissions; an uplink that lets more pile up does not
    /// read, and is ended.
    static let outboxLimit = 64 << 20

    /// Messages that answer nothing: so many at the start, and so many more for each answer.
    ///
    /// An uplink that says more floods the daemon, and is ended.
    static let unaskedAtStart = 64
    static let unaskedPerAnswer = 8

    private struct Outbox {
        var bytes: [UInt8] = []
        var isClosed = false
        /// Questions that were not answered yet.
        var owed = 0
        /// Messages that may still come without a question.
        var unasked = UplinkChild.unaskedAtStart
        /// Since when it owes an answer, or word that it is ready, and says nothing.
        var silence: UplinkSilence
        /// Why it is ended, if the daemon does it.
        var verdict = ""
    }

    /// Nil where somebody else started it; then it ends when it is hung up on.
    private let process: ChildProcess?
    private let socket: Descriptor
    private let outbox: Mutex<Outbox>
    private let time: any TimeSource
    private let work = DispatchSemaphore(value: 0)
    /// What it says, until it ends; together what came together.
    let messages: AsyncStream<[UplinkMessage]>
    private let inbox: AsyncStream<[UplinkMessage]>.Continuation
    /// Says once, if ever, that another one is to take its place.
    let replacement: AsyncStream<Void>
    private let replacing: AsyncStream<Void>.Continuation
    /// How it ended; until it is set, the process's number is its own.
    private let ending = Mutex("")

    /// Starts it with the keys' paths as its own arguments.
    convenience init(
        program: UplinkProgram, masters: [MasterNode], logging: LogSettings,
        time: any TimeSource = SystemTime()
    ) throws(ChildFault) {
        let pair = try SocketPair()
        let arguments =
            [
                "--descriptor", "3", "--log-level", logging.level, "--log-format",
                logging.format.rawValue,
            ] + program.identityArguments(masters)
        let nowhere = try Descriptor.null()
        let process = try ChildProcess(
            program: program.path, arguments: arguments,
            descriptors: [nowhere.number, nowhere.number, STDERR_FILENO, pair.theirs.number])
        self.init(socket: pair.ours, process: process, masters: masters, time: time)
    }

    /// Takes over one that connected by itself.
    convenience init(
        connected socket: Descriptor, masters: [MasterNode], time: any TimeSource = SystemTime()
    ) {
        self.init(socket: socket, process: nil, masters: masters, time: time)
    }

    private init(
        socket: Descriptor, process: ChildProcess?, masters: [MasterNode], time: any TimeSource
    ) {
        self.time = time
        self.socket = socket
        self.process = process
        outbox = Mutex(
            Outbox(silence: UplinkSilence(masters: masters, startedAt: time.monotonic)))
        (messages, inbox) = AsyncStream.makeStream(of: [UplinkMessage].self)
        (replacement, replacing) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        Thread { [self] in readUntilEnd() }.start()
        Thread { [self] in writeUntilEnd() }.start()
    }

    /// How it ended; empty while it runs.
    var endingText: String { ending.withLock { $0 } }

    func send(_ messages: [DaemonMessage]) {
        let frames = messages.flatMap(\.frame)
        let now = time.monotonic
        let fits = outbox.withLock { box in
            guard !box.isClosed else { return true }
            let asked = messages.count(where: \.wantsAnswer)
            box.owed += asked
            if asked > 0 { box.silence.asked(at: now) }
            box.bytes.append(contentsOf: frames)
            return box.bytes.count <= Self.outboxLimit
        }
        if fits {
            work.signal()
        } else {
            kill()
        }
    }

    /// Ends it when it owes an answer for too long.
    func endIfHung() {
        let now = time.monotonic
        let verdict = outbox.withLock { box in
            box.verdict = box.silence.verdict(at: now) ?? ""
            return box.verdict
        }
        if !verdict.isEmpty { kill() }
    }

    /// Takes note that another one is to take its place.
    func wantReplacement() { replacing.yield() }

    /// Ends it at once.
    func kill() {
        shutdown(socket.number, Int32(SHUT_RDWR))
        ending.withLock { ending in
            if ending.isEmpty { process?.kill() }
        }
    }

    /// True when the message is one that may come now.
    private func isDue(_ message: UplinkMessage) -> Bool {
        let now = time.monotonic
        return outbox.withLock { box in
            defer { box.silence.heard(owed: box.owed, at: now) }
            guard message.isAnswer else {
                box.unasked -= 1
                return box.unasked >= 0
            }
            box.owed -= 1
            box.unasked = min(box.unasked + Self.unaskedPerAnswer, Self.unaskedAtStart)
            return box.owed >= 0
        }
    }

    private func writeUntilEnd() {
        while true {
            work.wait()
            let (bytes, isClosed) = outbox.withLock { box in
                defer { box.bytes = [] }
                return (box.bytes, box.isClosed)
            }
            if isClosed { return }
            if !bytes.isEmpty, !socket.writeAll(bytes) { return }
        }
    }

    private func readUntilEnd() {
        var frames = FrameAccumulator()
        var fault = ""
        reading: while true {
            let bytes = socket.readSome()
            if bytes.isEmpty { break }
            frames.append(bytes)
            var batch: [UplinkMessage] = []
            defer { if !batch.isEmpty { inbox.yield(batch) } }
            do throws(MessageFault) {
                while let frame = try frames.next() {
                    let message = try UplinkMessage(frame: frame)
                    guard isDue(message) else {
                        fault = "it said more than it was asked; "
                        break reading
                    }
                    batch.append(message)
                }
            } catch {
                fault = "it sent \(error); "
                break reading
            }
        }
        kill()
        process?.waitUntilEnded()
        let verdict = outbox.withLock { $0.verdict }
        ending.withLock { ending in
            let how = process.map { "\($0.reap())" } ?? "the connection to it ended"
            ending = "forwarder-uplink is gone: \(verdict)\(fault)\(how)."
        }
        outbox.withLock { $0.isClosed = true }
        work.signal()
        inbox.finish()
    }
}

extension UplinkProgram {
    /// The arguments that name everybody's keys and whom to become.
    func identityArguments(_ masters: [MasterNode]) -> [String] {
        let identities = masters.flatMap { master in
            [
                "--identity", master.name, master.certificatePath, master.keyPath,
                master.authorityPath,
            ]
        }
        return identities + (user.map { ["--user", $0] } ?? [])
    }
}

extension DaemonMessage {
    /// True when exactly one answer follows.
    fileprivate var wantsAnswer: Bool {
        switch self {
        case .submit, .probe, .readBack, .readSchedule: true
        case .settings, .addresses: false
        }
    }
}

extension UplinkMessage {
    /// True when it answers a question.
    fileprivate var isAnswer: Bool {
        switch self {
        case .outcome, .probeAnswer, .readBackAnswer, .scheduleAnswer: true
        case .ready, .link, .addressWanted, .renewalWanted: false
        }
    }
}
