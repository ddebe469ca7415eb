import Collector
import Foundation
import TestSupport

@testable import ForwarderCommand

/// Files of another program in a folder of a test's own.
struct ImportFixture {
    let folder: TemporaryDirectory

    init(_ files: [String: String]) throws {
        folder = try TemporaryDirectory("import")
        for (name, text) in files {
            try folder.write(text.replacing("HERE", with: folder.path), to: name)
        }
    }

    var source: ImportSource {
        ImportSource(files: DiskFiles(), trust: FileTrust(runningUser: geteuid()))
    }

    func nrpe(_ name: String = "nrpe.cfg") throws(ImportFault) -> NRPEConfiguration {
        var reader = NRPEReader(source)
        try reader.read(folder.path(name))
        return reader.configuration
    }

    func nrpeText(_ name: String = "nrpe.cfg") throws(ImportFault) -> ImportOutcome {
        NRPEImport(configuration: try nrpe(name), origin: name).outcome
    }

    func server(
        _ name: String = "nsca-ng.cfg", environment: [String: String] = [:]
    ) throws(ImportFault) -> NSCAServerConfiguration {
        var reader = NSCAServerReader(source, environment: environment)
        return try reader.read(folder.path(name))
    }
}

/// Debian's NRPE as `scripts/unpack-nrpe` leaves it.
enum UnpackedNRPE {
    static let folder = BuiltProducts.repository.appendingPathComponent(".build/nrpe/system")
    static let sample = folder.appendingPathComponent("etc/nagios/nrpe.cfg").path
    static let server = folder.appendingPathComponent("usr/sbin/nrpe").path
    static let client = folder.appendingPathComponent("usr/lib/nagios/plugins/check_nrpe").path
    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: server) }
    static let absence = "scripts/unpack-nrpe has not unpacked it"

    /// Where its libraries are, beside the system's.
    static var environment: [String: String] {
        let libraries = ["lib", "usr/lib"].flatMap { place in
            ["x86_64-linux-gnu", "aarch64-linux-gnu"].map { "\(folder.path)/\(place)/\($0)" }
        }
        return ["LD_LIBRARY_PATH": libraries.joined(separator: ":"), "PATH": "/usr/bin:/bin"]
    }
}
