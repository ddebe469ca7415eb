import Delivery
import Foundation
import Logging
import Monitoring
import UplinkMessages

/// Keeps an uplink running: starts it or waits for one to come, gives it its settings and
/// addresses, and takes another when it ends.
struct UplinkSupervisor: Sendable {
    let configuration: ForwarderConfiguration
    let driver: DeliveryDriver
    let board: UplinkBoard
    var time: any TimeSource = SystemTime()
    let log: Logger

    /// Runs until the task is cancelled.
    func run() async {
        // Outlives each uplink: one that ends and comes again gets no further lookups by that.
        let lookups = Lookups()
        var random = SystemRandomNumberGenerator()
        var restarts = UplinkRestarts()
        while !Task.isCancelled {
            let started = time.monotonic
            let text = await runOnce(lookups)
            let isRenewed = board.end()
            driver.tell(.uplinkLost(text: isRenewed ? Self.renewal : text))
            if Task.isCancelled { return }
            if isRenewed { continue }
            let next = restarts.ended(
                text: text, startedAt: started, at: time.monotonic, using: &random)
            if next.isNews { log.warning("uplink ended", metadata: ["reason": "\(text)"]) }
            // Cancelled while waiting: the loop's condition ends it.
            try? await Task.sleep(for: next.wait)
        }
    }

    private static let renewal = "forwarder-uplink is started anew for its new keys."

    private func runOnce(_ lookups: Lookups) async -> String {
        // Before it reads them: what changes meanwhile counts as changed.
        let keys = board.listener == nil ? KeyFiles(configuration.masters) : nil
        let child: UplinkChild
        do throws(ChildFault) {
            guard let one = try await nextChild() else { return "No forwarder-uplink came." }
            child = one
        } catch {
            return error.description
        }
        board.attend(child, keys: keys)
        let addresses = await resolveAll(lookups)
        child.send([.settings(configuration.uplinkSettings(addresses: addresses))])
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await watch(child) }
                group.addTask { await replace(child) }
                for await batch in child.messages {
                    take(batch, from: child, lookups, &group)
                }
                group.cancelAll()
            }
        } onCancel: {
            child.kill()
        }
        return child.endingText
    }

    /// Starts an uplink, or waits for one to connect; nil when the task is cancelled.
    private func nextChild() async throws(ChildFault) -> UplinkChild? {
        guard let listener = board.listener else {
            return try UplinkChild(
                program: configuration.uplink, masters: configuration.masters,
                logging: configuration.logging)
        }
        driver.tell(
            .uplinkLost(
                text: """
                    No forwarder-uplink is connected to \(listener.path). Nothing can be \
                    delivered. Start forwarder-uplink.service, and look into its log.
                    """))
        return await listener.next().map { socket in
            UplinkChild(connected: socket, masters: configuration.masters)
        }
    }

    /// Ends an uplink that another one is to replace, when all that is out through it is answered
    /// and stored; what a master does not answer in time is asked about by the next one.
    private func replace(_ child: UplinkChild) async {
        for await _ in child.replacement {
            log.notice("uplink is started anew for its keys")
            await driver.pause(patience: Daemon.answerPatience)
            child.kill()
        }
    }

    /// Ends an uplink that hangs.
    private func watch(_ child: UplinkChild) async {
        while (try? await Task.sleep(for: Self.watchInterval)) != nil { child.endIfHung() }
    }

    private static let watchInterval = Duration.seconds(5)

    /// Names are resolved beside the main line: one that takes long holds up nobody else.
    private func take(
        _ batch: [UplinkMessage], from child: UplinkChild, _ lookups: Lookups,
        _ group: inout DiscardingTaskGroup
    ) {
        var told: [UplinkMessage] = []
        for message in batch {
            switch message {
            case .ready(let sandbox):
                board.begin(sandbox)
                driver.tell(.uplinkStarted(child))
            case .addressWanted(let node):
                guard configuration.masters.indices.contains(Int(node.index)),
                    lookups.begins(node, at: time.monotonic)
                else { continue }
                group.addTask {
                    await renewAddresses(of: node, at: child, lookups)
                    lookups.ended(node)
                }
            case .renewalWanted: child.wantReplacement()
            default: told.append(message)
            }
        }
        if !told.isEmpty { driver.tell(.uplink(told)) }
    }

    private func renewAddresses(
        of node: NodeID, at child: UplinkChild, _ lookups: Lookups
    ) async {
        let found = await resolve(configuration.masters[Int(node.index)].host, lookups)
        child.send([.addresses(node: node, addresses: found)])
    }

    /// The addresses of every master, all asked for at once.
    private func resolveAll(_ lookups: Lookups) async -> [[String]] {
        await withTaskGroup(of: (Int, [String]).self) { group in
            for (index, master) in configuration.masters.enumerated() {
                group.addTask { (index, await resolve(master.host, lookups)) }
            }
            var all = [[String]](repeating: [], count: configuration.masters.count)
            for await (index, found) in group { all[index] = found }
            return all
        }
    }

    /// Numeric addresses of a host, those of before when there are none now; empty when there were
    /// never any, which the uplink reports when it is asked to connect.
    private func resolve(_ host: String, _ lookups: Lookups) async -> [String] {
        if host.isNumericAddress { return [host] }
        var found: [String] = []
        var reason = "it has no addresses"
        do {
            found = try await NameLookup(program: configuration.uplink.path).addresses(of: host)
        } catch {
            reason = "\(error)"
        }
        if found.isEmpty {
            log.warning("name not resolved", metadata: ["host": "\(host)", "reason": "\(reason)"])
        }
        return lookups.addresses(of: host, found: found)
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
