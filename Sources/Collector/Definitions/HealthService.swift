internal import ConfigLanguage
internal import Monitoring

/// The forwarder's own health, the service `NODENAME!forwarder`: it exists without being defined,
/// and a definition may change how often it is reported, nothing else.
struct HealthService {
    /// `NODENAME!forwarder`.
    let name: ObjectName

    /// The health of the forwarder on this node.
    init(nodeName: String) {
        name = ObjectName.health(ofNode: nodeName)
    }

    /// How it is scheduled unless a definition says otherwise: every minute, and every half minute
    /// while a problem is fresh.
    static let checkInterval = Duration.seconds(60)
    /// See ``checkInterval``.
    static let retryInterval = Duration.seconds(30)

    /// What a definition may assign; all but the first two only say which service is meant.
    private static let allowed: Set<ByteString> = [
        "check_interval", "retry_interval", "host_name", "name", "package",
    ]

    /// What a definition assigns that it may not.
    func errors(in definition: ConfigObject) -> [Diagnostic] {
        let assigned = definition.attributeLocations.keys.sorted()
        return assigned.filter { !Self.allowed.contains($0) }.map { key in
            ObjectValidation.failure(
                definition,
                key,
                "The service '\(name)' is the forwarder's own health and is built in: a definition "
                    + "may set its check_interval and retry_interval only. Remove this attribute "
                    + "(or the import that brings it), or give the service another name."
            )
        }
    }

    /// When it is reported, with the intervals of a definition if there is one.
    func plan(_ definition: ConfigObject?) -> CheckPlan {
        CheckPlan(
            object: name,
            checkInterval: definition?.assignedSeconds("check_interval") ?? Self.checkInterval,
            retryInterval: definition?.assignedSeconds("retry_interval") ?? Self.retryInterval
        )
    }
}

extension ConfigObject {
    /// An assigned number of seconds; nil when the body does not say.
    fileprivate func assignedSeconds(_ attribute: ByteString) -> Duration? {
        guard attributes.contains(attribute) else { return nil }
        return seconds(attribute)
    }

    /// A number of seconds between a millisecond and ``Definitions/longestInterval``; nil for
    /// anything that is not a number above zero.
    func seconds(_ attribute: ByteString) -> Duration? {
        guard let number = self[attribute].toNumber, number > 0 else { return nil }
        let bounded = min(max(number, 0.001), Definitions.longestInterval.inSeconds)
        return .microseconds(Int64(bounded * 1_000_000))
    }
}
