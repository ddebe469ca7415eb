import ArgumentParser
import Collector
import Foundation
import Monitoring

/// `forwarder run OBJECT`: once, here, now.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run one object's check once, here and now; nothing is submitted.",
        discussion: """
            Uses the same definitions, environment, user, timeout and output rules as the daemon. \
            Exit status 0: the check ran, whatever it said; 1: it could not.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "HOST or HOST!SERVICE; a service of this host may be given by its name alone.")
    var object: String

    @Flag(help: "Print as JSON.")
    var json = false

    func run() async throws {
        let configuration = try common.load()
        let (definitions, preparing) = try common.loadDefinitions(configuration)
        guard let name = resolve(in: definitions, node: configuration.nodeName) else {
            Output.complain(
                """
                '\(object)' is not defined here, or is not checked from here. `forwarder list` \
                shows what is.
                """)
            throw ExitCode(1)
        }
        let health = HealthFacts(alarms: AlarmBoard())
        health.setObjectCount(definitions.activeCount)
        let settings: RunnerSettings
        do throws(PluginUserFault) {
            settings = try configuration.runnerSettings()
        } catch {
            Output.complain(error.description)
            throw ExitCode(1)
        }
        let runner = try CheckRunner(
            settings: settings, time: SystemTime(), health: { health.report })
        // Nothing is scheduled: the plans only say what may be run.
        let idle = definitions.plans.map { plan in
            var plan = plan
            plan.isActive = false
            plan.expectsResults = false
            return plan
        }
        runner.start(with: idle, states: [], preparing: preparing)
        let record = await runner.runOnce(name)
        _ = await runner.stop(patience: .zero)
        guard let record else {
            Output.complain("The check of '\(name.fullName)' could not be run.")
            throw ExitCode(1)
        }
        try report(record)
    }

    private func resolve(in definitions: DefinitionSummary, node: String) -> ObjectName? {
        let names = [ObjectName(fullName: object), ObjectName(host: node, service: object)]
        return names.compactMap { $0 }.first { name in
            definitions.plans.contains { $0.object == name }
        }
    }

    private func report(_ record: CheckRecord) throws {
        let result = record.result
        if json {
            try Output.writeJSON(RanCheck(record))
            return
        }
        let state = result.object.isHost ? result.state.asHostState.name : result.state.name
        let took = (result.executionEnd - result.executionStart).inSeconds
        try Output.write("\(result.object.fullName): \(state)\n\(result.output.printableLines)\n")
        if !result.performanceData.isEmpty {
            try Output.write("performance data:\n")
            try Output.write(result.performanceData.map { "  \($0.printable)\n" }.joined())
        }
        if !record.snapshot.commandLine.isEmpty {
            try Output.write("command line:\n")
            try Output.write(record.snapshot.commandLine.map { "  \($0.printable)\n" }.joined())
        }
        try Output.write(
            "exit status \(result.exitStatus), took \((took * 1000).rounded() / 1000) s\n")
    }
}

/// One execution as `run --json` prints it.
private struct RanCheck: Encodable {
    let name: String
    let state: String
    let exitStatus: Int32
    let output: String
    let performanceData: [String]
    let executionStart: Double
    let executionEnd: Double
    let commandLine: [String]

    enum CodingKeys: String, CodingKey {
        case name, state, output
        case exitStatus = "exit_status"
        case performanceData = "performance_data"
        case executionStart = "execution_start"
        case executionEnd = "execution_end"
        case commandLine = "command_line"
    }

    init(_ record: CheckRecord) {
        let result = record.result
        name = result.object.fullName
        state = result.object.isHost ? result.state.asHostState.name : result.state.name
        exitStatus = result.exitStatus
        output = result.output
        performanceData = result.performanceData
        executionStart = result.executionStart.seconds
        executionEnd = result.executionEnd.seconds
        commandLine = record.snapshot.commandLine
    }
}
