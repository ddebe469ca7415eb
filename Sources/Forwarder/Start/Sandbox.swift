internal import CSandbox
internal import Glibc
internal import Logging
package import UplinkMessages

/// Closes the process in: what it will not need again is gone when this returns.
package enum Sandbox {
    /// Descriptors besides the connections: standard ones, the daemon, the event loop, and some.
    ///
    /// 64: there are 7.
    private static let spareDescriptors: UInt64 = 64

    /// Puts on every layer that the kernel has, and says which are missing.
    ///
    /// - Isolation: binds the calling thread, which must be the only one.
    /// - Parameters:
    ///   - settings: their ports, and no others, can be connected to from now on.
    ///   - descriptor: the one beside the standard ones that stays open.
    package static func close(around settings: UplinkSettings, descriptor: Int32) -> SandboxReport {
        // The C library reads the time zone when it first needs it, which is too late then.
        tzset()
        let ports = Array(Set(settings.nodes.map(\.port)))
        var report = csandbox_report()
        ports.withUnsafeBufferPointer { ports in
            var request = csandbox_request()
            request.descriptor = descriptor
            request.descriptor_limit = descriptorLimit(settings)
            request.ports = ports.baseAddress
            request.port_count = ports.count
            csandbox_confine(&request, &report)
        }
        let errors = withUnsafeBytes(of: report.errors) { Array($0.bindMemory(to: Int32.self)) }
        var missing: [SandboxLayer: UInt16] = [:]
        for (layer, error) in zip(SandboxLayer.allCases, errors) where error != 0 {
            missing[layer] = UInt16(truncatingIfNeeded: error)
        }
        return SandboxReport(missing: missing)
    }

    /// One that ends and the one after it may be open at the same time.
    static func descriptorLimit(_ settings: UplinkSettings) -> UInt64 {
        settings.nodes.reduce(spareDescriptors) { $0 + 2 * UInt64($1.connections) }
    }

    /// Says in the log what is missing.
    static func log(_ report: SandboxReport, to log: Logger) {
        guard !report.lacking.isEmpty else {
            return log.info("sandbox closed")
        }
        let missing = report.lacking.map { layer in
            "\(layer.name) (\(String(cString: strerror(Int32(report.missing[layer] ?? 0)))))"
        }
        log.warning(
            "sandbox is not complete",
            metadata: ["missing": "\(missing.joined(separator: ", "))"]
        )
    }
}
