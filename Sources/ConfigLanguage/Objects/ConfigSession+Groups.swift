extension ConfigSession {
    /// Puts new objects of a type into the groups that they match, and into the groups of those.
    func fillGroups(of type: String, with members: [ConfigObject]) {
        let lists = MemberLists()
        addMembers(type, members, lists)
        addNestedMembers(type, members, lists)
    }

    /// Puts the objects of a type into the groups whose filter they match.
    private func addMembers(
        _ type: String, _ members: [ConfigObject], _ lists: MemberLists
    ) {
        for group in groups(over: type) {
            guard let rule = group.schema.membership, let filter = group.declaration.filter else {
                continue
            }
            for member in members {
                guard !isFutile else { return }
                guarding(
                    group.schema,
                    group.name,
                    ignoring: false,
                    "while looking for members of \(group.schema.name) '\(group.name.text)'"
                ) { session throws(ConfigFault) in
                    let locals = group.captured?.shallowCopy() ?? DictionaryValue()
                    for (name, value) in rule.locals(member) { locals[name] = value }
                    session.mayDeclareObjects = false
                    defer { session.mayDeclareObjects = true }
                    guard try session.matches(filter, locals) else { return }
                    try session.add(group.name, to: member, rule.memberAttribute, lists)
                }
            }
        }
    }

    /// Puts the objects of a type into the groups that their groups are in.
    private func addNestedMembers(
        _ type: String, _ members: [ConfigObject], _ lists: MemberLists
    ) {
        for schema in schemaOrder {
            guard let rule = schema.membership, rule.memberType == type else { continue }
            for member in members {
                let groups = member[rule.memberAttribute].asArray?.elements ?? []
                guard !groups.isEmpty else { continue }
                guard !isFutile else { return }
                guarding(
                    member.schema,
                    member.fullName,
                    ignoring: false,
                    "while looking for the groups of \(type) '\(member.fullName.text)'"
                ) { session throws(ConfigFault) in
                    var visited: Set<ByteString> = []
                    for group in groups {
                        let name = group.toText
                        try session.addParents(
                            of: name, schema.name, rule, to: member, lists, &visited)
                    }
                }
            }
        }
    }

    /// Outermost first, as the language's own order of groups is.
    private func addParents(
        of group: ByteString,
        _ type: String,
        _ rule: MembershipRule,
        to member: ConfigObject,
        _ lists: MemberLists,
        _ visited: inout Set<ByteString>
    ) throws(ConfigFault) {
        try evaluator.spend(5, at: member.location)
        guard visited.insert(group).inserted, visited.count <= Self.mostNestedGroups,
            let object = registry.object(type: type, name: group)
        else { return }
        for parent in object[rule.nestedAttribute].asArray?.elements ?? [] {
            try addParents(of: parent.toText, type, rule, to: member, lists, &visited)
            try add(parent.toText, to: member, rule.memberAttribute, lists)
        }
    }

    /// Most groups that one object's groups may be in: 300, which bounds the stack.
    private static let mostNestedGroups = 300

    private func groups(over type: String) -> [PendingObject] {
        declared.values.flatMap(\.values)
            .filter { $0.schema.membership?.memberType == type && $0.declaration.filter != nil }
            .sorted { ($0.schema.name, $0.name) < ($1.schema.name, $1.name) }
    }

    private func add(
        _ group: ByteString,
        to member: ConfigObject,
        _ attribute: ByteString,
        _ lists: MemberLists
    ) throws(ConfigFault) {
        let read = lists.read(member, attribute)
        try evaluator.spend(1 + read, at: member.location)
        guard lists.add(group, to: member) else { return }
        try evaluator.charge(elements: 1, member.location)
    }
}

/// The groups of objects while groups are filled, so that each addition takes the same time however
/// many there are.
private final class MemberLists {
    private struct Entry {
        let array: ArrayValue
        var names: Set<ByteString>
    }

    private var entries: [ObjectIdentifier: Entry] = [:]

    /// Takes up an object's groups unless they are known; returns how many had to be read.
    func read(_ member: ConfigObject, _ attribute: ByteString) -> Int {
        let present = member.attributes[attribute]?.asArray
        // scripts that run in between may have changed them
        if let entry = entries[ObjectIdentifier(member)], entry.array === present,
            entry.array.count == entry.names.count
        {
            return 0
        }
        // a new array: the present one may be shared by other objects
        let array = ArrayValue(present?.elements ?? [])
        member.attributes[attribute] = .array(array)
        entries[ObjectIdentifier(member)] = Entry(
            array: array, names: Set(array.elements.compactMap(\.asString)))
        return array.count
    }

    /// Adds a group to those of an object that were read; false when it is among them.
    func add(_ group: ByteString, to member: ConfigObject) -> Bool {
        guard entries[ObjectIdentifier(member)]?.names.insert(group).inserted == true else {
            return false
        }
        entries[ObjectIdentifier(member)]?.array.elements.append(.string(group))
        return true
    }
}
