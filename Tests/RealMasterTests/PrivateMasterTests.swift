import Foundation
import TestSupport
import Testing

/// The tests' own master: what the others rely on.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct PrivateMasterTests {
    private static let twoServices = """
        object Host "web" { check_command = "dummy", enable_active_checks = false }
        for (name in [ "load", "disk" ]) {
            object Service name {
                host_name = "web"
                check_command = "dummy"
                enable_active_checks = false
            }
        }
        object ApiUser "web" {
            client_cn = "web"
            permissions = [ "actions/process-check-result" ]
        }
        """

    @Test func `a client's result is taken with its time`() async throws {
        try await PrivateMaster.run(Self.twoServices) { master in
            let answer = try master.submit(
                "web!load",
                state: 1,
                at: 1_700_000_000.25,
                output: "ä \"quoted\"",
                as: .client(try master.client("web"))
            )
            #expect(answer.status == 200)
            let object = try #require(try master.objectState("web!load"))
            #expect(object.state == 1)
            #expect(object.checkAttempt == 2)  // an object begins as SOFT UNKNOWN, attempt 1
            #expect(object.lastCheckResult?.executionStart == 1_700_000_000.25)
            #expect(object.lastCheckResult?.output == "ä \"quoted\"")
            #expect(object.lastCheckResult?.isActive == false)
            #expect(try master.objectState("web!disk")?.lastCheckResult == nil)
            #expect(try master.objectState("web!none") == nil)
        }
    }

    @Test func `a certificate of another authority is refused`() async throws {
        try await PrivateMaster.run(Self.twoServices) { master in
            let stranger = try CertificateAuthority().issue("web")
            let answer = try master.submit("web!load", state: 0, at: 1, as: .client(stranger))
            #expect(answer.status == 401)
            #expect(try master.objectState("web!load")?.lastCheckResult == nil)
        }
    }

    @Test func `what an authority makes is what a verifier sees`() throws {
        let authority = try CertificateAuthority()
        let verify = { (identity: CertificateAuthority.Identity, name: String) in
            let outcome = try Command.run(
                "openssl",
                [
                    "verify", "-CAfile", authority.certificate, "-verify_hostname", name,
                    identity.certificate,
                ]
            )
            return outcome.isSuccess ? "OK" : outcome.errorText
        }
        #expect(try verify(authority.issue("web"), "web") == "OK")
        #expect(try verify(authority.issue("web"), "db").contains("hostname mismatch"))
        let expired = try authority.issue("web", validity: .expired)
        #expect(try verify(expired, "web").contains("certificate has expired"))
        let early = try authority.issue("web", validity: .notYet)
        #expect(try verify(early, "web").contains("certificate is not yet valid"))
        let stranger = try CertificateAuthority().issue("web")
        #expect(try !verify(stranger, "web").contains("OK"))
    }

    @Test func `a paused master answers nothing and goes on where it stopped`() async throws {
        try await PrivateMaster.run(Self.twoServices) { master in
            master.pause()
            let asking = try ChildProcess(
                "curl",
                ["-sk", "-u", master.administrator, "https://127.0.0.1:\(master.port)/v1"]
            )
            try eventually("curl is connected and waits") {
                let sockets = try KernelFile.text("/proc/net/tcp")
                let port = ":" + String(master.port, radix: 16, uppercase: true) + " 01 "
                return sockets.contains(port)
            }
            #expect(asking.poll() == nil)
            master.resume()
            #expect(try asking.wait() == .exited(0))
        }
    }

    @Test func `a stopped master keeps its state, and a killed one loses what is new`() async throws
    {
        try await PrivateMaster.run(Self.twoServices) { master in
            _ = try master.submit("web!load", state: 0, at: 1000)
            try master.restart()
            _ = try master.submit("web!load", state: 0, at: 2000)
            #expect(try master.objectState("web!load")?.lastCheckResult?.executionStart == 2000)
            try master.kill()
            try master.start()
            #expect(try master.objectState("web!load")?.lastCheckResult?.executionStart == 1000)
        }
    }

    @Test func `a reload brings new objects and keeps state`() async throws {
        try await PrivateMaster.run(Self.twoServices) { master in
            _ = try master.submit("web!load", state: 2, at: 1000)
            try master.write(
                configuration: """
                    object Host "db" { check_command = "dummy", enable_active_checks = false }
                    """,
                to: "more"
            )
            try master.reload()
            #expect(try master.objectState("db") != nil)
            #expect(try master.objectState("web!load")?.state == 2)
        }
    }

    @Test func `two masters run side by side`() async throws {
        try await PrivateMaster.run(Self.twoServices) { first in
            try await PrivateMaster.run(Self.twoServices) { second in
                _ = try first.submit("web!load", state: 1, at: 1000)
                #expect(try second.objectState("web!load")?.lastCheckResult == nil)
                #expect(first.port != second.port)
            }
        }
    }

    @Test func `a broken configuration is shown and leaves nothing behind`() throws {
        let master = try PrivateMaster(configuration: "object Host { } }")
        let fault = #expect(throws: SupportFault.self) { try master.start() }
        #expect(fault?.description.contains("syntax error") == true)
        #expect(try !master.isRunning())
    }
}
