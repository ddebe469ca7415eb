import Foundation
import TestSupport
import Testing

/// Services that walk through soft and hard states, and what a master must have seen of them.
struct WalkingServices {
    let count: Int
    /// Seconds between two checks, problem or not.
    let interval: Double

    /// Full names, such as `web1!walk3`.
    var names: [String] { (1...count).map { "web1!walk\($0)" } }

    /// The host and the services.
    var definitions: String {
        """
        object CheckCommand "walk" { command = [ "PLUGINS/walk", "$service.name$" ] }
        object Host NodeName { check_command = "dummy" }
        for (number in range(1, \(count + 1))) {
            object Service "walk" + number {
                host_name = NodeName
                check_command = "walk"
                check_interval = \(interval)
                retry_interval = \(interval)
                max_check_attempts = 3
            }
        }
        """
    }

    /// Says which run of its service this is and, as `t`, the true time; 10 runs are one round.
    static let plugin = """
        n=0
        [ -f "HERE/$1.count" ] && read -r n <"HERE/$1.count"
        n=$((n + 1))
        echo "$n" >"HERE/$1.count"
        case $((n % 10)) in
            0|1|8) state=0 ;;
            2|3) state=1 ;;
            7) state=3 ;;
            *) state=2 ;;
        esac
        echo "run $n t=$(date +%s.%N)"
        exit $state
        """

    /// How often the plugin of `name` ran.
    func runs(of name: String, on site: ForwarderSite) -> Int {
        let text = site.pluginFile("\(name.split(separator: "!").last ?? "").count")
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    /// A master that knows these services and a site that runs them; nothing is started yet.
    func prepare(
        masterAttributes: String = "grace = 1s",
        more: String = ""
    ) throws -> (PrivateMaster, ForwarderSite) {
        let master = try PrivateMaster()
        let site = try ForwarderSite(
            master: master,
            definitions: definitions + "\n" + more,
            masterAttributes: masterAttributes
        )
        try site.plugin("walk", Self.plugin)
        try site.renderInto(master)
        return (master, site)
    }

    /// Expects that every measured result took effect once and in order, with its own time, and
    /// that the master stands where the forwarder stands.
    ///
    /// The forwarder must have ended. Results in `seen` come from one or more recordings.
    func expectExactReplay(
        of site: ForwarderSite,
        on master: PrivateMaster,
        seen: [ProcessedResults.Entry]
    ) throws {
        let measured = try site.measured()
        let standings = try site.standings()
        let processed = Dictionary(grouping: seen, by: \.object)
        for name in names {
            let wanted = measured[name] ?? []
            let got = processed[name] ?? []
            #expect(!wanted.isEmpty, "\(name) was never checked")
            let lost = Set(wanted.map(\.output)).subtracting(got.map(\.output))
            #expect(lost.isEmpty, "\(name) lost \(lost.count) of \(wanted.count)")
            let isSame = got.map(\.output) == wanted.map(\.output)
            #expect(isSame, "\(name): \(got.count) processed, \(wanted.count) measured")
            for (got, wanted) in zip(got, wanted) where isSame {
                let difference = abs(got.executionStart - wanted.executionStart)
                #expect(difference < 0.001, "\(name) \(wanted.output)")
                #expect(got.state == wanted.state, "\(name) \(wanted.output)")
            }
            expectStrictOrder(got, name)
            let object = try #require(try master.objectState(name))
            #expect(object.standing == standings[name], "\(name)")
        }
    }

    /// Expects that no result is as old as the one before it.
    func expectStrictOrder(_ entries: [ProcessedResults.Entry], _ name: String) {
        let starts = entries.map(\.executionStart)
        let disorder = zip(starts, starts.dropFirst()).first { $0 >= $1 }
        #expect(disorder == nil, "\(name)")
    }
}

extension PrivateMaster {
    /// Starts it and records what it processes, while `daemon` stands still so that nothing can be
    /// processed before the recording.
    func start(holding daemon: RunningForwarder) throws -> ProcessedResults {
        daemon.pause()
        defer { daemon.resume() }
        try start()
        return try ProcessedResults(self)
    }
}
