import Foundation
import Monitoring
import TestSupport

@testable import ForwarderCommand

/// The built program by both its names, on a host without a daemon.
struct SubmissionProgram {
    static let control = #"object Control "c" { path = "s", drop_directory = "drop" }"#

    let folder: TemporaryDirectory

    /// Prepares a folder with this forwarder.conf and a drop directory.
    init(configuration: String = Self.control) throws {
        folder = try TemporaryDirectory("submission")
        try drops.prepare(isPrivate: true)
        try folder.write(configuration, to: "forwarder.conf")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("send_nsca"), withDestinationPath: BuiltProducts.forwarder)
    }

    private var drops: DropDirectory { DropDirectory(path: folder.path("drop")) }

    /// What `send_nsca` needs to find this host's forwarder.
    var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment[SendNSCA.configurationVariable] = folder.path("forwarder.conf")
        return environment
    }

    func send(_ arguments: [String], _ input: Data) throws -> Command.Outcome {
        try Command.run(
            folder.path("send_nsca"), arguments, environment: environment, input: input)
    }

    func send(_ arguments: [String], _ input: String) throws -> Command.Outcome {
        try send(arguments, Data(input.utf8))
    }

    /// `forwarder submit`.
    func submit(_ words: [String], _ input: Data = Data()) throws -> Command.Outcome {
        try Command.run(
            BuiltProducts.forwarder, ["submit", "-c", folder.path("forwarder.conf")] + words,
            input: input)
    }

    /// What was dropped so far, in order.
    func dropped() throws -> [SubmissionBatch.Record] {
        guard let opened = try drops.open() else { return [] }
        let plan = DropPlan(try drops.entries(opened), at: SystemTime().wall)
        return try plan.batches.flatMap { try drops.batch($0.name, in: opened).batch.records }
    }

    /// What was dropped since the last call; it is gone then.
    func takeDropped() throws -> [SubmissionBatch.Record] {
        guard let opened = try drops.open() else { return [] }
        let plan = DropPlan(try drops.entries(opened), at: SystemTime().wall)
        return try plan.batches.flatMap { file in
            let records = try drops.batch(file.name, in: opened).batch.records
            guard drops.remove(file.name.rawText, from: opened) else {
                throw SupportFault("it stays")
            }
            return records
        }
    }
}
