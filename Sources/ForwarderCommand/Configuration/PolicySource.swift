import ArgumentParser
import Collector
import Foundation
import Monitoring
import Policy

/// Reads the policy file that the configuration names, as often as wanted.
struct PolicySource: Sendable {
    /// What was read.
    struct Reading: Sendable, Hashable {
        /// The roles; none where there is no file.
        var rules: PolicyRules
        /// False where there is no file.
        var isPresent: Bool
    }

    let path: String
    /// The destinations that the file may name.
    let destinations: [String]
    let nodeName: String
    let files: any DefinitionFileSystem
    let trust: FileTrust

    init(
        _ configuration: ForwarderConfiguration,
        path: String? = nil,
        files: any DefinitionFileSystem = DiskFiles(),
        trust: FileTrust = FileTrust(runningUser: geteuid())
    ) {
        self.path = path ?? configuration.policyPath
        destinations = configuration.destinations.map(\.zone)
        nodeName = configuration.nodeName
        self.files = files
        self.trust = trust
    }

    /// Reads the file; without one no role allows anything.
    func read() throws(PolicyFileFault) -> Reading {
        let opened: (facts: FileFacts, content: [UInt8])
        do throws(FileProblem) {
            opened = try files.open(path)
        } catch {
            guard !error.isAbsent else {
                let rules = PolicyRules([], file: path, nodeName: nodeName)
                return Reading(rules: rules, isPresent: false)
            }
            throw .unreadable(path: path, reason: error.reason)
        }
        if let complaint = trust.complaint(about: path, opened.facts, power: Self.power) {
            throw .untrusted(complaint: complaint)
        }
        do throws(PolicyFault) {
            let rules = try PolicyReader.read(
                opened.content, file: path, destinations: destinations, nodeName: nodeName)
            return Reading(rules: rules, isPresent: true)
        } catch {
            throw .unusable(error)
        }
    }

    private static let power = "let masters see and ask for more than they should"

    /// What it means that there is no file.
    var absence: String {
        """
        There is no policy file \(path), so nothing but the forwarder's own health leaves this \
        host. Begin with the documented sample conf/policy.ini, and reload.
        """
    }
}

/// Why there is no policy to go by.
enum PolicyFileFault: Error, Sendable, Hashable {
    /// The file is there and cannot be read.
    case unreadable(path: String, reason: String)
    /// Others can have written it.
    case untrusted(complaint: String)
    /// It says what cannot be meant.
    case unusable(PolicyFault)
}

extension PolicyFileFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .unreadable(let path, let reason):
            """
            Cannot read the policy file '\(path)': \(reason). Nothing is delivered without it. Let \
            this user read it.
            """
        case .untrusted(let complaint): complaint
        case .unusable(let fault): fault.description
        }
    }
}

extension DefinitionSummary {
    /// The objects of this host as the policy sees them, and why some of them cannot be judged.
    func policyObjects(
        _ preparing: CheckPreparer
    ) -> (objects: [PolicyObject], faults: [PolicyFault]) {
        let active = Set(plans.lazy.filter(\.isActive).map(\.object))
        var objects: [PolicyObject] = []
        var faults: [PolicyFault] = []
        for entry in entries {
            let origin: PolicyObject.Origin =
                active.contains(entry.name) ? .scheduled : .submitted
            do throws(PolicyFault) {
                objects.append(
                    try PolicyObject(preparing.snapshot(of: entry.name), origin: origin))
            } catch {
                faults.append(error)
            }
        }
        return (objects, faults)
    }
}

extension PolicySource {
    /// Reads the file; what is wrong goes to standard error.
    func readOrExit() throws -> Reading {
        do throws(PolicyFileFault) {
            return try read()
        } catch {
            Output.complain("\(error)")
            throw ExitCode(1)
        }
    }
}

extension ForwarderConfiguration {
    /// The zone that a destination is meant by: its own name, or that of one of its nodes.
    ///
    /// - Parameter others: names of destinations that the configuration need not have.
    func zone(
        meantBy name: String, besides others: [String] = []
    ) throws(ControlFault) -> String {
        if let zone = destinations.first(where: { $0.zone == name })?.zone { return zone }
        if others.contains(name) { return name }
        if let node = masters.first(where: { $0.name == name }) { return node.zone }
        let retired = others.filter { other in !destinations.contains { $0.zone == other } }
        let known = (destinations.map(\.zone) + retired).joined(separator: ", ")
        throw ControlFault(
            description: """
                No Master object has the name or the zone '\(name)'. Destinations are: \
                \(known.isEmpty ? "none" : known).
                """)
    }

    /// The zone that a destination is meant by; if there is none, standard error says so.
    func destination(named name: String) throws(ExitCode) -> String {
        do throws(ControlFault) {
            return try zone(meantBy: name)
        } catch {
            Output.complain(error.description)
            throw ExitCode(1)
        }
    }
}
