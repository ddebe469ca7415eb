internal import ConfigLanguage

/// Which objects this client checks: those that name nobody else.
struct Ownership {
    private let nodeName: ByteString
    /// Its own zone, the node's name, which stands for it, and zones that are everybody's.
    private let ownZones: Set<ByteString>

    /// The ownership rules of a node, which may know the zones of these definitions.
    init(_ settings: DefinitionSettings, _ registry: ObjectRegistry) {
        nodeName = ByteString(settings.nodeName)
        let global = registry.objects(ofType: "Zone").filter { $0["global"].isTruthy }
        ownZones = Set([nodeName, ByteString(settings.zoneName)] + global.map(\.fullName))
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
        return zone.isEmpty || ownZones.contains(zone) ? nil : "zone = \"\(zone)\""
    }

    private func isOwnHost(_ object: ConfigObject) -> Bool {
        object.typeName == "Host" && object.name == nodeName
    }
}
