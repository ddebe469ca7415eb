import Foundation
import Synchronization

/// A real Icinga 2 master of a test's own: on a free port of 127.0.0.1, in a folder of its own,
/// with its own certificate authority, beside whatever else runs on the machine.
///
/// It is stopped when the last reference goes, and killed by a guard when the test process dies.
package final class PrivateMaster: Sendable {
    /// The master's node name, and the name of its zone.
    package static let name = "master"

    /// True when this machine has Icinga 2.
    package static var isAvailable: Bool { IcingaInstallation.installed != nil }

    /// What to say where a test is skipped without it.
    package static let absence = "Icinga 2 is not installed: run `make test` as root"

    /// Everything it reads and writes.
    package let folder: TemporaryDirectory
    /// Who signed its certificate and its clients'.
    package let authority: CertificateAuthority
    /// The master's own certificate.
    package let identity: CertificateAuthority.Identity
    /// Its own name: ``name``, unless it is one of several.
    package let nodeName: String
    private let zone: Zone
    private let loopback: LoopbackPort
    private let password = UUID().uuidString
    private let logLevel: String
    private let installation: IcingaInstallation?
    private let running = Mutex<Running?>(nil)

    private struct Running {
        var guardian: ChildProcess
        var pid: pid_t
    }

    /// Prepares a master that is not started yet.
    ///
    /// - Parameters:
    ///   - configuration: what it is to know besides itself, in Icinga's configuration language.
    ///   - identity: its certificate; one of its authority for its own name when nil.
    ///   - logLevel: `information` shows each request; benchmarks choose `warning`.
    ///   - installation: the Icinga 2 that it is.
    package convenience init(
        configuration: String = "",
        authority: CertificateAuthority? = nil,
        identity: CertificateAuthority.Identity? = nil,
        logLevel: String = "information",
        name: String = PrivateMaster.name,
        installation: IcingaInstallation? = .installed
    ) throws {
        let port = try LoopbackPort()
        try self.init(
            configuration: configuration,
            authority: authority,
            identity: identity,
            logLevel: logLevel,
            zone: Zone(name: name, nodes: [(name, port)]),
            place: 0,
            installation: installation
        )
    }

    /// Prepares one node of a zone; all of its nodes need the same authority.
    init(
        configuration: String,
        authority: CertificateAuthority?,
        identity: CertificateAuthority.Identity?,
        logLevel: String,
        zone: Zone,
        place: Int,
        installation: IcingaInstallation? = .installed
    ) throws {
        self.installation = installation
        folder = try TemporaryDirectory("master")
        self.zone = zone
        (nodeName, loopback) = zone.nodes[place]
        self.authority = try authority ?? CertificateAuthority()
        self.identity = try identity ?? self.authority.issue(nodeName)
        self.logLevel = logLevel
        for name in ["lib/certs", "lib/ca", "cache", "log", "spool", "run/cmd", "zones.d", "extra"]
        {
            try folder.makeFolder(name)
        }
        try install(identity: self.identity, authority: self.authority)
        try folder.write(mainConfiguration, to: "icinga2.conf")
        try write(configuration: configuration)
    }

    deinit {
        // lost on purpose: the guard kills what is left
        try? kill()
    }

    /// Starts a master, hands it to `body`, and stops it whatever happens there.
    package static func run<Result>(
        _ configuration: String = "",
        logLevel: String = "information",
        _ body: (PrivateMaster) async throws -> Result
    ) async throws -> Result {
        let master = try PrivateMaster(configuration: configuration, logLevel: logLevel)
        try master.start()
        defer { try? master.kill() }  // lost on purpose: the guard kills what is left
        return try await body(master)
    }

    /// The name of its zone.
    package var zoneName: String { zone.name }

    /// The port of its API on 127.0.0.1.
    package var port: Int { loopback.number }

    /// The ApiUser with all rights, as `name:password`, for a test's own questions.
    package var administrator: String { "root:\(password)" }

    /// What it logged so far, over all its starts.
    package var log: String {
        // lost on purpose: no log yet is an empty log
        let data = try? Data(contentsOf: folder.url.appendingPathComponent("log/master.log"))
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    /// Replaces one file of its configuration; it counts from the next start or reload on.
    package func write(configuration: String, to name: String = "test") throws {
        try folder.write(configuration, to: "extra/\(name).conf")
    }

    /// Gives it another certificate; it counts from the next start on.
    package func install(
        identity: CertificateAuthority.Identity,
        authority: CertificateAuthority
    ) throws {
        for (source, target) in [
            (identity.certificate, "\(nodeName).crt"), (identity.key, "\(nodeName).key"),
            (authority.certificate, "ca.crt"),
        ] {
            let text = try String(contentsOfFile: source, encoding: .utf8)
            try folder.write(text, to: "lib/certs/\(target)")
        }
    }
}

// MARK: - Start and stop

extension PrivateMaster {
    /// Starts it, with the state of its last stop, and returns when its API answers.
    package func start() throws {
        guard let installation else { throw SupportFault("Icinga 2 is not installed") }
        let launch = launch(installation)
        try running.withLock { running in
            guard running == nil else { return }
            // lost on purpose: there is none before the first start
            try? FileManager.default.removeItem(atPath: folder.path("run/test.pid"))
            let guardian = try ChildProcess("bash", ["-c", Self.guardScript, "guard"] + launch)
            let pid = try eventually("the master has a process id") {
                Int32(readFile("run/test.pid").trimmingCharacters(in: .whitespacesAndNewlines))
            }
            running = Running(guardian: guardian, pid: pid)
        }
        do {
            try eventually("the master answers") {
                if try !isRunning() { throw SupportFault("the master did not start") }
                // lost on purpose: nobody listens yet
                return (try? get("/v1").status) == 200
            }
        } catch {
            let said = log
            try kill()
            throw SupportFault("\(error)\n\(said.suffix(4000))")
        }
    }

    /// Ends it as an administrator would: it saves its state first.
    package func stop() throws {
        guard let running = takeRunning() else { return }
        Glibc.kill(running.pid, SIGTERM)
        do {
            _ = try running.guardian.wait()
        } catch {
            Glibc.kill(-running.pid, SIGKILL)
            throw error
        }
    }

    /// Ends it as a power cut would: what it did not save is lost.
    package func kill() throws {
        guard let running = takeRunning() else { return }
        Glibc.kill(-running.pid, SIGKILL)
        _ = try running.guardian.wait()
    }

    /// Stops and starts it; its state stays.
    package func restart() throws {
        try stop()
        try start()
    }

    /// Makes it hang: connections stay open, nothing is answered.
    package func pause() { signal(SIGSTOP) }

    /// Lets a paused master go on.
    package func resume() { signal(SIGCONT) }

    /// Makes it read its configuration again, and returns when the new process answers.
    package func reload() throws {
        let before = try workerPid()
        askToReload()
        try eventually("the reloaded master answers") {
            // lost on purpose: between the two processes nobody listens
            guard let now = try? workerPid() else { return false }
            return now != before
        }
    }

    /// What `icinga2 daemon -C` says about its configuration.
    package func validate() throws -> Command.Outcome {
        guard let installation else { throw SupportFault("Icinga 2 is not installed") }
        let arguments = ["daemon", "-C", "-c", folder.path("icinga2.conf")]
        let words = installation.command(
            arguments + Self.options(folder: folder.path),
            folder: folder.path
        )
        let user = ["ICINGA2_USER=root", "ICINGA2_GROUP=root"]
        return try Command.run("env", user + words)
    }

    /// Asks it to read its configuration again, and waits for nothing.
    package func askToReload() {
        running.withLock { running in
            if let running { _ = Glibc.kill(running.pid, SIGHUP) }
        }
    }

    /// Returns when its API answers.
    package func waitUntilReady() throws {
        // lost on purpose: between two processes nobody listens
        try eventually("the master answers") { (try? get("/v1").status) == 200 }
    }

    /// True while its process is there.
    package func isRunning() throws -> Bool {
        running.withLock { $0.map { $0.guardian.poll() == nil } ?? false }
    }

    private func workerPid() throws -> Double {
        let answer = try get("/v1/status/IcingaApplication").json
        let status = answer["results"][0]["status"]["icingaapplication"]["app"]
        guard let pid = status["pid"].number else { throw SupportFault("no pid in \(answer)") }
        return pid
    }

    private func takeRunning() -> Running? {
        running.withLock { running in
            defer { running = nil }
            return running
        }
    }

    private func signal(_ number: Int32) {
        running.withLock { running in
            if let running { _ = Glibc.kill(-running.pid, number) }
        }
    }

    private func readFile(_ name: String) -> String {
        // lost on purpose: no file yet reads as empty
        (try? String(contentsOfFile: folder.path(name), encoding: .utf8)) ?? ""
    }
}

// MARK: - How it is run

extension PrivateMaster {
    /// The binary of the Icinga 2 that is installed on this machine.
    package static var binary: String? { IcingaInstallation.installed?.binary }

    /// The options that keep all of Icinga's files below `folder`.
    package static func options(folder: String) -> [String] {
        [
            "DataDir=\(folder)/lib", "CacheDir=\(folder)/cache", "LogDir=\(folder)/log",
            "SpoolDir=\(folder)/spool", "InitRunDir=\(folder)/run", "ConfigDir=\(folder)",
            "ZonesDir=\(folder)/zones.d",
        ].flatMap { ["-D", $0] }
    }

    /// Runs the master in a session of its own until it ends or the test process is gone.
    private static let guardScript = """
        test=$1 folder=$2; shift 2
        export ICINGA2_USER=root ICINGA2_GROUP=root
        setsid -- "$@" >>"$folder/log/master.log" 2>&1 &
        master=$!
        echo $master >"$folder/run/test.tmp"; mv "$folder/run/test.tmp" "$folder/run/test.pid"
        setsid -- bash -c 'tail --pid="$1" -f /dev/null; kill -KILL -- "-$2"' - "$test" "$master" &
        watch=$!
        # by its number: "wait -n" would not tell of one that has ended before
        wait "$master"
        status=$?
        kill -KILL -- "-$master" 2>/dev/null
        kill -KILL -- "-$watch" "$watch" 2>/dev/null
        exit $status
        """

    private func launch(_ installation: IcingaInstallation) -> [String] {
        let daemon = ["daemon", "-x", logLevel, "-c", folder.path("icinga2.conf")]
        let command = installation.command(
            daemon + Self.options(folder: folder.path),
            folder: folder.path
        )
        return [String(ProcessInfo.processInfo.processIdentifier), folder.path] + command
    }

    private var mainConfiguration: String {
        """
        const NodeName = "\(nodeName)"
        const ZoneName = "\(zone.name)"
        const PluginDir = "/usr/lib/nagios/plugins"
        include <itl>
        include <plugins>
        \(zone.configuration)
        object CheckerComponent "checker" { }
        object ApiListener "api" {
            bind_host = "127.0.0.1"
            bind_port = \(port)
        }
        object ApiUser "root" {
            password = "\(password)"
            permissions = [ "*" ]
        }
        include "extra/*.conf"
        """
    }
}
