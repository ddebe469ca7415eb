import Delivery
import Foundation
import Logging
import Monitoring
import UplinkMessages

/// Keeps an uplink running: starts it, gives it its settings and addresses, and starts another
/// when it ends.
struct UplinkSupervisor: Sendable {
    let configuration: ForwarderConfiguration
    let driver: DeliveryDriver
    let log: Logger

    /// The first wait before another start, and the longest.
    private static let firstWait = Duration.milliseconds(500)
    private static let longestWait = Duration.seconds(60)
    /// An uplink that ran this long starts the waits over.
    private static let soundRun = Duration.seconds(60)

    /// Runs until the task is cancelled.
    func run() async {
        var random = SystemRandomNumberGenerator()
        var lastText = ""
        var backoff = Backoff(first: Self.firstWait, longest: Self.longestWait)
        while !Task.isCancelled {
            let started = ContinuousClock.now
            let text = await runOnce()
            driver.tell(.uplinkLost(text: text))
            if Task.isCancelled { return }
            if text != lastText { log.warning("uplink ended", metadata: ["reason": "\(text)"]) }
            lastText = text
            if ContinuousClock.now - started > Self.soundRun { backoff.reset() }
            // Cancelled while waiting: the loop's condition ends it.
            try? await Task.sleep(for: backoff.next(using: &random))
        }
    }

    private func runOnce() async -> String {
        let addresses = await resolveAll()
        let child: UplinkChild
        do throws(ChildFault) {
            child = try UplinkChild(
                program: configuration.uplink, masters: configuration.masters,
                logLevel: configuration.logging.level)
        } catch {
            return error.description
        }
        child.send(.settings(settings(addresses)))
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for await batch in child.messages { take(batch, from: child, &group) }
                group.cancelAll()
            }
        } onCancel: {
            child.kill()
        }
        return child.endingText
    }

    /// Names are resolved beside the main line: one that takes long holds up nobody else.
    private func take(
        _ batch: [UplinkMessage], from child: UplinkChild, _ group: inout DiscardingTaskGroup
    ) {
        var told: [UplinkMessage] = []
        for message in batch {
            switch message {
            case .ready: driver.tell(.uplinkStarted(child))
            case .addressWanted(let node):
                group.addTask { await renewAddresses(of: node, at: child) }
            default: told.append(message)
            }
        }
        if !told.isEmpty { driver.tell(.uplink(told)) }
    }

    private func renewAddresses(of node: NodeID, at child: UplinkChild) async {
        guard configuration.masters.indices.contains(Int(node.index)) else { return }
        let found = await resolve(configuration.masters[Int(node.index)].host)
        child.send(.addresses(node: node, addresses: found))
    }

    /// The addresses of every master, all asked for at once.
    private func resolveAll() async -> [[String]] {
        await withTaskGroup(of: (Int, [String]).self) { group in
            for (index, master) in configuration.masters.enumerated() {
                group.addTask { (index, await resolve(master.host)) }
            }
            var all = [[String]](repeating: [], count: configuration.masters.count)
            for await (index, found) in group { all[index] = found }
            return all
        }
    }

    private func settings(_ addresses: [[String]]) -> UplinkSettings {
        let masters = configuration.masters
        return UplinkSettings(
            nodes: zip(masters, addresses).map { master, addresses in
                NodeSettings(
                    name: master.name, identity: master.name, addresses: addresses,
                    port: master.port)
            },
            connectionsPerNode: masters.map(\.connections).max() ?? 4,
            windowPerConnection: masters.map(\.window).max() ?? 64,
            connectTimeout: masters.map(\.connectTimeout).max() ?? .seconds(15),
            answerTimeout: masters.map(\.answerTimeout).max() ?? .seconds(30))
    }

    /// Numeric addresses of a host; empty when there are none now, which the uplink reports when
    /// it is asked to connect.
    private func resolve(_ host: String) async -> [String] {
        if host.isNumericAddress { return [host] }
        do {
            return try await NameLookup(program: configuration.uplink.path).addresses(of: host)
        } catch {
            log.warning("name not resolved", metadata: ["host": "\(host)", "reason": "\(error)"])
            return []
        }
    }
}

extension String {
    /// True for an IPv4 or IPv6 address in numbers.
    fileprivate var isNumericAddress: Bool {
        var v4 = in_addr()
        var v6 = in6_addr()
        return inet_pton(AF_INET, self, &v4) == 1 || inet_pton(AF_INET6, self, &v6) == 1
    }
}

/// Resolves names in a process of its own, without keys: `forwarder-uplink --resolve NAME`.
struct NameLookup: Sendable {
    let program: String

    /// Most addresses of one name that are used.
    private static let addressLimit = 16
    /// How long a name may take; the next try comes with the next connection.
    private static let patience = timeval(tv_sec: 5, tv_usec: 0)
    /// Most bytes of the answer that are looked at.
    private static let answerLimit = 4096

    func addresses(of name: String) async throws(ChildFault) -> [String] {
        let (child, answers) = try start(name)
        ControlSocket.setPatience(Self.patience, of: answers)
        return await withCheckedContinuation { continuation in
            Thread {
                var answer: [UInt8] = []
                while answer.count < Self.answerLimit {
                    let bytes = answers.readSome()
                    if bytes.isEmpty { break }
                    answer += bytes
                }
                child.kill()
                child.waitUntilEnded()
                _ = child.reap()
                let lines = String(decoding: answer, as: UTF8.self).split(separator: "\n")
                continuation.resume(
                    returning: lines.prefix(Self.addressLimit).map(String.init))
            }.start()
        }
    }

    /// The child alone holds the writing end when this returns, so that its end is seen.
    private func start(_ name: String) throws(ChildFault) -> (ChildProcess, Descriptor) {
        let pair = try SocketPair()
        let nowhere = try Descriptor.null()
        let child = try ChildProcess(
            program: program, arguments: ["--resolve", name],
            descriptors: [nowhere.number, pair.theirs.number, STDERR_FILENO])
        return (child, pair.ours)
    }
}
