import ConfigLanguage

/// Files that exist in memory only.
struct MemoryFiles: ConfigFileReader {
    var content: [String: String] = [:]

    func read(_ path: String) throws(ConfigFault) -> [UInt8] {
        guard let text = content[path] else {
            throw .unreadable(Diagnostic("'\(path)' does not exist."))
        }
        return Array(text.utf8)
    }

    func files(matching pattern: String) -> [String] {
        guard pattern.hasSuffix("*.conf") else {
            return content[pattern] == nil ? [] : [pattern]
        }
        return files(below: String(pattern.dropLast(7)), matching: "*.conf")
    }

    func files(below directory: String, matching pattern: String) -> [String] {
        content.keys.filter { $0.hasPrefix(directory + "/") && $0.hasSuffix(".conf") }.sorted()
    }
}

/// Types in the manner of the real ones, small enough to see through.
enum TestTypes {
    static let common: [AttributeSchema] = [
        AttributeSchema("display_name", .string) { .string($0.name) },
        AttributeSchema("vars", .dictionary),
        AttributeSchema("groups", .array) { _ in .array(ArrayValue()) },
        AttributeSchema("check_command", .string),
        AttributeSchema("check_interval", .number) { _ in 300 },
        AttributeSchema("retry_interval", .number) { _ in 60 },
        AttributeSchema("max_check_attempts", .number) { _ in 3 },
        AttributeSchema("enable_active_checks", .boolean) { _ in true },
    ]

    static let onHost = ApplyTarget(
        "Host",
        locals: { [("host", .object($0))] },
        presets: { [("host_name", .string($0.fullName))] }
    )

    static let onService = ApplyTarget(
        "Service",
        locals: serviceLocals,
        presets: { service -> [(ByteString, Value)] in
            [("host_name", service["host_name"] as Value), ("service_name", .string(service.name))]
        }
    )

    @Sendable static func serviceLocals(_ service: ConfigObject) -> [(ByteString, Value)] {
        [("host", service["host"] as Value), ("service", .object(service))]
    }

    static let all: [ObjectTypeSchema] = [
        ObjectTypeSchema(
            "Host",
            attributes: common + [
                AttributeSchema("address", .string), AttributeSchema("address6", .string),
            ],
            evaluatedAfter: ["CheckCommand"]
        ),
        ObjectTypeSchema(
            "Service",
            attributes: common + [
                AttributeSchema("host_name", .string, isRequired: true),
                AttributeSchema("host") { service, registry in
                    registry?.object(type: "Host", name: service["host_name"].toText)
                        .map { .object($0) } ?? .null
                },
            ],
            naming: .composed(["host_name"]),
            applyTargets: [onHost],
            evaluatedAfter: ["Host"]
        ),
        ObjectTypeSchema(
            "HostGroup",
            attributes: common,
            membership: MembershipRule(memberType: "Host") { [("host", .object($0))] }
        ),
        ObjectTypeSchema(
            "ServiceGroup",
            attributes: common,
            membership: MembershipRule(memberType: "Service", locals: serviceLocals)
        ),
        ObjectTypeSchema(
            "CheckCommand",
            attributes: [
                AttributeSchema("command", .any), AttributeSchema("arguments", .dictionary),
                AttributeSchema("env", .dictionary), AttributeSchema("timeout", .number),
                AttributeSchema("vars", .dictionary), AttributeSchema("execute", .any),
            ]
        ),
        ObjectTypeSchema("TimePeriod", acceptsAnyAttribute: true),
        .ignored("Notification", applyTargets: [onHost, onService]),
        .ignored("Dependency", applyTargets: [onHost, onService]),
        .ignored("ScheduledDowntime", applyTargets: [onHost, onService]),
        .ignored("NotificationCommand"), .ignored("EventCommand"), .ignored("User"),
        .ignored("UserGroup", membership: MembershipRule(memberType: "User") { _ in [] }),
        .ignored("IcingaApplication"), .ignored("Zone"),
        .ignored("Endpoint"), .ignored("ApiUser"),
    ]
}

/// A session over texts in memory.
func session(
    _ text: String,
    files: [String: String] = [:],
    constants: [ByteString: Value] = [:],
    functions: [FunctionValue] = [],
    includePaths: [String] = [],
    limits: EvaluationLimits = EvaluationLimits(),
    surroundings: Surroundings = .fixed
) -> ConfigSession {
    let session = ConfigSession(
        schemas: TestTypes.all,
        constants: constants,
        functions: functions,
        includePaths: includePaths,
        reader: MemoryFiles(content: files),
        limits: limits,
        surroundings: surroundings
    )
    session.load(text: Array(text.utf8), name: "/etc/test/main.conf")
    return session
}

/// Names that exist in memory only.
struct MemoryPaths: PathLookup {
    var files: [String] = ["/etc/a.conf", "/etc/b.txt", "/etc/sub/c.conf", "/etc/.hidden"]

    func exists(_ path: String) -> Bool { kind(of: path) != nil }

    func kind(of path: String) -> PathEntry.Kind? {
        if files.contains(path) { return .file }
        let folder = path.hasSuffix("/") ? path : path + "/"
        return files.contains { $0.hasPrefix(folder) } ? .directory : nil
    }

    func entries(of directory: String, limit: Int) throws(PathFault) -> [PathEntry] {
        let folder = directory.hasSuffix("/") ? directory : directory + "/"
        let inside = files.filter { $0.hasPrefix(folder) }.map { $0.dropFirst(folder.count) }
        let names = Set(inside.map { String($0.prefix { $0 != "/" }) })
        guard names.count <= limit else { throw .tooManyNames }
        // ENOENT
        guard !names.isEmpty else { throw .unreadable(directory: directory, code: 2) }
        return names.map(PathEntry.init)
    }
}

extension Surroundings {
    /// A world in which nothing changes.
    static var fixed: Surroundings {
        Surroundings(
            now: { 1_000_000_000.5 },
            random: { 1 << 62 },
            environment: { $0 == "LANG" ? "C" : nil },
            paths: MemoryPaths(),
            calendar: .utc
        )
    }
}

/// A committed session; every error fails the test that throws.
func committed(
    _ text: String,
    files: [String: String] = [:],
    constants: [ByteString: Value] = [:]
) throws(ConfigFault) -> ConfigSession {
    let session = session(text, files: files, constants: constants)
    try session.commit()
    return session
}

/// All errors of a text.
func errors(in text: String, files: [String: String] = [:]) -> [Diagnostic] {
    do throws(ConfigFault) {
        try session(text, files: files).commit()
        return []
    } catch {
        return error.diagnostics
    }
}

/// The value of an expression or the last statement.
func value(
    _ text: String,
    limits: EvaluationLimits = EvaluationLimits()
) throws(ConfigFault) -> Value {
    try session("", limits: limits).evaluate(Array(text.utf8))
}

/// The value as configuration text, or "error: …".
func shown(_ text: String) -> String {
    do throws(ConfigFault) {
        let result = try value(text)
        if case .string(let string) = result { return "\"\(string.text)\"" }
        if case .null = result { return "null" }
        return result.toText.text
    } catch {
        return "error: " + error.message
    }
}

/// "accepted", or the message of the syntax error.
func verdict(_ text: String) -> String {
    do throws(ConfigFault) {
        try ConfigSession.checkSyntax(
            of: Array(text.utf8), name: "test",
            applyTypes: ["Service", "Dependency", "Notification", "ScheduledDowntime"])
        return "accepted"
    } catch {
        return error.message
    }
}
