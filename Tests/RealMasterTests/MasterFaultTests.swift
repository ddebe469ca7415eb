import Foundation
import TestSupport
import Testing

/// A master that cannot be used: nothing is lost, the operator is told what to do, and once it is
/// mended everything arrives by itself.
///
/// A master that closes in the middle of an answer is in `UplinkSessionTests`, where a scripted
/// server does it on purpose.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct MasterFaultTests {
    /// What is wrong with a master's certificate.
    enum CertificateFlaw: CaseIterable, CustomStringConvertible {
        case otherAuthority
        case otherName
        case expired

        var description: String {
            switch self {
            case .otherAuthority: "another CA's"
            case .otherName: "another name's"
            case .expired: "expired"
            }
        }

        /// What an operator has to read: what is wrong and what to do.
        var words: [String] {
            switch self {
            case .otherAuthority:
                ["master was issued by another CA", "Compare ca with the master's ca.crt"]
            case .otherName:
                ["not for the name master", "must be named as the master's NodeName"]
            case .expired: ["has expired", "Renew it on the master"]
            }
        }

        func install(on master: PrivateMaster) throws {
            let name = PrivateMaster.name
            switch self {
            case .otherAuthority:
                let other = try CertificateAuthority(name: "Other CA")
                try master.install(identity: other.issue(name), authority: other)
            case .otherName:
                // Icinga itself wants its own name as the common name; clients look further.
                let identity = try master.authority.issue(name, alternativeNames: ["master2"])
                try master.install(identity: identity, authority: master.authority)
            case .expired:
                let identity = try master.authority.issue(name, validity: .expired)
                try master.install(identity: identity, authority: master.authority)
            }
        }
    }

    private let walk = WalkingServices(count: 4, interval: 0.5)

    @Test(arguments: CertificateFlaw.allCases)
    func `a master with a wrong certificate gets nothing, and all of it once it is right`(
        flaw: CertificateFlaw
    ) throws {
        let (master, site) = try walk.prepare()
        try flaw.install(on: master)
        let flawed = try FlawedMaster(master)
        defer { flawed.end() }
        let seen = try site.withDaemon { daemon in
            try expectFault(saying: flaw.words, on: site)
            #expect(flawed.log.contains("/v1"), "it logs requests")
            #expect(!flawed.log.contains("process-check-result"))
            try flawed.stop()
            try master.install(identity: master.identity, authority: master.authority)
            let seen = try master.start(holding: daemon)
            try expectRecovery(of: site)
            #expect(try daemon.stop() == .exited(0))
            return seen
        }
        try expectAllDelivered(site, master, seen)
    }

    @Test func `a master that comes up after the forwarder gets everything by itself`() throws {
        let (master, site) = try walk.prepare()
        let seen = try site.withDaemon { daemon in
            try expectFault(saying: ["cannot be reached", "127.0.0.1"], on: site)
            let seen = try master.start(holding: daemon)
            try expectRecovery(of: site)
            #expect(try daemon.stop() == .exited(0))
            return seen
        }
        try expectAllDelivered(site, master, seen)
    }

    @Test func `a missing permission is named, and a reload that grants it suffices`() throws {
        let (master, site) = try walk.prepare()
        let rendered = try site.rendered()
        let permission = "actions/process-check-result"
        let weaker = rendered.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.contains(permission) }.joined(separator: "\n")
        try #require(weaker != rendered)
        try master.write(configuration: weaker, to: "site-\(site.node)")
        try master.start()
        let seen = try site.withDaemon { daemon in
            try expectFault(saying: [permission, "Add the permission to the ApiUser"], on: site)
            try site.renderInto(master)
            daemon.pause()
            try master.reload()
            let seen = try ProcessedResults(master)
            daemon.resume()
            try expectRecovery(of: site)
            #expect(try daemon.stop() == .exited(0))
            return seen
        }
        try expectAllDelivered(site, master, seen)
    }

    /// Expects that the fault says `words` while results gather.
    private func expectFault(saying words: [String], on site: ForwarderSite) throws {
        var last = ""
        do {
            try eventually("a fault says \(words)") {
                last = try site.destination()["fault"].string ?? ""
                return words.allSatisfy(last.contains)
            }
        } catch { throw SupportFault("\(error); it says: \(last)") }
        try eventually("results wait") { try site.waitingCount() >= 3 * walk.count }
        let status = try site.status()
        #expect(status["destinations"][0]["delivered"].number == 0)
        let alarms = status["alarms"].elements.compactMap(\.string)
        #expect(alarms.contains { alarm in words.allSatisfy(alarm.contains) }, "\(alarms)")
    }

    /// Expects that the daemon delivers what waited without anybody's help, and has no fault then.
    private func expectRecovery(of site: ForwarderSite) throws {
        let waited = try site.waitingCount()
        try eventually("all that waited was delivered") {
            let destination = try site.destination()
            let left = (destination["queued"].number ?? 0) + (destination["unresolved"].number ?? 0)
            return destination["fault"] == .null && left <= Double(walk.count)
                && Int(destination["delivered"].number ?? 0) >= waited
        }
        #expect(try site.status()["alarms"].elements.isEmpty)
    }

    private func expectAllDelivered(
        _ site: ForwarderSite,
        _ master: PrivateMaster,
        _ seen: ProcessedResults
    ) throws {
        // What the last moments added goes without a daemon.
        try site.flushAll()
        try walk.expectExactReplay(of: site, on: master, seen: seen.drain())
        try master.stop()
    }
}

/// A master in the folder of `master` whose certificate no client accepts; ``PrivateMaster`` would
/// wait for ever for an answer of it.
private final class FlawedMaster {
    private let child: ChildProcess
    private let address: String

    /// Starts it and returns when it takes connections.
    init(_ master: PrivateMaster) throws {
        let binary = try #require(PrivateMaster.binary)
        var environment = ProcessInfo.processInfo.environment
        environment["ICINGA2_USER"] = "root"
        environment["ICINGA2_GROUP"] = "root"
        // It ends by itself should the test process die.
        child = try ChildProcess(
            "timeout",
            ["--signal=KILL", "600", binary, "daemon", "-c", master.folder.path("icinga2.conf")]
                + PrivateMaster.options(folder: master.folder.path),
            environment: environment
        )
        address = "https://127.0.0.1:\(master.port)/v1"
        try eventually("the flawed master takes connections") {
            guard child.poll() == nil else { throw SupportFault("it ended: \(child.errorText)") }
            return try isListening()
        }
    }

    /// What it logged so far.
    var log: String { String(decoding: child.output, as: UTF8.self) + child.errorText }

    /// Ends it, and returns when nobody listens: Icinga shares its port, and a process of it that
    /// lingers would take connections meant for the next master.
    func stop() throws {
        child.signal(SIGKILL)
        _ = try child.wait()
        try eventually("the flawed master is gone") { try !isListening() }
    }

    private func isListening() throws -> Bool {
        try Command.run(
            "curl",
            ["--silent", "--insecure", "--noproxy", "*", "--max-time", "5", address]
        ).isSuccess
    }

    /// Ends all of its processes if they still run.
    func end() { child.signal(SIGKILL) }
}
