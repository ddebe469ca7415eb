import Foundation
import TestSupport
import Testing

/// Services that walk through soft and hard states, and what a master must have seen of them.
struct WalkingServices {
    let count: Int
    /// Seconds between two checks, problem or not.
    let interval: Double

    private var series: ServiceSeries {
        ServiceSeries(plugin: "walk", count: count, interval: interval)
    }
    /// Full names, such as `web1!walk3`.
    var names: [String] { series.names }
    /// The host and the services.
    var definitions: String { series.definitions }

    /// Says which run of its service this is and, as `t`, the true time.
    static let plugin = """
        n=0
        [ -f "HERE/$1.count" ] && read -r n <"HERE/$1.count"
        n=$((n + 1))
        echo "$n" >"HERE/$1.count"
        \(ServiceSeries.stateScript)
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
        more: String = "",
        installation: IcingaInstallation? = .installed
    ) throws -> (PrivateMaster, ForwarderSite) {
        let master = try PrivateMaster(installation: installation)
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

    /// Expects that exactly what the master did not hold at `stored` took effect, in order.
    func expectReplay(
        after stored: [String: Double],
        of site: ForwarderSite,
        on master: PrivateMaster,
        seen: [ProcessedResults.Entry]
    ) throws {
        let measured = try site.measured()
        let standings = try site.standings()
        let processed = Dictionary(grouping: seen, by: \.object)
        for name in names {
            let held = stored[name] ?? 0
            let wanted = (measured[name] ?? []).filter { $0.executionStart > held + 0.001 }
            let got = processed[name] ?? []
            let isSame = got.map(\.output) == wanted.map(\.output)
            #expect(isSame, "\(name): \(got.count) processed, \(wanted.count) wanted")
            expectStrictOrder(got, name)
            #expect(try master.objectState(name)?.standing == standings[name], "\(name)")
        }
    }

    /// The newest stamp that the master holds of each service.
    func newest(_ master: PrivateMaster) throws -> [String: Double] {
        var stamps: [String: Double] = [:]
        for name in names {
            stamps[name] = try master.objectState(name)?.lastCheckResult?.executionStart
        }
        return stamps
    }

    /// Waits until the master holds that run or a later one of every service.
    func waitForRuns(_ count: Int, on master: PrivateMaster) throws {
        for name in names {
            try eventually("the master has run \(count) of \(name)") {
                Self.run(try master.objectState(name)?.lastCheckResult?.output ?? "") >= count
            }
        }
    }

    /// The newest run of each service that the master holds; 0 before the first.
    func runs(at master: PrivateMaster) throws -> [String: Int] {
        var runs: [String: Int] = [:]
        for name in names {
            let output = try master.objectState(name)?.lastCheckResult?.output ?? ""
            runs[name] = Self.run(output)
        }
        return runs
    }

    /// Waits until the master holds so many more runs of every service than it did.
    func waitForRuns(
        _ count: Int, after start: [String: Int], on master: PrivateMaster
    ) throws {
        for name in names {
            let wanted = start[name, default: 0] + count
            try eventually("the master has run \(wanted) of \(name)") {
                Self.run(try master.objectState(name)?.lastCheckResult?.output ?? "") >= wanted
            }
        }
    }

    /// The run that an output tells of; 0 when it is none of the plugin's.
    static func run(_ output: String) -> Int { ServiceSeries.run(output) ?? 0 }

    /// The entries of these services alone.
    func own(_ entries: [ProcessedResults.Entry]) -> [ProcessedResults.Entry] {
        let own = Set(names)
        return entries.filter { own.contains($0.object) }
    }

    /// By how many microseconds a processed result's time is off at most.
    func largestError(_ entries: [ProcessedResults.Entry], _ site: ForwarderSite) throws -> Int {
        let measured = try site.measured()
        let starts = measured.mapValues { results in
            Dictionary(results.map { ($0.output, $0.executionStart) }) { first, _ in first }
        }
        let errors = own(entries).map { entry in
            abs(entry.executionStart - (starts[entry.object]?[entry.output] ?? 0))
        }
        return Int(((errors.max() ?? 0) * 1_000_000).rounded())
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
