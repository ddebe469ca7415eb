import Monitoring
import Policy

/// Reads a policy file of these lines for the destinations production and backup.
func policy(
    _ text: String,
    destinations: [String]? = ["production", "backup"],
    nodeName: String? = nil
) throws(PolicyFault) -> PolicyRules {
    try PolicyReader.read(
        Array(text.utf8), file: "policy.ini", destinations: destinations, nodeName: nodeName)
}

/// What a policy file is refused for; empty when it is not.
func errors(
    _ text: String, destinations: [String]? = ["production", "backup"]
) -> [PolicyDiagnostic] {
    errors(bytes: Array(text.utf8), destinations: destinations)
}

/// The same for bytes that need not be text.
func errors(
    bytes: [UInt8], destinations: [String]? = ["production", "backup"]
) -> [PolicyDiagnostic] {
    do throws(PolicyFault) {
        _ = try PolicyReader.read(bytes, file: "policy.ini", destinations: destinations)
        return []
    } catch {
        guard case .unusable(let diagnostics) = error else { return [] }
        return diagnostics
    }
}

/// A role for production with these further lines, the first of which is line 3.
func role(_ lines: String, allowing permission: String = "icingadb/*") -> String {
    "[role]\nmasters = production\n\(lines)\npermissions = \(permission)\n"
}

/// A host or service with custom variables as JSON.
func object(
    _ name: String,
    hostGroups: [String] = [],
    serviceGroups: [String] = [],
    host: String = "{}",
    service: String = "{}",
    origin: PolicyObject.Origin = .scheduled
) throws -> PolicyObject {
    try PolicyObject(
        ObjectSnapshot(
            name: name, hostGroups: hostGroups, serviceGroups: serviceGroups,
            hostVariables: host, serviceVariables: service),
        origin: origin)
}

/// True when a filter of all objects lets this one through.
func matches(_ filter: String, _ object: PolicyObject) throws -> Bool {
    try policy(role("icingadb/filter/objects = \"\(filter.escaped)\""))
        .submission(of: object, to: "production").isAllowed
}

/// What is wrong with a filter, with the column in it.
func flaw(_ filter: String) -> (message: String, column: Int?)? {
    let prefix = "icingadb/filter/objects = "
    return errors(role(prefix + filter)).first.map {
        ($0.message, $0.column.map { $0 - prefix.utf8.count })
    }
}

extension String {
    /// With `\` before what a quoted value cannot hold.
    var escaped: String {
        flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }.map(String.init).joined()
    }
}

extension SplitMix {
    /// A number below `bound`.
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    /// One of `choices`, which must not be empty.
    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

    /// Up to `length` characters of `alphabet`.
    mutating func text(of alphabet: String, upTo length: Int) -> String {
        let letters = Array(alphabet)
        return String((0..<below(length + 1)).map { _ in pick(letters) })
    }
}
