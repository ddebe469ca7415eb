import Testing

@testable import ForwarderCommand

/// An old `send_nsca.cfg` is read as nsca-ng or NSCA reads it, and never stops a call.
@Suite struct NSCAConfigurationTests {
    private static func read(_ text: String) -> NSCAConfiguration {
        NSCAConfiguration(Array(text.utf8))
    }

    private static func faults(_ text: String) -> [NSCAConfigurationFault] { read(text).faults }

    @Test func `what still means something is used, the rest is named`() {
        let read = Self.read(
            """
            # Debian's file
            server = "monitoring.example.org"   # with a comment
            \tpassword='a # b\\'c'
            port=5668
            password = other
            timeout = 0x10
            delay=010

            encryption_method = 14\r
            legacy_2_7_mode=1
            """)
        #expect(read.timeout == 16 && read.delay == 8 && read.faults.isEmpty)
        #expect(
            read.unused == ["server", "password", "port", "encryption_method", "legacy_2_7_mode"])
        #expect(
            read.settings.map(\.line) == [2, 3, 4, 5, 6, 7, 9, 10]
                && read.settings[4].key == "timeout")
        #expect(NSCAConfiguration([]).timeout == 15)
    }

    @Test func `a backslash takes a character literally and joins lines`() {
        #expect(Self.read("time\\\nout = \\3\\0\n").timeout == 30)
        #expect(Self.read("delay = \"4\\\n2\"").delay == 42)
        #expect(Self.read("delay = \"\"").delay == 0)
        #expect(Self.read("delay = '7").delay == 7)
        #expect(Self.read("port = \\\n1\ndelay = x").faults == [.noNumber("delay", line: 3)])
    }

    @Test(arguments: [
        "password=my secret", "password = it's \"mine", "password=#1", "password=",
        "encryption_method = 1 # XOR", "port = 1 2", "port", "server = \"a\" b", "identity = \\",
        "tls_ciphers = " + String(repeating: "x", count: 5000),
    ])
    func `a value that nothing depends on is whatever it is`(line: String) {
        let read = Self.read(line + "\ntimeout = 7\n")
        #expect(read.faults == [] && read.unused.count == 1)
        #expect(read.timeout == (line.hasSuffix("\\") ? 15 : 7))
    }

    @Test func `what is wrong is told with its line and no value, and the rest is read`() {
        #expect(Self.faults("\nsecret = 1") == [.unknownKey("secret", line: 2)])
        #expect(Self.faults("= 1") == [.noKey(line: 1)])
        #expect(Self.faults("delay 1") == [.noValue("delay", line: 1)])
        #expect(Self.faults("delay = # none") == [.noValue("delay", line: 1)])
        #expect(Self.faults("delay = 1 2") == [.moreThanValue("delay", line: 1)])
        #expect(Self.faults("delay = 1#2") == [.moreThanValue("delay", line: 1)])
        #expect(Self.faults("timeout = \"1\" x") == [.moreThanValue("timeout", line: 1)])
        #expect(Self.faults("delay = 08") == [.noNumber("delay", line: 1)])
        let read = Self.read("timeout = ten\nbogus\ndelay = 3\n")
        #expect(read.timeout == 15 && read.delay == 3 && read.faults.map(\.line) == [1, 2])
        let secret = Self.faults("timeout = hunter2").map { "\($0)" }.joined()
        #expect(!secret.isEmpty && !secret.contains("hunter2"))
    }

    @Test(arguments: ["hunter2", "hunter2 more", "hunter2=", "aHVudGVyMg==", "hunter2 = "])
    func `a word without a value may be a password, and is not shown`(line: String) {
        #expect(Self.faults(line) == [.noKey(line: 1)])
    }

    @Test func `a file of another kind is told in bounds`() {
        let bytes = (0..<10_000).flatMap { _ in Array("some other words\n".utf8) }
        #expect(NSCAConfiguration(bytes).faults.count == NSCAConfiguration.faultLimit)
        let line = NSCAConfiguration([UInt8](repeating: 0x61, count: 1 << 20))
        #expect(line.faults.map { "\($0)".count < 100 } == [true])
    }
}
