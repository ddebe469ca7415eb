@testable import Collector
import ConfigLanguage
import Foundation
import Monitoring
import Testing

/// What functions and macros read of an object's own state, check after check, in a real Icinga 2
/// and here.
@Suite(.serialized, .enabled(if: IcingaOracle.isAsked, "\(IcingaOracle.silence)"))
struct LiveOracleTests {
    private static let main = """
        const NodeName = "sandbox"
        const ZoneName = NodeName
        object CheckerComponent "checker" { }

        """

    /// What a check says before its own result is known; times are told as whether there is one.
    private static let told = """
        [ self.state, self.state_type, self.state_raw, self.last_state, self.last_state_type,
          self.last_hard_state, self.last_hard_state_raw, self.check_attempt, self.problem,
          self.severity, self.last_check > 0, self.last_state_change > 0,
          self.downtime_depth, self.acknowledgement, self.last_reachable,
          self.last_check_result == null,
          self.last_check_result.state, self.last_check_result.exit_status,
          self.last_check_result.check_source, self.last_check_result.active,
          self.handled, self.force_next_check,
          macro("$state$"), macro("$state_id$"), macro("$state_type$"), macro("$last_state$"),
          macro("$last_state_id$"), macro("$last_state_type$"), macro("$check_attempt$"),
          macro("$host.state$"), macro("$host.state_id$"), macro("$downtime_depth$"),
          macro("$host.check_attempt$"), macro("$host.num_services$"),
          macro("$check_source$"), self.last_hard_state_change > 0,
          self.previous_state_change > 0, self.last_state_change > self.previous_state_change,
          macro("$last_state_change$") > 0 ]
        """

    /// Objects whose states follow these lists, each again and again.
    private static func objects() -> String {
        let sequences = [
            "[ 0 ]", "[ 2 ]", "[ 0, 2 ]", "[ 1, 2, 3, 0 ]", "[ 2, 2, 2, 2, 2, 2, 0 ]",
            "[ 0, 0, 1, 1, 1, 1, 2, 2, 0 ]", "[ 3, 7, -1, 0 ]",
        ]
        var text = """
            object CheckCommand "sequence" {
              import "dummy-check-command"
              vars.dummy_state = {{
                var self = this.service || this.host
                self.vars.n += 1
                self.vars.states[(self.vars.n - 1) % len(self.vars.states)]
              }}
              vars.dummy_text = {{
                var self = this.service || this.host
                self.vars.n + " " + Json.encode(
            \(told.split(separator: "\n").joined(separator: " ")))
              }}
            }
            object Host NodeName { check_command = "sequence"; enable_active_checks = false }

            """
        for (number, states) in sequences.enumerated() {
            let body = """
                  check_command = "sequence"
                  check_interval = 0.5
                  retry_interval = 0.5
                  max_check_attempts = \(1 + number % 4)
                  vars.states = \(states)
                """
            text += "object Host \"h\(number)\" {\n\(body)\n}\n"
            text += "object Service \"s\(number)\" {\n  host_name = NodeName\n\(body)\n}\n"
        }
        return text
    }

    @Test func `state attributes and macros follow the checks as in icinga`() throws {
        let oracle = try IcingaOracle(main: Self.main, definitions: Self.objects())
        let definitions = try Definitions.load(
            DefinitionSettings(
                directory: oracle.definitions, nodeName: "sandbox", templateLibrary: "/nowhere"),
            files: DiskFiles(),
            trust: FileTrust(runningUser: 0)
        )
        var agreement = Agreement("live attributes")
        for record in try oracle.states(after: Double(OracleRun.count(short: 5, full: 10))) {
            guard let name = record["name"]?.text.flatMap(ObjectName.init(fullName:)),
                let output = record["update"]?["last_check_result"]["output"].text
            else { continue }
            // the number of the check that said so
            let count = try #require(Int(output.prefix { $0 != " " }), "\(output)")
            #expect(count >= 3, "\(name) was hardly checked")
            // once: the functions count on
            let own = Self.output(of: name, after: count, definitions)
            agreement.note(own == output, "\(name): \(own), Icinga: \(output)")
        }
        print(agreement)
        #expect(agreement.agreements + agreement.differences.count == 14)
        #expect(agreement.differences.isEmpty, "\(agreement.shown)")
    }

    /// What a number of checks say last.
    private static func output(
        of name: ObjectName,
        after count: Int,
        _ definitions: Definitions
    ) -> String {
        let board = RuntimeBoard(time: Now())
        let preparer = CheckPreparer(definitions, runtime: board)
        let plan = definitions.plans.first { $0.object == name }
        var state: CheckState?
        var text = ""
        for number in 0..<count {
            let action = preparer.prepare(name).action
            guard case .immediate(let exitStatus, let said) = action else { return "\(action)" }
            text = said
            let output = PluginOutput(bytes: Array(said.utf8), saidWith: exitStatus)
            let kind: ObjectKind = name.isHost ? .host : .service
            let attempts = plan?.maxCheckAttempts ?? 3
            if var known = state {
                _ = known.apply(output.state, maxCheckAttempts: attempts, kind: kind)
                state = known
            } else {
                state = .first(output.state, maxCheckAttempts: attempts, kind: kind)
            }
            guard let state else { return "no state" }
            let end = Now().wall + .seconds(number)
            let result = CheckResult(
                object: name, state: output.state, exitStatus: output.exitStatus,
                output: output.text, executionStart: end, executionEnd: end)
            board.note(result, state: state)
        }
        return text
    }

    private struct Now: TimeSource {
        let wall = Timestamp(microseconds: 1_700_000_100_000_000)
        let monotonic = Duration.zero
    }
}
