internal import Monitoring
internal import Synchronization

/// What the thread is told.
///
/// Each reply is answered exactly once.
enum RunnerMessage: Sendable {
    case plans(
        [CheckPlan], CheckPassages, states: [ScheduleState],
        preparing: Parcel<any CheckPreparing>)
    case pause([ObjectName: ObjectPause])
    case request(ObjectName, CheckedContinuation<CheckNowAnswer, Never>)
    case submit(
        ObjectName, PluginOutput, ExecutionSpan?, CheckedContinuation<SubmissionAnswer, Never>)
    case takeBack(CountedResult)
    case standing(ObjectName, CheckedContinuation<CheckStatus?, Never>)
    case once(ObjectName, CheckedContinuation<SingleRun?, Never>)
    case status(CheckedContinuation<[CheckStatus], Never>)
    case stop(patience: Duration, CheckedContinuation<[ScheduleState], Never>)
}

/// The way to the thread.
final class RunnerInbox: Sendable {
    private struct State {
        var messages: [RunnerMessage] = []
        var isClosed = false
    }

    private let wakeUp: WakeUp
    /// Invariant: a message that was taken in before the box closed is handed out exactly once, so
    /// that every reply is answered.
    private let state = Mutex(State())

    init(wakeUp: WakeUp) { self.wakeUp = wakeUp }

    /// Leaves a message; false when nobody will read it.
    func post(_ message: RunnerMessage) -> Bool {
        let isOpen = state.withLock { state in
            guard !state.isClosed else { return false }
            state.messages.append(message)
            return true
        }
        if isOpen { wakeUp.raise() }
        return isOpen
    }

    /// The messages since the last call.
    func take() -> [RunnerMessage] {
        state.withLock { state in
            let messages = state.messages
            state.messages = []
            return messages
        }
    }

    /// Refuses messages from now on, and returns the last ones.
    func close() -> [RunnerMessage] {
        state.withLock { state in
            state.isClosed = true
            let messages = state.messages
            state.messages = []
            return messages
        }
    }
}

/// Carries a value that one thread at a time may use over to its next owner.
final class Parcel<Content>: Sendable {
    /// Invariant: filled once by `init`, emptied once by ``open()``.
    private let content: Mutex<Content?>

    init(_ content: sending Content) { self.content = Mutex(content) }

    /// The content, the first time; nil ever after.
    func open() -> sending Content? {
        content.withLock { content in
            let taken = content
            content = nil
            return taken
        }
    }
}
