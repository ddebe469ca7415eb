/// What the uplink gives up before it hears a master; each is enforced by the kernel.
///
/// - Source: docs/sandbox.md
package enum SandboxLayer: UInt8, Sendable, CaseIterable {
    /// No core files, no further processes, no more descriptors than connections.
    case limits = 0
    /// Nobody of its user may trace it.
    case tracing = 1
    /// `no_new_privs`.
    case privileges = 2
    /// No capability.
    case capabilities = 3
    /// Landlock: no file.
    case files = 4
    /// Landlock: no TCP port but the masters'.
    case ports = 5
    /// Landlock: no signal and no abstract socket to anybody outside.
    case scopes = 6
    /// seccomp: no system call but those of TLS over TCP.
    case systemCalls = 7

    /// The name in logs, in `status` and in the documentation.
    package var name: String {
        switch self {
        case .limits: "limits"
        case .tracing: "tracing"
        case .privileges: "privileges"
        case .capabilities: "capabilities"
        case .files: "files"
        case .ports: "ports"
        case .scopes: "scopes"
        case .systemCalls: "system_calls"
        }
    }
}

/// Which layers are on, in the uplink's own words, said before a master could have a say in them.
package struct SandboxReport: Hashable, Sendable {
    /// Why a layer is off: the errno of the attempt.
    package var missing: [SandboxLayer: UInt16]

    /// A report by the layers that are off.
    package init(missing: [SandboxLayer: UInt16]) { self.missing = missing }

    /// Nothing is on.
    package static let unconfined = SandboxReport(
        missing: Dictionary(SandboxLayer.allCases.map { ($0, 0) }) { first, _ in first })

    /// The layers that are on, in a fixed order.
    package var enforced: [SandboxLayer] {
        SandboxLayer.allCases.filter { missing[$0] == nil }
    }

    /// The layers that are off, in a fixed order.
    package var lacking: [SandboxLayer] {
        SandboxLayer.allCases.filter { missing[$0] != nil }
    }
}

extension FrameWriter {
    mutating func write(_ report: SandboxReport) {
        write(list: report.lacking) { out, layer in
            out.write(layer.rawValue)
            out.write(report.missing[layer] ?? 0)
        }
    }
}

extension FrameReader {
    mutating func readSandbox() throws(MessageFault) -> SandboxReport {
        let layers = try readList("sandbox layers", limit: SandboxLayer.allCases.count) {
            (one) throws(MessageFault) -> (SandboxLayer, UInt16) in
            guard let layer = SandboxLayer(rawValue: try one.readByte()) else {
                throw .outOfBounds(field: "sandbox layer")
            }
            return (layer, try one.readInteger(UInt16.self))
        }
        return SandboxReport(missing: Dictionary(layers) { first, _ in first })
    }
}
