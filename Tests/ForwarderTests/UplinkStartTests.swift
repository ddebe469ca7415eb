import Foundation
import Testing

@testable import Forwarder

struct UplinkStartTests {
    @Test func `arguments say what to do`() throws {
        let arguments = try UplinkArguments([
            "--descriptor", "5", "--identity", "a", "c", "k", "r", "--identity", "b", "1", "2", "3",
            "--user", "nobody", "--log-level", "debug",
        ])
        #expect(arguments.task == .serve(descriptor: 5))
        #expect(arguments.identities.map(\.name) == ["a", "b"])
        #expect(arguments.identities.first?.key == "k")
        #expect(arguments.user == "nobody" && arguments.logLevel == "debug")
        #expect(try UplinkArguments(["--resolve", "x"]).task == .resolve("x"))
        #expect(try UplinkArguments([]).task == .serve(descriptor: 3))
    }

    @Test(arguments: [
        ["--descriptor"], ["--descriptor", "x"], ["--descriptor", "-1"], ["--identity", "a", "b"],
        ["--what"], ["--log-level", "loud"], ["--resolve"],
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

    @Test func `a key that others can read is refused, and one of root's group is not`() {
        func objection(_ mode: mode_t, group: gid_t = 0, user: uid_t = 0) -> String? {
            PEMFile.objection(
                to: status(mode: S_IFREG | mode, user: user, group: group),
                as: .secret,
                readBy: 1_000
            )
        }
        #expect(objection(0o600) == nil)
        #expect(objection(0o600, user: 1_000) == nil)
        #expect(objection(0o640) == nil)
        #expect(objection(0o640, group: 7)?.contains("chmod 0600") == true)
        #expect(objection(0o604)?.contains("chmod 0600") == true)
        #expect(objection(0o620)?.contains("could replace it") == true)
        #expect(objection(0o600, user: 5)?.contains("belongs to user 5") == true)
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
