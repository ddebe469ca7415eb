/// Reads `policy.ini`: bytes to roles, or everything that is wrong with them.
///
/// What cannot mean something here is an error, never silently without effect.
package struct PolicyReader {
    /// Most roles of a file.
    ///
    /// 256: people write a handful; for each role and master the times of rechecks are kept.
    package static let roleLimit = 256
    /// Most bytes of a role's or destination's name.
    static let nameByteLimit = 255

    /// The destinations that are configured; nil when that is not known.
    private let destinations: [String]?
    private(set) var ini: IniReader
    private var roles: [PolicyRole] = []
    private var keyColumns: [PolicyDirective: Int] = [:]
    /// True while lines belong to a section that was refused.
    private var isSectionRefused = false
    /// Lines that are no directive: who knows what they were meant to say.
    private var unread: [Int]
    private var isOverRoleLimit = false

    /// Reads a file's bytes.
    ///
    /// `file` is the name that errors tell. `destinations` makes names of others errors. `nodeName`
    /// is this host's name.
    /// - Throws: `.unusable` with all errors of the file.
    package static func read(
        _ bytes: [UInt8],
        file: String,
        destinations: [String]? = nil,
        nodeName: String? = nil
    ) throws(PolicyFault) -> PolicyRules {
        var reader = PolicyReader(ini: IniReader(bytes, file: file), destinations: destinations)
        reader.readRoles()
        let errors = reader.ini.toldErrors
        guard errors.isEmpty else { throw .unusable(errors) }
        return PolicyRules(reader.roles, file: file, nodeName: nodeName)
    }

    private init(ini: IniReader, destinations: [String]?) {
        self.ini = ini
        self.destinations = destinations
        unread = ini.errors.compactMap(\.line)
    }

    // MARK: Sections

    private mutating func readRoles() {
        for line in ini.lines {
            switch line.item {
            case .section(let name):
                finishRole(before: line.number)
                begin(name, line: line.number)
            case .directive(let key, let value): readDirective(key, value, line: line.number)
            }
        }
        finishRole(before: .max)
    }

    private mutating func begin(_ text: IniReader.Text, line: Int) {
        let name = text.string
        isSectionRefused = true
        if name.isEmpty || text.bytes.count > Self.nameByteLimit {
            let limit = Self.nameByteLimit
            return ini.report(
                "A role's name has 1 to \(limit) bytes.",
                line: line,
                column: text.column
            )
        }
        if let first = roles.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
            return ini.report(
                "The role '\(name)' is already in line \(first.line). Join them.",
                line: line,
                column: text.column
            )
        }
        guard roles.count < Self.roleLimit else {
            if !isOverRoleLimit { ini.report("More than \(Self.roleLimit) roles.", line: line) }
            isOverRoleLimit = true
            return
        }
        isSectionRefused = false
        roles.append(PolicyRole(name: name, line: line))
        keyColumns = [:]
    }

    /// Looks at a role as a whole once all its lines are read.
    ///
    /// What a line that is no directive may have been meant to say is not missed.
    private mutating func finishRole(before end: Int) {
        guard !isSectionRefused, let role = roles.last else { return }
        if !unread.contains(where: { $0 > role.line && $0 < end }) {
            if role.lines[.masters] == nil {
                ini.report(
                    "The role '\(role.name)' is for no master. Add 'masters = NAME'.",
                    line: role.line
                )
            } else if role.lines.count == 1 {
                ini.report("The role '\(role.name)' says nothing. Remove it.", line: role.line)
            }
        }
        guard role.lines[.permissions] == nil || !role.permissions.isEmpty else { return }
        for (directive, line) in role.lines.sorted(by: { $0.value < $1.value }) {
            let needed = directive.neededPermissions
            guard !needed.isEmpty, !needed.contains(where: role.grants) else { continue }
            ini.report(
                """
                '\(directive.rawValue)' is about what this role allows, and it allows nothing of \
                that kind. Add \(needed[0].rawValue) to 'permissions', or remove the line.
                """,
                line: line,
                column: keyColumns[directive]
            )
        }
    }

    // MARK: Directives

    private mutating func readDirective(
        _ key: IniReader.Text,
        _ value: IniReader.Text,
        line: Int
    ) {
        if roles.isEmpty, !isSectionRefused {
            return ini.report(
                "A directive before the first section. Put '[ROLE]' above it.",
                line: line,
                column: key.column
            )
        }
        guard let directive = PolicyDirective(rawValue: key.string) else {
            unread.append(line)
            return ini.report(Self.unknown(key.string), line: line, column: key.column)
        }
        guard !isSectionRefused else { return }
        if let first = roles[roles.count - 1].lines[directive] {
            return ini.report(
                "'\(directive.rawValue)' is already in line \(first) of this role. Join them.",
                line: line,
                column: key.column
            )
        }
        roles[roles.count - 1].lines[directive] = line
        keyColumns[directive] = key.column
        guard !value.bytes.isEmpty else {
            return ini.report(
                "'\(directive.rawValue)' has no value. Give it one, or remove the line.",
                line: line,
                column: value.column
            )
        }
        set(directive, to: value, line: line)
    }

    private static func unknown(_ key: String) -> String {
        if let reason = PolicyDirective.reasonAgainst(key) {
            return "'\(key)' cannot be said here: \(reason)."
        }
        let names = PolicyDirective.allCases.map(\.rawValue)
        return "There is no directive '\(key)'.\(Suggestion.text(for: key, among: names))"
    }

    private mutating func set(_ directive: PolicyDirective, to value: IniReader.Text, line: Int) {
        let last = roles.count - 1
        switch directive {
        case .masters: roles[last].masters = items(value, line, flaw: masterFlaw).map(\.string)
        case .permissions: roles[last].permissions = permissions(value, line)
        case .refusals: roles[last].refusals = permissions(value, line)
        case .filterObjects, .filterHosts, .filterServices:
            guard let expression = filter(value, line: line) else { return }
            roles[last].filters.append(RoleFilter(directive, expression))
        case .denylistVariables: roles[last].denylist = variables(value, line)
        case .protectVariables: roles[last].protections = variables(value, line)
        case .denylistRoutes:
            let items = items(value, line, flaw: Self.routeFlaw)
            roles[last].deniedRoutes = items.compactMap { GroupRoute(rawValue: $0.string) }
        case .minimumInterval:
            roles[last].minimumInterval = reported(value, line) { text throws(ValueFlaw) in
                try PolicyDuration.read(text, from: .zero)
            }
        case .limit:
            roles[last].limit = reported(value, line, RecheckLimit.init(reading:))
        case .output:
            roles[last].output = reported(value, line, OutputLevel.init(reading:))
        }
    }

    private mutating func filter(_ value: IniReader.Text, line: Int) -> FilterExpression? {
        do throws(FilterReader.Failure) {
            return try FilterReader.read(value)
        } catch {
            ini.report(error.message, line: line, column: error.column)
            return nil
        }
    }

    private mutating func reported<Value>(
        _ value: IniReader.Text,
        _ line: Int,
        _ read: (String) throws(ValueFlaw) -> Value
    ) -> Value? {
        do throws(ValueFlaw) {
            return try read(value.string)
        } catch {
            ini.report(error.message, line: line, column: value.column)
            return nil
        }
    }

    // MARK: Lists

    private mutating func permissions(_ value: IniReader.Text, _ line: Int) -> [PermissionPattern] {
        items(value, line, flaw: PolicyPermission.flaw).map { PermissionPattern($0.string) }
    }

    private mutating func variables(_ value: IniReader.Text, _ line: Int) -> [MatchPattern] {
        items(value, line, flaw: Self.variableFlaw).map {
            MatchPattern($0.string, letterCase: .ignored)
        }
    }

    /// The items between commas that have no flaw; the others are reported.
    private mutating func items(
        _ value: IniReader.Text,
        _ line: Int,
        flaw: (String) -> String?
    ) -> [IniReader.Text] {
        var items: [IniReader.Text] = []
        var start = 0
        let comma = UInt8(ascii: ",")
        let ends = value.bytes.indices.filter { value.bytes[$0] == comma } + [value.bytes.count]
        for end in ends {
            let item = value.trimmed(start..<end)
            start = end + 1
            let isRepeated = items.contains { $0.bytes == item.bytes }
            let found =
                item.bytes.isEmpty
                ? "Nothing between two commas." : isRepeated ? "Twice in one list." : nil
            guard let message = found ?? flaw(item.string) else {
                items.append(item)
                continue
            }
            ini.report(message, line: line, column: item.column)
        }
        return items
    }

    private func masterFlaw(_ name: String) -> String? {
        if name.contains("*") {
            return "'masters' holds names of destinations, without '*'. Name each of them."
        }
        guard let destinations,
            !destinations.contains(where: { $0.utf8.elementsEqual(name.utf8) })
        else { return nil }
        let suggestion = Suggestion.text(for: name, among: destinations)
        return """
            There is no destination '\(name)'.\(suggestion) Destinations are the zones of Master \
            objects in forwarder.conf, or their names where they have no zone.
            """
    }

    private static func routeFlaw(_ name: String) -> String? {
        if GroupRoute(rawValue: name) != nil { return nil }
        if ["contacts", "contactgroups", "users", "usergroups"].contains(name) {
            return "'\(name)' do not exist on this host, so they never leave. Remove it."
        }
        let names = GroupRoute.allCases.map(\.rawValue)
        return """
            There is no kind of groups '\(name)'.\(Suggestion.text(for: name, among: names)) Kinds \
            are \(names.joined(separator: " and ")).
            """
    }

    private static func variableFlaw(_ path: String) -> String? {
        for prefix in ["host.vars.", "service.vars.", "vars."] where path.hasPrefix(prefix) {
            return """
                Variables are named without '\(prefix)' here. Did you mean \
                '\(path.dropFirst(prefix.count))'?
                """
        }
        return VariablePath.flaw(in: path)
    }
}
