import Foundation
import Synchronization
import TestSupport
import Testing

/// A release of Debian whose Icinga 2 the delivery laws are held against.
///
/// `scripts/compat` unpacks them and says where in `FORWARDER_COMPAT`.
enum CompatVersion: String, CaseIterable, CustomStringConvertible {
    case bookworm
    case trixie
    case sid

    /// The oldest Icinga 2 that it may bring; unstable moves on.
    private var oldest: (major: Int, minor: Int) {
        switch self {
        case .bookworm: (2, 13)
        case .trixie: (2, 14)
        case .sid: (2, 16)
        }
    }

    var description: String { "Debian \(rawValue)" }

    /// Where the run keeps systems, absences and the table; nil when it is no run of this tier.
    static let folder = ProcessInfo.processInfo.environment["FORWARDER_COMPAT"]

    /// True when this run is meant to compare versions.
    static var isWanted: Bool { folder != nil }

    /// Its Icinga 2 and that one's version.
    ///
    /// - Throws: why it cannot be had.
    func require() throws -> (IcingaInstallation, IcingaRelease) {
        guard let folder = Self.folder else { throw SupportFault("run `make compat` as root") }
        let place = "\(folder)/\(rawValue)"
        // lost on purpose: no such file, no such reason
        let reason = try? String(contentsOfFile: "\(place).absent", encoding: .utf8)
        let own: IcingaInstallation? = self == .bookworm ? .installed : nil
        guard let installation = IcingaInstallation(root: place) ?? own else {
            let text =
                reason?.split(separator: "\n").first
                ?? "it is not unpacked: run `make compat` as root"
            throw SupportFault("no Icinga 2 of \(self): \(text)")
        }
        let release = try IcingaRelease(of: installation)
        let isRight =
            (release.major, release.minor) == oldest
            || (self == .sid && (release.major, release.minor) >= oldest)
        guard isRight else {
            throw SupportFault("\(self) should bring \(oldest) but has Icinga \(release)")
        }
        return (installation, release)
    }
}

/// The version of an Icinga 2.
struct IcingaRelease: CustomStringConvertible {
    let description: String
    let major: Int
    let minor: Int

    /// Asks the binary itself.
    init(of installation: IcingaInstallation) throws {
        let folder = try TemporaryDirectory("version")
        let words = installation.command(["--version"], folder: folder.path)
        let said = try Command.require("env", words).outputText
        let first = said.split(separator: "\n").first ?? ""
        let text = first.split(separator: ": r").last?.split(separator: "-").first ?? ""
        let numbers = text.split(separator: ".").compactMap { Int($0) }
        try #require(numbers.count == 3, "no version in: \(first)")
        description = numbers.map(String.init).joined(separator: ".")
        major = numbers[0]
        minor = numbers[1]
    }

    /// True from that version on.
    func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
        (self.major, self.minor) >= (major, minor)
    }
}

/// What a law was seen to do with a version; `scripts/compat` prints it as a table.
enum CompatTable {
    private static let issues = Mutex(0)

    /// Counts what goes wrong, so that a law with a failed expectation is no success in the table.
    static let watch: IssueHandlingTrait = .compactMapIssues { issue in
        issues.withLock { $0 += 1 }
        return issue
    }

    /// Holds one law against one version and notes what `body` says that it saw.
    static func hold(
        _ law: String,
        _ version: CompatVersion,
        _ body: (IcingaInstallation, IcingaRelease) throws -> String
    ) throws {
        let (installation, release): (IcingaInstallation, IcingaRelease)
        do {
            (installation, release) = try version.require()
        } catch {
            // The console does not show a cancelled case, so it is said aloud and in the table.
            print("SKIPPED: \(law), \(version): \(error)")
            try note(law, version.description, "SKIPPED: \(error)")
            try Test.cancel("\(error)")
        }
        let before = issues.withLock { $0 }
        try note(law, release.description, "FAILED")
        let seen = try body(installation, release)
        guard issues.withLock({ $0 }) == before else { return }
        try note(law, release.description, seen)
    }

    private static func note(
        _ law: String,
        _ version: String,
        _ seen: String
    ) throws {
        guard let folder = CompatVersion.folder else { return }
        let path = "\(folder)/seen.tsv"
        if !FileManager.default.fileExists(atPath: path) {
            try Data().write(to: URL(fileURLWithPath: path))
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("\(law)\t\(version)\t\(seen)\n".utf8))
        try file.close()
    }
}
