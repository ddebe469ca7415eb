import Collector
import Foundation
import Monitoring

/// Whether the uplink can be started and use its keys, as it would itself find: its program is
/// looked at here, files and user are judged by `forwarder-uplink --check`.
struct UplinkInspection: Sendable {
    let program: UplinkProgram
    let masters: [MasterNode]
    private let isUnwanted: @Sendable () -> Bool

    /// - Parameter isUnwanted: true once nobody wants to know any more; what is said then is void.
    init(
        _ configuration: ForwarderConfiguration,
        isUnwanted: @escaping @Sendable () -> Bool = { false }
    ) {
        program = configuration.uplink
        masters = configuration.masters
        self.isUnwanted = isUnwanted
    }

    /// What keeps results from being delivered, with file and remedy.
    struct Complaint: Sendable, Hashable {
        /// The place of the master that nothing can be delivered to; nil: to none.
        var master: Int?
        var text: String
    }

    /// Everything that keeps results from being delivered.
    func complaintsAndWait() -> [Complaint] {
        if let flaw = programFlaw { return [Complaint(text: flaw)] }
        if areKeysOutOfSight { return [] }
        do throws(ChildFault) {
            return complaints(about: try question.askAndWait())
        } catch {
            return [Complaint(text: error.description)]
        }
    }

    /// The same, on a thread of its own.
    func complaints() async -> [Complaint] {
        if let flaw = programFlaw { return [Complaint(text: flaw)] }
        if areKeysOutOfSight { return [] }
        do throws(ChildFault) {
            return complaints(about: try await question.ask())
        } catch {
            return [Complaint(text: error.description)]
        }
    }

    /// Only the uplink's own user and root can read its keys then; the uplink says itself what is
    /// wrong with them.
    private var areKeysOutOfSight: Bool { program.socketPath != nil && geteuid() != 0 }

    private var question: UplinkQuestion {
        UplinkQuestion(
            program: program.path, arguments: ["--check"] + program.identityArguments(masters),
            patience: Self.patience, isUnwanted: isUnwanted)
    }

    /// How long the check of all keys may take.
    ///
    /// 30 s: on a host that is busy it waits for its turn, and good keys must not be refused then.
    private static let patience = Duration.seconds(30)

    /// What the answer to the question means.
    func complaints(about answer: UplinkQuestion.Answer) -> [Complaint] {
        let complaints = answer.lines.map(complaint)
        switch answer.ending {
        case .exited(0) where complaints.isEmpty, .exited(1) where !complaints.isEmpty:
            return complaints
        default:
            let text = """
                \(program.path) --check: \(answer.ending), without a verdict. Nothing can be \
                delivered by it. Install the forwarder-uplink of the same version as forwarder; \
                on a host so busy that the check took over \(Self.patience), have it made again \
                later.
                """
            return complaints + [Complaint(text: text)]
        }
    }

    private func complaint(_ line: String) -> Complaint {
        let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
        let problem = parts.last ?? line
        let sentence = problem.hasSuffix(".") ? problem : problem + "."
        guard let place = parts.first.flatMap({ Int($0) }), masters.indices.contains(place) else {
            return Complaint(
                text: "Uplink: \(sentence) Nothing can be delivered. Set the Uplink object's user.")
        }
        return Complaint(
            master: place,
            text: """
                Master '\(masters[place].name)': \(sentence) Nothing can be delivered to it. Mend \
                the file and reload, or set the Master object's certificate, private_key and ca \
                and restart the daemon.
                """)
    }

    private var programFlaw: String? {
        var status = stat()
        let path = program.path
        guard stat(path, &status) == 0 else {
            return ChildFault(program: path, errno: errno).description
        }
        guard status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0 else {
            return """
                \(path) is no program that may be executed. Nothing can be delivered. Install \
                forwarder-uplink beside forwarder, or set the Uplink object's program.
                """
        }
        let facts = FileFacts(
            owner: status.st_uid, permissions: UInt32(status.st_mode & 0o7777))
        return FileTrust(runningUser: geteuid()).complaint(about: path, facts).map {
            "\($0). Nothing should be delivered by it before that."
        }
    }
}
