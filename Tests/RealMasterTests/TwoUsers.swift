import Foundation
import TestSupport
import Testing

/// A site whose uplink another user runs, as the two systemd units do it: it comes to the daemon's
/// socket, and only its group can read the key.
struct TwoUsers {
    static let user = "nobody"
    private let site: ForwarderSite
    private let master: PrivateMaster

    /// Changes the site's configuration and files to that; needs root.
    init(of site: ForwarderSite, for master: PrivateMaster) throws {
        self.site = site
        self.master = master
        let path = site.configurationPath
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let separate = """
            program = "uplink", socket = "uplink.sock", user = "\(Self.user)"
            """
        let changed = text.replacing(#"program = "uplink""#, with: separate)
        #expect(changed != text)
        try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
        let place = site.folder.path
        try site.folder.makeFolder("noted")
        try Command.require("chmod", ["0711", place, "\(place)/pki"])
        try Command.require("chmod", ["0644", "\(place)/pki/client.crt", "\(place)/pki/ca.crt"])
        try Command.require("chmod", ["0640", "\(place)/pki/client.key"])
        try Command.require("chgrp", ["nogroup", "\(place)/pki/client.key"])
        try Command.require("chown", [Self.user, "\(place)/noted"])
    }

    /// Starts an uplink as `forwarder-uplink.service` does.
    func startUplink() throws -> ChildProcess {
        try ChildProcess(
            "setpriv", try asUplink(["--connect", site.folder.path("uplink.sock")]))
    }

    /// Runs to its end what the unit's reload runs.
    func renew(_ uplink: ChildProcess) throws -> Command.Outcome {
        try Command.run("setpriv", try asUplink(["--renew", "\(uplink.pid)"]))
    }

    private func asUplink(_ task: [String]) throws -> [String] {
        let pki = site.folder.path("pki")
        return [
            "--reuid=\(Self.user)", "--regid=nogroup", "--clear-groups", try BuiltProducts.uplink,
        ] + task + [
            "--record", site.folder.path("noted/keys"), "--identity", master.nodeName,
            "\(pki)/client.crt", "\(pki)/client.key", "\(pki)/ca.crt",
        ]
    }
}
