import Monitoring
import Policy
import Testing

/// Random roles beside the plainest way to say who may what.
@Suite struct DecisionPropertyTests {
    private static let permissions = [
        "icingadb/command/process-check-result", "icingadb/command/schedule-check",
        "icingadb/command/schedule-check/active-only", "icingadb/object/show-source",
    ]
    private static let wildcards = permissions + ["*", "icingadb/command/*", "icingadb/object/*"]

    private struct Role {
        var masters: [String]
        var permissions: [String]
        var refusals: [String]
        var host: String?
        var service: String?

        init(_ random: inout SplitMix) {
            func some(_ names: [String], _ random: inout SplitMix) -> [String] {
                names.filter { _ in random.below(4) == 0 }
            }
            masters = [random.pick(["m1", "m2"])] + (random.below(3) == 0 ? ["m3"] : [])
            permissions = some(wildcards, &random)
            if permissions.isEmpty { permissions = [random.pick(wildcards)] }
            refusals = random.below(4) == 0 ? [random.pick(wildcards)] : []
            host = random.below(2) == 0 ? random.pick(["a", "b"]) : nil
            service = random.below(3) == 0 ? random.pick(["x", "y"]) : nil
        }

        func text(_ name: Int) -> String {
            var lines = ["[\(name)]", "masters = \(masters.joined(separator: ","))"]
            lines.append("permissions = \(permissions.joined(separator: ", "))")
            if !refusals.isEmpty { lines.append("refusals = \(refusals[0])") }
            if let host { lines.append("icingadb/filter/hosts = host.name=\(host)") }
            if let service { lines.append("icingadb/filter/services = service.name=\(service)") }
            return lines.joined(separator: "\n")
        }

        func isAbout(_ object: ObjectName) -> Bool {
            (host == nil || host == object.host)
                && (service == nil || object.service == nil || service == object.service)
        }

        static func names(_ list: [String], _ permission: String) -> Bool {
            list.contains { entry in
                entry == permission
                    || (entry.hasSuffix("*") && permission.hasPrefix(entry.dropLast()))
            }
        }
    }

    private static func isAllowed(
        _ permission: String, _ object: ObjectName, _ roles: [Role]
    ) -> Bool {
        let isRefused = roles.contains { role in
            Role.names(role.refusals, permission)
                || (permission == permissions[2] && Role.names(role.refusals, permissions[1]))
        }
        return !isRefused
            && roles.contains { $0.isAbout(object) && Role.names($0.permissions, permission) }
    }

    @Test(arguments: 0..<4)
    func `every decision is what the plain words say, and has a reason`(seed: Int) throws {
        var random = SplitMix(seed: UInt64(500 + seed))
        let objects = try ["a", "b", "a!x", "a!y", "b!x"].flatMap { name in
            [try object(name), try object(name, origin: .submitted)]
        }
        var (yes, no) = (0, 0)
        for round in 0..<120 {
            let roles = (0..<(1 + random.below(4))).map { _ in Role(&random) }
            let text = roles.enumerated().map { $1.text($0) }.joined(separator: "\n")
            let rules = try policy(text, destinations: nil)
            for object in objects {
                let destination = random.pick(["m1", "m2", "m3"])
                let naming = roles.filter { $0.masters.contains(destination) }
                func expected(_ place: Int) -> Bool {
                    Self.isAllowed(Self.permissions[place], object.name, naming)
                }
                let isScheduled = object.origin == .scheduled
                let recheck = rules.recheck(of: object, by: destination)
                let decisions = [
                    (rules.submission(of: object, to: destination), expected(0)),
                    (recheck.decision, expected(1) || (isScheduled && expected(2))),
                    (rules.source(of: object, for: destination), expected(3)),
                ]
                for (decision, isAllowed) in decisions {
                    let message = "round \(round): \(object.name) at \(destination)\n\(text)"
                    #expect(decision.isAllowed == isAllowed, "\(message)\n\(decision)")
                    #expect(!decision.reasons.isEmpty)
                    if isAllowed { yes += 1 } else { no += 1 }
                }
                #expect(recheck.allowances.isEmpty != recheck.decision.isAllowed)
            }
        }
        #expect(yes > 300 && no > 300, "the property was hardly asked: \(yes), \(no)")
    }
}
