import Foundation
import Monitoring

/// ``StatusReport`` for people.
struct StatusText {
    let report: StatusReport

    var text: String {
        var lines = ["forwarder \(report.version) on \(report.node)"]
        if let pid = report.daemonPID {
            lines.append("  daemon    process \(pid), since \(Output.time(report.startedAt))")
        } else {
            lines.append("  daemon    not running")
        }
        lines.append("  uplink    \(report.separation)\(Self.sandbox(report.sandbox))")
        if let checks = report.checks {
            lines.append(
                """
                  checks    \(checks.objects) objects, \(checks.active) active, \
                \(checks.running) running, \(checks.problems) problems
                """)
        }
        if let passive = report.passive, passive.expected > 0 {
            lines += Self.lines(passive)
        }
        if let policy = report.policy {
            lines.append("  policy    \(Self.summary(policy))")
            lines += policy.warnings.map { "    warning \($0)" }
        }
        lines += (report.pauses ?? []).map {
            "    paused   \($0.object) until \(Output.time($0.until)) by \($0.author): \($0.reason)"
        }
        let spool = report.spool
        lines.append(
            """
              spool     \(spool.path): \(Self.bytes(spool.liveBytes)) in use, \
            \(Self.bytes(spool.fileBytes + spool.logBytes)) of \
            \(Self.bytes(spool.limitBytes)) on disk
            """)
        for destination in report.destinations {
            lines += Self.lines(destination)
            if let counts = report.rechecks?[destination.name], !counts.isEmpty {
                let texts = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
                lines.append("    rechecks  \(texts.joined(separator: ", "))")
            }
        }
        if report.alarms.isEmpty {
            lines.append("no alarms")
        } else {
            lines.append("alarms:")
            lines += report.alarms.map { "  ! \($0)" }
        }
        return lines.map { $0.printable + "\n" }.joined()
    }

    private static func lines(_ passive: StatusReport.Passive) -> [String] {
        let next = passive.next.map { ", next \($0) at \(Output.time(passive.nextAt))" } ?? ""
        let more = passive.staleCount - passive.stale.count
        let names = passive.stale.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
        return [
            """
              passive   results of \(Words.counted(passive.expected, "object")) expected, \
            \(passive.staleCount) stale\(next)
            """
        ] + (names.isEmpty ? [] : ["    stale    \(names)"])
    }

    private static func sandbox(_ sandbox: StatusReport.Sandbox?) -> String {
        guard let sandbox else { return "" }
        return sandbox.complaint.map { ", sandbox without \($0)" } ?? ", sandbox complete"
    }

    private static func summary(_ policy: StatusReport.Policy) -> String {
        guard policy.isPresent else { return "none at \(policy.path): own health alone leaves" }
        let roles = Words.counted(policy.roles.count, "role")
        return "\(policy.path): \(roles), read \(Output.time(policy.readAt))"
    }

    private static func lines(_ destination: StatusReport.Destination) -> [String] {
        var lines = ["  \(destination.name)"]
        let version = destination.masterVersion.map { ", Icinga \($0)" } ?? ""
        let skew = destination.skewSeconds.map {
            ", its clock is \(decimal($0)) s \($0 < 0 ? "behind" : "ahead")"
        }
        lines.append(
            "    link      \(destination.link) (\(destination.node)\(version)\(skew ?? ""))")
        lines.append(
            """
                queue     \(destination.queued) waiting, \(destination.unresolved) unresolved, \
            \(destination.kept) kept, \(destination.rejected) rejected, \
            \(destination.parkedObjects) objects parked
            """)
        if let fault = destination.fault {
            let next = destination.nextTry.map { ", next try \(Output.time($0))" } ?? ""
            lines.append("    stopped   since \(Output.time(destination.faultSince))\(next)")
            lines.append("              \(fault)")
        }
        if let oldest = destination.oldestExecution {
            lines.append("    oldest    \(Output.time(oldest))")
        }
        lines.append(
            """
                counted   \(destination.delivered) delivered, \(destination.repeated) repeated, \
            \(destination.superseded) superseded, \(destination.ignored) ignored, \
            \(destination.evicted) evicted, \(destination.evictedKept) evicted before proof, \
            \(destination.refused) refused, \(destination.dropped) dropped, \
            \(destination.discardedRepeats) repeats discarded, \(destination.overtaken) overtaken, \
            \(destination.compacted) skipped by replay, \(destination.withheld) withheld by policy
            """)
        lines += destination.ignoredReasons.map { "    ignored   \($0)" }
        lines += destination.withheldReasons.map { "    withheld  \($0)" }
        if !destination.overtakenObjects.isEmpty {
            let more = destination.overtakenObjectCount - destination.overtakenObjects.count
            let names = destination.overtakenObjects.joined(separator: ", ")
            lines.append(
                """
                    overtaken \(names)\(more > 0 ? " and \(more) more" : ""): the newest result \
                there is not this host's
                """)
        }
        return lines
    }

    private static func decimal(_ seconds: Double) -> String {
        let rounded = (abs(seconds) * 1000).rounded() / 1000
        return "\(rounded)"
    }

    private static func bytes(_ count: Int) -> String {
        count < 1 << 20
            ? "\((count + 1023) / 1024) KiB" : "\((count + (1 << 20) - 1) / (1 << 20)) MiB"
    }
}
