import Foundation
import TestSupport

/// A host with a real daemon and a real uplink, and a scripted master that it takes for its own.
///
/// - `pulse` services are checked all the time, so that there always is something to deliver; each
///   of their results says which run it is.
/// - `asked`, `closed` and `idle` services show what a master can have run: the policy allows
///   rechecks of the first and the last, ``recheckLimit`` in all; none is due within the hour.
final class HostileScene {
    static let interval = 0.4
    static let recheckLimit = 5
    static let pulses = (1...4).map { "web1!pulse\($0)" }

    let stage: Stage
    let site: ForwarderSite
    let masters: [HostileMaster]
    let trap: LoopbackListener
    let daemon: RunningForwarder
    let uplink: pid_t
    let startedAt = ContinuousClock.now

    /// The first of the masters.
    var master: HostileMaster { masters[0] }

    /// Starts everything, and returns once results reach every master.
    ///
    /// - Parameters:
    ///   - count: how many masters there are, each a destination by itself.
    ///   - timeout: `connect_timeout` and `answer_timeout`.
    init(masters count: Int = 1, timeout: Double = 0.6) throws {
        let names = (1...count).map { "icinga\($0).example.org" }
        let impostors = try Impostors(name: names[0], alternativeNames: names)
        let ports = try names.map { _ in try LoopbackPort() }
        let trapPort = try LoopbackPort()
        masters = try ports.map { try HostileMaster(impostors.sound, port: $0) }
        trap = try LoopbackListener(port: trapPort)
        site = try ForwarderSite(
            places: zip(names, ports).map { ForwarderSite.Place(name: $0, port: $1.number) },
            authority: impostors.authority,
            identity: impostors.authority.issue("web1"),
            definitions: Self.definitions,
            masterAttributes: """
                grace = 0.1
                connect_timeout = \(timeout)
                answer_timeout = \(timeout)
                connections = \(count == 1 ? 1 : 2)
                window = 16
                watch_interval = 0.5
                """)
        stage = Stage(
            impostors: impostors, canary: site.folder.path("canary"), trapPort: trapPort.number)
        try site.plugin("pulse", Self.pulse)
        try site.plugin("asked", #"echo "$# $*" >>"HERE/asked.log"; echo fine"#)
        try site.policy(Self.policy(names))
        // What this host's own OpenSSL forbids is none of our doing; all is allowed here.
        let lax = try site.folder.write(Self.laxOpenSSL, to: "openssl.cnf")
        // What a master seems to have forgotten is sent again: a minute of it is enough.
        daemon = try site.startDaemon(
            environment: ["FORWARDER_KEEP_DELIVERED": "60"], uplink: ["OPENSSL_CONF": lax])
        try daemon.waitUntilReady()
        let running = daemon
        uplink = try eventually("the daemon has an uplink") { try running.uplinkPid() }
        let ledgers = masters.map(\.ledger)
        try eventually("results of every service reach each master") {
            ledgers.allSatisfy { Set($0.effects.map(\.object)).isSuperset(of: Self.pulses) }
        }
    }

    /// How often a pulse's plugin was started.
    func runs(of pulse: String) -> Int {
        site.pluginFile("\(pulse.split(separator: "!").last ?? "").runs").count
    }

    /// How often the pulses' plugins were started.
    var allRuns: [String: Int] {
        Dictionary(uniqueKeysWithValues: Self.pulses.map { ($0, runs(of: $0)) })
    }

    /// Results of each object that are counted as lost in `status`.
    func losses() throws -> [String: Int] {
        let rows = try site.ask(
            """
            SELECT object.name, sum(lane.rejected + lane.superseded + lane.ignored + lane.evicted
                + lane.refused + lane.dropped) AS lost
            FROM lane JOIN object ON object.id = lane.object GROUP BY object.name
            """)
        let pairs = rows.map { ($0["name"].string ?? "", Int($0["lost"].number ?? 0)) }
        return Dictionary(pairs) { first, _ in first }
    }

    private static let definitions = """
        object CheckCommand "pulse" { command = [ "PLUGINS/pulse", "$service.name$" ] }
        object CheckCommand "asked" { command = [ "PLUGINS/asked", "$service.name$" ] }
        object Host NodeName { check_command = "dummy" }
        object Service "forwarder" {
            host_name = NodeName
            check_interval = 1
            retry_interval = 1
        }
        for (number in range(1, 5)) {
            object Service "pulse" + number {
                host_name = NodeName
                check_command = "pulse"
                check_interval = \(interval)
                retry_interval = \(interval)
            }
        }
        for (name in [ "asked1", "asked2", "closed1", "closed2" ]) {
            object Service name {
                host_name = NodeName
                check_command = "asked"
                check_interval = 1h
                retry_interval = 1h
            }
        }
        object Service "idle1" {
            host_name = NodeName
            check_command = "asked"
            enable_active_checks = false
        }
        """

    private static let pulse = """
        n=0
        [ -f "HERE/$1.count" ] && read -r n <"HERE/$1.count"
        n=$((n + 1))
        echo "$n" >"HERE/$1.count"
        printf . >>"HERE/$1.runs"
        echo "run $n"
        """

    private static func policy(_ masters: [String]) -> String {
        """
        [results]
        masters = \(masters.joined(separator: ", "))
        permissions = icingadb/command/process-check-result

        [checks]
        masters = \(masters[0])
        permissions = icingadb/command/schedule-check
        icingadb/filter/services = (service.name=asked*)|(service.name=idle*)
        forwarder/recheck/minimum-interval = 1s
        forwarder/recheck/limit = \(recheckLimit)/1h
        """
    }

    /// A distribution, or an administrator, that allows everything; our own lines have to do.
    private static let laxOpenSSL = """
        openssl_conf = init
        [init]
        ssl_conf = ssl
        [ssl]
        system_default = lax
        [lax]
        MinProtocol = TLSv1
        CipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0
        """
}
