import ConfigLanguage
import Foundation
import Monitoring
import TestSupport
import Testing

@testable import ForwarderCommand

/// Results find their way whatever is wrong with `forwarder.conf`.
@Suite struct MeetingPlaceTests {
    private static let control = #"object Control "c" { path = "s", drop_directory = "/var/d" }"#

    private struct Reader: ConfigFileReader {
        var text: String?

        func read(_ path: String) throws(ConfigFault) -> [UInt8] {
            guard let text else { throw .unreadable(Diagnostic("Cannot read '\(path)'.")) }
            return Array(text.utf8)
        }
        func files(matching pattern: String) -> [String] { [] }
        func files(below directory: String, matching pattern: String) -> [String] { [] }
    }

    private static func place(
        _ text: String?, named: String? = nil
    ) throws(ConfigFault) -> MeetingPlace {
        try MeetingPlace(
            named: named,
            by: ConfigurationLoader(
                reader: Reader(text: text), hostName: "web1", programFolder: "/usr/bin"))
    }

    private static let usual = ["/run/forwarder/control.sock", "/var/spool/forwarder"]
    private static let own = ["/etc/forwarder/s", "/var/d"]

    @Test func `a file without a mistake says where, and nothing is told`() throws {
        let master = ConfigurationFixture.master("m")
        let place = try Self.place(master + Self.control)
        #expect([place.controlPath, place.dropPath] == Self.own && place.complaint == nil)
        let usual = try Self.place(master)
        #expect([usual.controlPath, usual.dropPath] == Self.usual && usual.complaint == nil)
    }

    /// Mistakes elsewhere, in the grammar, in an expression, in an attribute.
    @Test(arguments: [
        "object Master \"m\" { host = ", "object Master \"m { host = 1 }", "}", "prot = 5665 +",
        "object Master \"m\" { prot = 5665 }", "object Mastr \"m\" {}", "x = undefinedFunction()",
        "include \"/nowhere\"",
        "/* object Control \"x\" { path = \"no\" } */ object Spool \"s\" { size = 1 }",
        "// object Control \"x\" { path = \"no\" }\n}",
    ])
    func `a mistake elsewhere leaves both where they are, and is told with its line`(
        mistake: String
    ) throws {
        let place = try Self.place("\n" + mistake + "\n" + Self.control + "\n")
        #expect([place.controlPath, place.dropPath] == Self.own)
        let complaint = place.complaint ?? ""
        #expect(complaint.hasPrefix("/etc/forwarder/forwarder.conf:"), "\(complaint)")
        #expect(complaint.contains("Used are /etc/forwarder/s and /var/d."))
        #expect(!complaint.contains("\n"))
    }

    @Test(
        arguments: [
            (#"path = "s"; drop_dir = "/var/d""#, ["/etc/forwarder/s", usual[1]]),
            (#"path = "s"; submit_grups = [ "x", "y" ]; drop_directory = "/var/d""#, own),
            (#"path = "s" + ; drop_directory = "/var/d""#, [usual[0], "/var/d"]),
            (#"pth = "s"; drop_directory = "/var/d""#, [usual[0], "/var/d"]),
            (#"path = 3 * ; vars = { path = "no" }"#, usual),
            (#"path = "s\"; drop_directory = "/var/d""#, usual),
            ("path = \"s\ndrop_directory = \"/var/d\"", [usual[0], "/var/d"]),
            (#"path = "" x = 1"#, usual), (#"path = RunDir + "/s" x = "#, usual),
        ] as [(String, [String])])
    func `of a Control object with a mistake counts what is beyond doubt`(
        body: String, places: [String]
    ) throws {
        let place = try Self.place("object Control \"c\" {\n  \(body)\n}\n")
        #expect([place.controlPath, place.dropPath] == places, "\(place)")
        #expect(place.complaint?.contains("forwarder.conf:") == true, "\(place)")
    }

    /// Files that say nowhere, or not beyond doubt, where the drop directory is.
    @Test(arguments: [
        "", "// all of it is gone\n", "}\n", control.replacing("Control", with: "Contrl"),
        control + "\n" + control.replacing("/var/d", with: "/var/e"),
        control + "\n}\n" + control.replacing("/var/d", with: "/var/e"),
        "if (false) {\n" + control + "\n}\nx = 5 +\n",
        "object Control \"c\" { path = \"s\" }\n}\n",
    ])
    func `where the drop directory is a guess that is said`(text: String) throws {
        let place = try Self.place(text)
        #expect(place.isGuess && place.dropPath == Self.usual[1], "\(place)")
        #expect(place.complaint?.contains("is not taken") == true, "\(place)")
    }

    @Test func `where the file says it there is no guess`() throws {
        let master = ConfigurationFixture.master("m")
        for text in [master, master + Self.control, "}\n" + Self.control, Self.control] {
            #expect(try !Self.place(text).isGuess, "\(text)")
        }
        #expect(try Self.place(nil).isGuess)
    }

    @Test func `send_nsca tells a guess without being asked, and no other mistake`() throws {
        let guessed = try SubmissionProgram(configuration: "object Contrl \"c\" { }")
        let told = try guessed.send([], "")
        #expect(told.isSuccess && told.errorText.contains("/var/spool/forwarder"))
        let known = try SubmissionProgram(configuration: "}\n" + SubmissionProgram.control)
        let silent = try known.send([], "")
        #expect(silent.isSuccess && silent.errorText.isEmpty, "\(silent.errorText)")
    }

    @Test func `a file that cannot be read means the usual places, but not one that is named`()
        throws
    {
        let place = try Self.place(nil)
        #expect([place.controlPath, place.dropPath] == Self.usual)
        #expect(place.complaint?.hasPrefix("Cannot read '/etc/forwarder/forwarder.conf'.") == true)
        #expect(throws: ConfigFault.self) { try Self.place(nil, named: "/etc/other.conf") }
        let named = try Self.place("}\n" + Self.control, named: "/etc/other.conf")
        #expect(named.controlPath == "/etc/s")
    }

    @Test func `no bytes trap the reading`() {
        var random = SplitMix(seed: 3)
        let pieces = [
            "object ", "Control ", "\"c\"", "{", "}", "path", "=", "\"", "\\", "\n", ";", "#", "/*",
            "*/", "//", "{{{", "}}}", "drop_directory", "\u{0}", "ü",
        ]
        for _ in 0..<2000 {
            let text = (0..<30).map { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &random)]
            }.joined()
            let found = ControlText(Array(text.utf8)).attributes
            #expect(found.keys.allSatisfy { !$0.isEmpty })
        }
    }
}
