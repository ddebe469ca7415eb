package import Monitoring

/// An operator's wish that an object's check is not run for a while.
///
/// It hides no problem: while it lasts, the object's last state is told again each time its check
/// is due, with the reason. A problem that is soft becomes hard by
/// that: nobody looks at it any more.
package struct ObjectPause: Sendable, Hashable {
    /// Why, in words for people on both sides; one line.
    package var reason: String
    /// Who asked for it, as this host names its users.
    package var author: String
    /// When it began, by this host's clock.
    package var since: Timestamp
    /// When it ends, by this host's clock.
    package var until: Timestamp

    /// Most bytes of a reason.
    ///
    /// 200: what is read at a glance.
    package static let reasonByteLimit = 200
    /// Longest pause.
    ///
    /// 366 days: what is not to be checked at all is taken out of the definitions.
    package static let longest = Duration.seconds(366 * 86_400)

    /// A pause with all its parts.
    package init(reason: String, author: String, since: Timestamp, until: Timestamp) {
        self.reason = reason
        self.author = author
        self.since = since
        self.until = until
    }
}

extension ObjectPause: CustomStringConvertible {
    package var description: String {
        "PAUSED until \(LocalTime(until).longDateTime): \(reason)"
    }

    /// What is told instead of a check: the last state, whose name stands there too.
    ///
    /// Not what the last check said: that was made of what the object was then, and is masked by
    /// what it is now.
    func output(_ state: ServiceState?, of object: ObjectName) -> PluginOutput {
        let name = state.map { object.isHost ? $0.asHostState.name : $0.name }
        let last = name.map { "last state \($0)" } ?? "never checked"
        return PluginOutput(
            bytes: Array("\(self) - \(last)".utf8.map { $0 == pipe ? slash : $0 }),
            ending: .exited(Int32((state ?? .unknown).rawValue)))
    }
}

/// What begins performance data, and what stands for it here.
private let pipe = UInt8(ascii: "|")
private let slash = UInt8(ascii: "/")
