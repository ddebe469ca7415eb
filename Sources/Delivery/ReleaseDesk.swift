internal import Monitoring
internal import Policy
internal import Spool
internal import Synchronization
internal import UplinkMessages

/// Judges what of one spool's results one destination gets, by today's policy and by what each
/// object was when it was checked.
final class ReleaseDesk: Sendable {
    /// Most snapshots whose judgement is remembered; then all are judged anew.
    ///
    /// 4,096: as many objects as one host has, and a few MiB where values are masked.
    static let viewLimit = 4096
    /// What was derived from a snapshot by the rules of one generation.
    private enum Judgement: Sendable {
        case visible(ObjectView, ExecutedCommand)
        /// The snapshot cannot be judged.
        case hidden(reason: String)
    }

    private struct Memory {
        var generation = -1
        /// Snapshots of one spool: their numbers are never used twice there.
        var judgements: [SnapshotID: Judgement] = [:]
    }

    private let policy: PolicyInForce
    private let destination: String
    private let time: any TimeSource
    private let memory = Mutex(Memory())

    init(_ policy: PolicyInForce, destination: String, time: any TimeSource) {
        self.policy = policy
        self.destination = destination
        self.time = time
    }

    /// What of a result leaves now.
    func release(
        _ result: CheckResult, _ snapshot: SnapshotID, _ read: () throws -> ObjectSnapshot
    ) throws -> Release {
        switch try judgement(of: snapshot, read) {
        case .hidden(let reason): return .withheld(reason: reason, at: time.wall)
        case .visible(let view, let command):
            switch view.handOver(result, command: command) {
            case .withheld(let decision):
                return .withheld(reason: decision.description, at: time.wall)
            case .released(let released):
                return .released(released.result, command: Self.bounded(released.command))
            }
        }
    }

    private func judgement(
        of snapshot: SnapshotID, _ read: () throws -> ObjectSnapshot
    ) throws -> Judgement {
        let (rules, generation) = policy.current
        let known = memory.withLock { memory in
            memory.generation == generation ? memory.judgements[snapshot] : nil
        }
        if let known { return known }
        let new = Self.judge(try read(), by: rules, for: destination)
        memory.withLock { memory in
            if memory.generation != generation || memory.judgements.count >= Self.viewLimit {
                memory = Memory(generation: generation)
            }
            memory.judgements[snapshot] = new
        }
        return new
    }

    private static func judge(
        _ snapshot: ObjectSnapshot, by rules: PolicyRules, for destination: String
    ) -> Judgement {
        do throws(PolicyFault) {
            let view = rules.view(of: try PolicyObject(snapshot), for: destination)
            return .visible(view, ExecutedCommand(snapshot))
        } catch {
            return .hidden(reason: error.description)
        }
    }

    /// A command line that is too long for a message stays here; its result does not.
    private static func bounded(_ command: [String]?) -> [String] {
        guard let command, command.count <= Submission.commandWordLimit,
            command.reduce(0, { $0 + $1.utf8.count }) <= Submission.commandByteLimit
        else { return [] }
        return command
    }
}
