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
        let run = await runner.runOnce(name)
        _ = await runner.stop(patience: .zero)
        guard let run else {
            Output.complain("The check of '\(name.fullName)' could not be run.")
            throw ExitCode(1)
        }
        let ran = RanCheck(
            run, location: definitions.entries.first { $0.name == name }?.location ?? "",
            environment: settings.environment)
        if json { try Output.writeJSON(ran) } else { try Output.write(ran.text) }
    }

    private func resolve(in definitions: DefinitionSummary, node: String) -> ObjectName? {
        let names = [ObjectName(fullName: object), ObjectName(host: node, service: object)]
        return names.compactMap { $0 }.first { name in
            definitions.plans.contains { $0.object == name }
        }
    }
}

/// One execution as `run` prints it.
private struct RanCheck: Encodable {
    let name: String
    /// `file:line:column` of its definition; empty for the built-in health.
    let location: String
    let state: String
    let exitStatus: Int32
    let output: String
    let performanceData: [String]
    let executionStart: Double
    let executionEnd: Double
    /// Empty where no process ran; so is `environment`.
    let commandLine: [String]
    /// All that the plugin found there.
    let environment: [String: String]
    let timeout: Double?

    enum CodingKeys: String, CodingKey {
        case name, location, state, output, environment, timeout
        case exitStatus = "exit_status"
        case performanceData = "performance_data"
        case executionStart = "execution_start"
        case executionEnd = "execution_end"
        case commandLine = "command_line"
    }

    init(_ run: SingleRun, location: String, environment all: PluginEnvironment) {
        let result = run.result
        name = result.object.fullName
        self.location = location
        state = result.object.isHost ? result.state.asHostState.name : result.state.name
        exitStatus = result.exitStatus
        output = result.output
        performanceData = result.performanceData
        executionStart = result.executionStart.seconds
        executionEnd = result.executionEnd.seconds
        let words = run.command?.argumentVector ?? []
        commandLine = words.map { String(decoding: $0, as: UTF8.self) }
        environment = run.command.map { all.merged(with: $0.environment).asText } ?? [:]
        timeout = run.command?.timeout.inSeconds
    }

    /// For people.
    var text: String {
        var text = "\(name.printable): \(state)\n\(output.printableLines)\n"
        text += Self.block("performance data", performanceData)
        text += Self.block("command line", commandLine)
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        text += Self.block("environment", variables)
        if !location.isEmpty { text += "defined at \(location.printable)\n" }
        let took = ((executionEnd - executionStart) * 1000).rounded() / 1000
        return text + "exit status \(exitStatus), took \(took) s\n"
    }

    private static func block(_ heading: String, _ lines: [String]) -> String {
        guard !lines.isEmpty else { return "" }
        return "\(heading):\n" + lines.map { "  \($0.printable)\n" }.joined()
    }
}
