import Foundation
import Monitoring
import Testing

@testable import Forwarder

struct UplinkStartTests {
    @Test func `arguments say what to do`() throws {
        let arguments = try UplinkArguments([
            "--descriptor", "5", "--identity", "a", "c", "k", "r", "--identity", "b", "1", "2", "3",
            "--user", "nobody", "--log-level", "debug", "--log-format", "json",
        ])
        #expect(arguments.task == .serve(descriptor: 5))
        #expect(arguments.identities.map(\.name) == ["a", "b"])
        #expect(arguments.identities.first?.key == "k")
        #expect(arguments.user == "nobody" && arguments.logLevel == "debug")
        #expect(arguments.logFormat == .json)
        #expect(try UplinkArguments(["--connect", "/s"]).task == .connect(path: "/s"))
        #expect(try UplinkArguments(["--check"]).task == .check)
        let renewal = try UplinkArguments(["--renew", "77", "--record", "/r"])
        #expect(renewal.task == .renew(process: 77) && renewal.record == "/r")
        #expect(try UplinkArguments(["--resolve", "x"]).task == .resolve("x"))
        #expect(try UplinkArguments([]).task == .serve(descriptor: 3))
    }

    @Test(arguments: [
        ["--descriptor"], ["--descriptor", "x"], ["--descriptor", "-1"], ["--identity", "a", "b"],
        ["--what"], ["--log-level", "loud"], ["--log-format", "xml"], ["--resolve"], ["--connect"],
        ["--identity", "a", "b", "c", "d", "--identity", "a", "b", "c", "d"],
    ])
    func `arguments that make no sense are refused`(_ arguments: [String]) {
        #expect(throws: ForwarderFault.self) { try UplinkArguments(arguments) }
    }

    private func status(mode: mode_t, user: uid_t = 0, group: gid_t = 0) -> stat {
        var status = stat()
        status.st_mode = mode
        status.st_uid = user
        status.st_gid = group
        return status
    }

    private func objection(_ mode: mode_t, user: uid_t = 0, group: gid_t = 0) -> String? {
        PEMFile.objection(
            to: status(mode: S_IFREG | mode, user: user, group: group),
            as: .secret,
            readBy: PEMFile.Reader(user: 1_000, group: 2_000)
        )
    }

    @Test func `a key that strangers can read or replace is refused`() {
        #expect(objection(0o600) == nil)
        #expect(objection(0o400, user: 1_000) == nil)
        #expect(objection(0o604)?.contains("chmod 0600") == true)
        #expect(objection(0o644, group: 2_000)?.contains("everybody") == true)
        #expect(objection(0o620)?.contains("could replace it") == true)
        #expect(objection(0o600, user: 5)?.contains("belongs to user 5") == true)
    }

    @Test func `a key's group may read it if it is root's or the process's own`() {
        #expect(objection(0o640) == nil)
        #expect(objection(0o640, group: 2_000) == nil)
        #expect(objection(0o440, user: 1_000, group: 2_000) == nil)
        #expect(objection(0o660, group: 2_000)?.contains("could replace it") == true)
        #expect(objection(0o650, group: 2_000)?.contains("mode 0650") == true)
        for group: gid_t in [7, 1_000] {
            let text = objection(0o640, group: group) ?? ""
            #expect(text.contains("group \(group) may use"))
            #expect(text.contains("chmod 0600") && text.contains("chgrp it to root"))
            #expect(text.contains("(2000)"))
        }
    }

    @Test func `a key is read as whom the process is, and a refusal names the file`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // lost on purpose: only litter
        let path = folder.appending(path: "client.key").path
        try Data("key".utf8).write(to: URL(fileURLWithPath: path))
        #expect(chmod(path, 0o640) == 0 && chown(path, geteuid(), getegid()) == 0)
        #expect(try PEMFile(reading: path, as: .secret).bytes == Array("key".utf8))
        #expect(chmod(path, 0o644) == 0)
        #expect {
            try PEMFile(reading: path, as: .secret)
        } throws: { "\($0)".hasPrefix("\(path): is a private key") }
    }

    @Test func `a log line has the form of the daemon's`() {
        func line(_ level: String, _ message: String, why: String) -> String {
            let log = PlainLog(level: level)
            return log.line(log.logLevel, message, ["why": why, "node": "icinga1"])
        }
        #expect(line("error", "gone", why: "x") == "<3>gone node=icinga1 why=x")
        #expect(line("notice", "gone", why: "a b") == #"<5>gone node=icinga1 why="a b""#)
        #expect(line("info", "gone", why: "") == #"<6>gone node=icinga1 why="""#)
        #expect(line("debug", "a\nb", why: "a\r\n<0>b") == #"<7>a b node=icinga1 why="a <0>b""#)
        let json = PlainLog(level: "info", format: .json)
        #expect(
            json.line(json.logLevel, "gone\u{7F}", ["why": "\u{9B}A"])
                == #"{"level":"info","logger":"uplink","message":"gone\u007f","why":"\u009bA"}"#)
    }

    @Test func `only regular files are read`() {
        #expect(throws: ForwarderFault.self) { try PEMFile(reading: "/dev/null", as: .open) }
        #expect(throws: ForwarderFault.self) { try PEMFile(reading: "/nowhere", as: .open) }
    }

    @Test func `material whose parts do not belong together is refused by name`() throws {
        let certificates = try Certificates.shared.get()
        func context(_ certificate: String, _ key: String, _ authority: String) throws {
            _ = try TLSContext(
                KeyMaterial(
                    name: "x",
                    certificate: certificates.path(certificate),
                    key: certificates.path(key),
                    authority: certificates.path(authority)
                )
            )
        }
        try context("client.crt", "client.key", "ca.crt")
        #expect {
            try context("client.crt", "icinga1.key", "ca.crt")
        } throws: { "\($0)".contains("is not the key of the certificate") }
        #expect {
            try context("client.csr", "client.key", "ca.crt")
        } throws: { "\($0)".contains("holds no usable certificate") }
        #expect {
            try context("client.crt", "client.key", "ca.key")
        } throws: { "\($0)".contains("holds no CA certificate") }
    }

    @Test func `a name on this host resolves, and nonsense does not`() throws {
        #expect(try NameResolver.addresses(of: "127.0.0.1") == ["127.0.0.1"])
        #expect(throws: ForwarderFault.self) { try NameResolver.addresses(of: "no such name") }
    }

    @Test func `an unknown user is refused and the user stays`() {
        #expect(throws: ForwarderFault.self) { try ProcessUser.drop(to: "no-such-user-here") }
    }
}
