import Foundation
import TestSupport
import Testing

/// The lines of docs/submissions.md that put the program in the place of another `send_nsca`, in a
/// folder that dpkg takes for a system.
@Suite(
    .serialized,
    .enabled(
        if: geteuid() == 0 && Command.find("dpkg-divert") != nil
            && Command.find("dpkg-deb") != nil, "needs dpkg, and root"))
struct DiversionTests {
    /// A system with nothing in it but a forwarder.
    private struct System {
        let folder: TemporaryDirectory

        init() throws {
            folder = try TemporaryDirectory("diversion")
            let folders = ["info", "updates", "triggers", "alternatives"].map {
                "var/lib/dpkg/\($0)"
            }
            for name in folders + ["etc/alternatives", "usr/bin", "usr/sbin"] {
                try FileManager.default.createDirectory(
                    atPath: folder.path("root/" + name), withIntermediateDirectories: true)
            }
            try folder.write("", to: "root/var/lib/dpkg/status")
            try folder.write("#!/bin/sh\n", to: "root/usr/bin/forwarder")
        }

        /// Installs a package with a `send_nsca` that says its version.
        func install(version: Int) throws {
            try folder.write(
                """
                Package: nsca-ng-client
                Version: \(version)
                Architecture: all
                Maintainer: nobody <nobody@localhost>
                Description: another send_nsca

                """, to: "package/DEBIAN/control")
            try folder.write("theirs \(version)\n", to: "package/usr/sbin/send_nsca")
            try run("dpkg-deb -b \"$0/package\" \"$0/package.deb\"")
            try run("dpkg --root=\"$0/root\" --log=/dev/null -i \"$0/package.deb\"")
        }

        /// Runs lines as the document has them, on this system instead of the real one.
        func run(_ lines: String) throws {
            let script = """
                set -e
                dpkg-divert() { command dpkg-divert --root "$0/root" "$@"; }
                update-alternatives() { command update-alternatives --root "$0/root" "$@"; }
                ln() { command ln "$1" "$2" "$0/root$3"; }
                rm() { command rm "$0/root$1"; }
                \(lines)
                """
            try Command.require("bash", ["-c", script, folder.path])
        }

        /// What `/usr/sbin/send_nsca` leads to, or has in it.
        var client: String { get throws { try read("send_nsca") } }
        /// The same of what was moved aside.
        var other: String { get throws { try read("send_nsca.nsca") } }

        private func read(_ name: String) throws -> String {
            let path = folder.path("root/usr/sbin/" + name)
            // lost on purpose: what is no link has content
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
                return target
            }
            return try String(contentsOfFile: path, encoding: .utf8)
        }
    }

    /// The blocks of commands below the heading, in order.
    private static func blocks() throws -> [String] {
        let document = try String(
            contentsOf: BuiltProducts.repository.appendingPathComponent("docs/submissions.md"),
            encoding: .utf8)
        let section = document.components(separatedBy: "## In the place of another `send_nsca`")
            .dropFirst().joined().components(separatedBy: "\n## ")[0]
        return section.components(separatedBy: "```sh\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
    }

    @Test func `the other client is moved aside, stays so in an upgrade, and comes back`() throws {
        let blocks = try Self.blocks()
        try #require(blocks.count == 3)
        let system = try System()
        try system.install(version: 1)
        try system.run(blocks[0])
        #expect(try system.client == "/usr/bin/forwarder" && system.other == "theirs 1\n")
        try system.install(version: 2)
        #expect(try system.client == "/usr/bin/forwarder" && system.other == "theirs 2\n")
        try system.run(blocks[1])
        #expect(try system.client == "theirs 2\n")
    }

    @Test func `it need not be there yet`() throws {
        let blocks = try Self.blocks()
        let system = try System()
        try system.run(blocks[0])
        #expect(try system.client == "/usr/bin/forwarder")
        try system.install(version: 1)
        #expect(try system.client == "/usr/bin/forwarder" && system.other == "theirs 1\n")
    }

    @Test func `without a diversion an upgrade takes the place of a link`() throws {
        let system = try System()
        try system.install(version: 1)
        try system.run("update-alternatives --install /usr/sbin/send_nsca s /usr/bin/forwarder 60")
        #expect(try system.client == "theirs 1\n")
        try system.run("rm /usr/sbin/send_nsca; ln -s /usr/bin/forwarder /usr/sbin/send_nsca")
        try system.install(version: 2)
        #expect(try system.client == "theirs 2\n")
    }

    @Test func `both can be alternatives then`() throws {
        let blocks = try Self.blocks()
        let system = try System()
        try system.install(version: 1)
        try system.run(blocks[0])
        try system.run(blocks[2])
        #expect(try system.client == "/etc/alternatives/send_nsca")
        let chosen = system.folder.path("root/etc/alternatives/send_nsca")
        func target() throws -> String {
            try FileManager.default.destinationOfSymbolicLink(atPath: chosen)
        }
        #expect(try target() == "/usr/bin/forwarder")
        try system.run("update-alternatives --set send_nsca /usr/sbin/send_nsca.nsca")
        #expect(try target() == "/usr/sbin/send_nsca.nsca")
    }
}
