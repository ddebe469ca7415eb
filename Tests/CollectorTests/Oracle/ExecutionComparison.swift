@testable import Collector
import ConfigLanguage
import Foundation
import Monitoring
import TestSupport

/// Compares what plugins got from Icinga with what they get from this module's launcher.
struct ExecutionComparison {
    /// Before the first check, and after it: Icinga tells the newest, whichever that is.
    private let preparers: [CheckPreparer]
    private let launcher: PluginLauncher
    private let plugins: String
    private(set) var agreement: Agreement
    private var runs: [RunID: (name: ObjectName, icinga: PluginRecorder.Call, own: PluginCommand)] =
        [:]
    private var lastRun: UInt64 = 0

    /// - Parameter plugins: the folder of the recorder, where both find all programs.
    init(_ subject: String, definitions: Definitions, plugins: String) throws {
        let known: [any RuntimeFactsSource] = [CheckedOnce(), NothingKnown()]
        preparers = known.map { CheckPreparer(definitions, runtime: $0) }
        let environment = ["PATH": plugins, "HOME": "/", "LANG": "C.UTF-8"]
        launcher = try PluginLauncher(
            time: SystemTime(), environment: PluginEnvironment(inheriting: environment))
        self.plugins = plugins
        agreement = Agreement(subject)
    }

    /// Takes in one execution of Icinga's.
    mutating func compare(_ name: ObjectName, icinga result: OracleValue) {
        let output = result["output"].text ?? ""
        switch action(of: name, output) {
        case .plugin(let command):
            guard let call = PluginRecorder.call(in: output) else {
                return agreement.note(
                    false, "\(name): \(Self.words(command)), Icinga: \(output.prefix(300))")
            }
            lastRun += 1
            runs[RunID(number: lastRun)] = (name, call, command)
            // more at a time would only wait for each other
            if runs.count >= 32 { finish() }
        case .unbuildable(let text):
            let reason = Self.reason(text)
            let isSame = PluginRecorder.call(in: output) == nil && output.contains(reason)
            agreement.note(isSame, "\(name): \(text), Icinga: \(output.prefix(300))")
            if isSame { agreement.notes["errors on both sides", default: 0] += 1 }
        case .immediate(let exitStatus, let text):
            let expected = PluginOutput(bytes: Array(text.utf8), saidWith: exitStatus)
            let isSame =
                output == expected.text && result["state"].number == Double(expected.state.rawValue)
                && result["exit_status"].number == Double(exitStatus)
            agreement.note(isSame, "\(name): \(text), Icinga: \(output.prefix(300))")
            if isSame { agreement.notes["without a process", default: 0] += 1 }
        case let other: agreement.note(false, "\(name): \(other), Icinga: \(output.prefix(300))")
        }
    }

    /// What is done here; where it is another thing after the first check, the one that has as
    /// many words as Icinga's.
    private func action(of name: ObjectName, _ output: String) -> CheckAction {
        let actions = preparers.map { $0.prepare(name).action }
        let wanted = PluginRecorder.call(in: output)?.arguments.count
        return actions.first { action in
            guard case .plugin(let command) = action else { return wanted == nil }
            return command.argumentVector.count == wanted
        } ?? actions[0]
    }

    /// Has the last ones run.
    mutating func finish() {
        for (id, run) in runs {
            var command = run.own
            // a line for the shell is never run: the shell is the recorder, too
            if command.argumentVector.first == Array("/bin/sh".utf8) {
                command.argumentVector[0] = Array("sh".utf8)
            }
            launcher.start(command, as: id)
        }
        while !runs.isEmpty {
            for finished in launcher.turn(until: nil) {
                guard let run = runs.removeValue(forKey: finished.id) else { continue }
                judge(run.name, run.icinga, run.own, finished.output.text)
            }
        }
    }

    private mutating func judge(
        _ name: ObjectName,
        _ icinga: PluginRecorder.Call,
        _ command: PluginCommand,
        _ output: String
    ) {
        guard let own = PluginRecorder.call(in: output) else {
            return agreement.note(false, "\(name): not run here: \(output.prefix(300))")
        }
        let difference = Self.difference(own, from: icinga, overridden: command.environment)
        if difference == nil, own.arguments != icinga.arguments {
            agreement.notes["in another order", default: 0] += 1
        }
        agreement.note(difference == nil, "\(name): \(difference ?? "")")
    }

    /// What a command would give to its plugin that Icinga did not; nil when that is all the same.
    static func difference(
        _ command: PluginCommand,
        from icinga: PluginRecorder.Call,
        plugins: String
    ) -> String? {
        let inherited = ["PATH": plugins, "HOME": "/", "LANG": "C.UTF-8"]
        var arguments = command.argumentVector
        if arguments.first == Array("/bin/sh".utf8) { arguments[0] = Array("sh".utf8) }
        do {
            let environment = try PluginEnvironment(inheriting: inherited)
                .adding(command.environment)
            let own = PluginRecorder.Call(arguments: arguments, environment: environment)
            return difference(own, from: icinga, overridden: command.environment)
        } catch {
            return "\(error)"
        }
    }

    private static func difference(
        _ own: PluginRecorder.Call,
        from icinga: PluginRecorder.Call,
        overridden: [PluginVariable]
    ) -> String? {
        let theirs = environment(of: icinga, overridden: overridden).map(text).sorted()
        let mine = own.environment.map(text).sorted()
        guard mine == theirs else { return "environment \(mine), Icinga: \(theirs)" }
        if own.arguments == icinga.arguments { return nil }
        // only beyond 16 is the order of Icinga's equal ones not the same each time
        let isReordered =
            own.arguments.count > 17
            && own.arguments.map(text).sorted() == icinga.arguments.map(text).sorted()
        if isReordered { return nil }
        return "\(own.arguments.map(text)), Icinga: \(icinga.arguments.map(text))"
    }

    /// Icinga's environment without what it tells its own processes, and without inherited
    /// variables that the definition has too: there the definition's wins here.
    private static func environment(
        of call: PluginRecorder.Call,
        overridden: [PluginVariable]
    ) -> [[UInt8]] {
        var all = call.environment.filter { !text($0).hasPrefix("ICINGA2_") }
        for variable in overridden {
            let start = Array((variable.name + "=").utf8)
            let places = all.indices.filter { all[$0].starts(with: start) }
            if places.count > 1 { all.remove(at: places[0]) }
        }
        return all
    }

    private static func words(_ command: PluginCommand) -> [String] {
        command.argumentVector.map(text)
    }

    private static func text(_ bytes: [UInt8]) -> String {
        // what is not UTF-8 is told byte by byte
        String(validating: bytes, as: UTF8.self) ?? "bytes \(bytes)"
    }

    /// The part of our text that Icinga says too.
    static func reason(_ text: String) -> String {
        let own = "Error while evaluating a function of the definitions: "
        var reason = text.hasPrefix(own) ? String(text.dropFirst(own.count)) : text
        if let end = reason.range(of: "; it is the value of") {
            reason = String(reason[..<end.lowerBound])
        }
        // the place, which Icinga shows in another form
        if reason.hasSuffix(")"), let place = reason.range(of: " (/", options: .backwards) {
            reason = String(reason[..<place.lowerBound])
        }
        if reason.hasSuffix(".") { reason.removeLast() }
        // at run time Icinga does not quote the text
        let unclosed = "Closing $ not found in macro format string"
        return reason.hasPrefix(unclosed) ? unclosed : reason
    }
}

/// Everything was checked once, and said nothing that could be measured.
private struct CheckedOnce: RuntimeFactsSource {
    func facts(of objects: [ObjectName]) -> RuntimeFacts {
        var facts = NothingKnown().facts(of: objects)
        for object in objects {
            facts.objects[object] = RuntimeFacts.Object(
                checkState: CheckState(state: .ok, type: .hard, attempt: 1),
                lastResult: CheckResult(
                    object: object, state: .ok, exitStatus: 0, output: "",
                    executionStart: facts.now, executionEnd: facts.now))
        }
        return facts
    }
}
