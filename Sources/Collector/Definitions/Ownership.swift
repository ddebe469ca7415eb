internal import ConfigLanguage

/// Which objects this client checks: those that name nobody else.
struct Ownership {
    private let nodeName: ByteString
    /// The zone of this node's name, the constant `ZoneName`, every zone that names this node among
    /// its endpoints, and zones that are everybody's.
    private let ownZones: Set<ByteString>

    /// The ownership rules of a node, whose zones these definitions may tell.
    init(_ settings: DefinitionSettings, _ session: ConfigSession) {
        let node = ByteString(settings.nodeName)
        let zones = session.registry.objects(ofType: "Zone").filter { zone in
            zone["global"].isTruthy
                || zone["endpoints"].asArray?.elements.contains { $0.toText == node } == true
        }
        nodeName = node
        ownZones = Set([node, Self.zoneName(session, settings)] + zones.map(\.fullName))
    }

    /// The constant `ZoneName`, to which the files may have given another value.
    private static func zoneName(
        _ session: ConfigSession, _ settings: DefinitionSettings
    ) -> ByteString {
        do throws(ConfigFault) {
            return try session.evaluate(Array("ZoneName".utf8)).toText
        } catch {
            return ByteString(settings.zoneName)
        }
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
