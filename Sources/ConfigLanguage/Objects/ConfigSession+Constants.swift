extension ConfigSession {
    /// The value of a global constant as the files left it; nil when there is none of that name.
    public func constant(_ name: ByteString) -> Value? {
        let built = evaluator.prototypes
        return evaluator.globals[name] ?? built.configuration[name] ?? built.system[name]
            ?? built.icinga[name]
    }

    /// Puts the host program's constants where scripts expect them.
    func define(constants: [ByteString: Value]) {
        for (name, value) in constants {
            switch name {
            case _ where Self.icingaConstants.contains(name):
                evaluator.prototypes.icinga[name] = value
            case _ where name.hasPrefix("DbCat"):
                evaluator.prototypes.icinga[name] = value
            case _ where Self.systemConstants.contains(name) || name.hasPrefix("Facility"):
                evaluator.prototypes.system[name] = value
            case _ where Self.configurationConstants.contains(name):
                evaluator.prototypes.configuration[name] = value
            default:
                evaluator.globals[name] = value
                evaluator.givenConstants.insert(name)
            }
        }
    }

    /// What belongs to the namespace `Icinga`: states, and types of notifications.
    private static let icingaConstants: Set<ByteString> = [
        "OK", "Warning", "Critical", "Unknown", "Up", "Down",
        "ServiceOK", "ServiceWarning", "ServiceCritical", "ServiceUnknown", "HostUp", "HostDown",
        "Problem", "Recovery", "Acknowledgement", "Custom", "DowntimeStart", "DowntimeEnd",
        "DowntimeRemoved", "FlappingStart", "FlappingEnd", "DowntimeNoChildren",
        "DowntimeTriggeredChildren", "DowntimeNonTriggeredChildren",
    ]

    /// What belongs to the namespace `System`: the program and its machine.
    private static let systemConstants: Set<ByteString> = [
        "ApplicationVersion", "PlatformName", "PlatformVersion", "PlatformKernel",
        "PlatformKernelVersion", "PlatformArchitecture", "ApplicationType",
    ]

    /// What belongs to the namespace `System.Configuration`: how the program is set up.
    private static let configurationConstants: Set<ByteString> = [
        "ApiBindHost", "ApiBindPort", "AttachDebugger", "CacheDir", "Concurrency", "ConfigDir",
        "DataDir", "EventEngine", "IncludeConfDir", "InitRunDir", "LocalStateDir", "LogDir",
        "ModAttrPath", "ObjectsPath", "PidPath", "PkgDataDir", "PrefixDir", "ProgramData",
        "RLimitFiles", "RLimitProcesses", "RLimitStack", "RunAsGroup", "RunAsUser", "RunDir",
        "SpoolDir", "StatePath", "SysconfDir", "TlsHandshakeTimeout", "VarsPath", "ZonesDir",
    ]
}

extension ConfigSession: ObjectFinder {
    func object(type: String, name: ByteString) -> ConfigObject? {
        registry.object(type: type, name: name)
    }

    func objects(type: String) -> [ConfigObject] {
        registry.objects(ofType: type)
    }

    func template(type: String, name: ByteString) -> Value? {
        templates[ByteString(type)]?[name].map(shown)
    }

    func templates(type: String) -> [Value] {
        (templates[ByteString(type)] ?? [:]).sorted { $0.key < $1.key }.map { shown($0.value) }
    }

    /// What scripts see of a template: its type and name, and where it is defined.
    private func shown(_ template: PendingObject) -> Value {
        [
            "type": .text(template.schema.name), "name": .string(template.name),
            "location": .text(template.location.description),
        ]
    }

    /// Makes the functions known that find objects, and closes the built-in namespaces.
    func defineFinders() {
        let built = evaluator.prototypes
        let types = Set(schemas.keys.map(\.text))
        ObjectFunctions.define(
            in: NativeTable(entries: built.system, owner: "System"),
            finder: self
        )
        ObjectFunctions.define(
            in: NativeTable(entries: built.icinga, owner: "Icinga"),
            types: types,
            finder: self
        )
        for (name, namespace) in [
            ("System", built.system), ("Types", built.types), ("Icinga", built.icinga),
        ] as [(ByteString, DictionaryValue)] {
            evaluator.globals[name] = .dictionary(namespace)
            evaluator.givenConstants.insert(name)
        }
        built.freeze()
    }
}
