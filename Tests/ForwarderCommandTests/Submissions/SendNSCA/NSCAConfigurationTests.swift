import Testing

@testable import ForwarderCommand

/// An old `send_nsca.cfg` is read as nsca-ng reads it.
@Suite struct NSCAConfigurationTests {
    private static func fault(_ text: String) -> NSCAConfigurationFault? {
        do {
            _ = try NSCAConfiguration(Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test func `what still means something is used, the rest is named`() throws {
        let text = """
            # Debian's file
            server = "monitoring.example.org"   # with a comment
            \tpassword='a # b\\'c'
            port=5668
            password = other
            timeout = 0x10
            delay=010

            encryption_method = 14\r
            legacy_2_7_mode=1
            """
        let read = try NSCAConfiguration(Array(text.utf8))
        #expect(read.timeout == 16 && read.delay == 8)
        #expect(
            read.unused == ["server", "password", "port", "encryption_method", "legacy_2_7_mode"])
        #expect(try NSCAConfiguration([]).timeout == 15)
    }

    @Test func `a backslash takes a character literally and joins lines`() throws {
        #expect(try NSCAConfiguration(Array("time\\\nout = \\3\\0\n".utf8)).timeout == 30)
        #expect(try NSCAConfiguration(Array("delay = \"4\\\n2\"".utf8)).delay == 42)
        #expect(try NSCAConfiguration(Array("delay = \"\"".utf8)).delay == 0)
        #expect(try NSCAConfiguration(Array("delay = '7".utf8)).delay == 7)
    }

    @Test func `what is wrong is told with its line, and no value`() {
        #expect(Self.fault("\nsecret = 1") == .unknownKey("secret", line: 2))
        #expect(Self.fault("= 1") == .noKey(line: 1))
        #expect(Self.fault("port 1") == .noValue("port", line: 1))
        #expect(Self.fault("port = # none") == .noValue("port", line: 1))
        #expect(Self.fault("port = 1 2") == .moreThanValue("port", line: 1))
        #expect(Self.fault("port = 1#2") == .moreThanValue("port", line: 1))
        #expect(Self.fault("port = \"1\" x") == .moreThanValue("port", line: 1))
        #expect(Self.fault("delay = 08") == .noNumber("delay", line: 1))
        #expect(Self.fault("timeout = ten") == .noNumber("timeout", line: 1))
        let long = String(repeating: "x", count: 2048)
        #expect(Self.fault("password = \(long)") == .tooLong("password", line: 1))
        #expect(Self.fault("password = \(long.dropFirst())") == nil)
        let secret = Self.fault("timeout = hunter2").map { "\($0)" } ?? ""
        #expect(!secret.contains("hunter2"))
    }
}
