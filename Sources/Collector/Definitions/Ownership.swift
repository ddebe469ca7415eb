internal import ConfigLanguage

/// Which objects this client checks: those that name nobody else.
struct Ownership {
    private let nodeName: ByteString
    private let zoneName: ByteString

    /// The ownership rules of a node.
    init(_ settings: DefinitionSettings) {
        nodeName = ByteString(settings.nodeName)
        zoneName = ByteString(settings.zoneName)
    }

    /// Why somebody else checks this object; nil when it is ours.
    func reasonNotOurs(_ object: ConfigObject) -> String? {
        if isOwnHost(object) { return nil }
        let endpoint = object["command_endpoint"].toText
        if !endpoint.isEmpty, endpoint != nodeName {
            return "command_endpoint = \"\(endpoint)\""
        }
        // a service without a zone is in its host's, as in Icinga; the own host may well be in the
        // master's, which says nothing about what is checked here
        var zone = object["zone"].toText
        if zone.isEmpty, let host = object["host"].asObject, !isOwnHost(host) {
            zone = host["zone"].toText
        }
        if !zone.isEmpty, zone != zoneName, zone != nodeName { return "zone = \"\(zone)\"" }
        return nil
    }

    private func isOwnHost(_ object: ConfigObject) -> Bool {
        object.typeName == "Host" && object.name == nodeName
    }
}
