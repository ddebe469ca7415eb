import Testing

@testable import ForwarderCommand

/// The command line of `send_nsca`: nsca-ng's, and what callers of NSCA write.
@Suite struct NSCAArgumentsTests {
    private static func read(_ words: String...) throws -> NSCAArguments {
        try NSCAArguments(words.map { Array($0.utf8) })
    }

    private static func fault(_ words: String...) -> NSCAUsageFault? {
        do {
            _ = try NSCAArguments(words.map { Array($0.utf8) })
            return nil
        } catch {
            return error
        }
    }

    @Test func `nothing said means tab, ETB, and the usual file`() throws {
        let read = try Self.read()
        #expect(read.delimiter == 9 && read.separator == 0x17 && !read.takesCommands)
        #expect(read.configurationPath == nil && read.timeout == nil && read.delay == nil)
        #expect(read.verbosity == 0 && read.unused.isEmpty && read.wish == .send)
    }

    @Test func `options stand alone, together and with their value attached`() throws {
        let read = try Self.read("-CSsvvv", "-cfile", "-D", "5", "-o7", "-e", "\\n", "-d;")
        #expect(read.takesCommands && read.logsToStandardError && read.logsToSyslog)
        #expect(read.verbosity == 3 && read.configurationPath == "file")
        #expect(read.delay == 5 && read.timeout == 7)
        #expect(read.separator == 10 && read.delimiter == UInt8(ascii: ";"))
    }

    @Test func `what callers of NSCA write is understood`() throws {
        let read = try Self.read(
            "nagios.example.org", "-p", "5667", "-to", "10", "-c", "/etc/x.cfg", "-ds", "0x0a",
            "--quiet", "--legacy-2-7-mode")
        #expect(read.timeout == 10 && read.configurationPath == "/etc/x.cfg")
        #expect(read.separator == 10)
        #expect(
            read.unused == [
                "the host 'nagios.example.org'", "-p", "-t", "--quiet", "--legacy-2-7-mode",
            ])
        #expect(try Self.read("-H", "a", "-H", "[::1]").unused == ["-H", "-H"])
    }

    @Test func `help and version end the reading`() throws {
        for words in [["--help"], ["-h"], ["-vh", "-q"], ["-h", "x", "y"], ["-v", "x", "-h"]] {
            #expect(try NSCAArguments(words.map { Array($0.utf8) }).wish == .help, "\(words)")
        }
        #expect(try Self.read("--version").wish == .version)
        #expect(try Self.read("-V").wish == .version)
        #expect(Self.fault("--help", "-v") == .unknown("--"))
    }

    @Test func `what is wrong is told by its name`() {
        #expect(Self.fault("-q") == .unknown("-q"))
        #expect(Self.fault("-c") == .missingValue("-c"))
        #expect(Self.fault("-ds") == .missingValue("-ds"))
        #expect(Self.fault("-d", "::") == .noCharacter("-d"))
        #expect(Self.fault("-e", "") == .noCharacter("-e"))
        #expect(Self.fault("-D", "-1") == .negative("-D"))
        #expect(Self.fault("-o", "-3") == .negative("-o"))
        #expect(Self.fault("-v", "host") == .unexpected("host"))
        #expect(Self.fault("host", "other") == .unexpected("other"))
        #expect(Self.fault("-v", "--", "-v") == .unexpected("-v"))
        #expect(Self.fault("-d", ",", "-e", ",") == .sameCharacters)
        for word in ["\\n", "\\", "0x17", "\\027", "00", "\\x00"] {
            #expect(Self.fault("-d", word) == .forbiddenDelimiter, "\(word)")
        }
    }

    @Test func `numbers are those of atoi`() throws {
        #expect(try Self.read("-o", "12abc").timeout == 12)
        #expect(try Self.read("-D", "abc").delay == 0)
        #expect(try Self.read("-D", " +4").delay == 4)
    }

    @Test(
        arguments: [
            ("a", 97), ("0", 48), ("\\", 92), ("\\a", 7), ("\\b", 8), ("\\f", 12), ("\\n", 10),
            ("\\r", 13), ("\\t", 9), ("\\v", 11), ("011", 9), ("\\011", 9), ("\\0", 0), ("00", 0),
            ("0x2c", 44), ("0X2C", 44), ("\\x2c", 44), ("\\x7f", 127), ("0177", 127), ("\\7", 7),
            // NSCA's alone
            ("44", 44), ("10", 10), ("128", 128), ("255", 255), ("0x80", 128), ("0200", 128),
            ("0x0007", 7),
        ] as [(String, UInt8)])
    func `a character is itself or its code`(word: String, byte: UInt8) {
        #expect(CharacterWord.byte(Array(word.utf8)) == byte)
    }

    @Test(arguments: [
        "", "ab", "\\q", "\\x", "0x", "09", "\\x80", "\\200", "256", "44x", "\\tt", "é", "\\-1",
        "0x345", "0 1", "::", "+44", "-1", "000000044",
    ])
    func `other words are no character`(word: String) {
        #expect(CharacterWord.byte(Array(word.utf8)) == nil)
    }

    @Test func `a byte beyond ASCII is a delimiter too`() throws {
        let read = try NSCAArguments([Array("-d".utf8), [0xA7]])
        #expect(read.delimiter == 0xA7)
    }
}
