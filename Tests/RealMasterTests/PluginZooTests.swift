import Foundation
import TestSupport
import Testing

/// Plugins that misbehave in every way we know, side by side with one that does not.
@Suite(
    .serialized,
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct PluginZooTests {
    /// One animal: its plugin, and what the master has to hear of it.
    private struct Animal {
        let name: String
        /// The shell script; nil where there is no such file.
        let script: String?
        let state: Int
        /// The seconds that it may take.
        var timeout = 30
        /// The longest that it takes here, in seconds.
        var longest = 10.0
        /// True for the output that is right.
        let isRight: @Sendable (String) -> Bool
    }

    private static let animals = [
        Animal(name: "absent", script: nil, state: 3) {
            $0.hasPrefix("execvpe(") && $0.hasSuffix("/absent) failed: No such file or directory")
        },
        // Time enough for a slow shell's first words.
        Animal(name: "hangs", script: "echo waiting; sleep 3600", state: 3, timeout: 3) {
            $0 == "waiting\n<Timeout exceeded.>"
        },
        Animal(
            name: "ignores",
            script: "trap '' TERM; echo deaf; while :; do sleep 3600; done",
            state: 3, timeout: 3
        ) { $0 == "deaf\n<Timeout exceeded.>" },
        Animal(
            name: "floods", script: "head -c 100000000 /dev/zero | tr '\\0' x", state: 0,
            timeout: 120, longest: 60
        ) {
            $0.hasPrefix("xxxx") && $0.hasSuffix("x\n<Output cut at 65536 bytes.>")
                && (65_000...65_536).contains($0.utf8.count)
        },
        Animal(name: "breeds", script: "sleep 3600 &\necho parent; exit 1", state: 1) {
            $0 == "parent"
        },
        Animal(name: "dies", script: "echo last words; kill -9 $$", state: 3) {
            $0 == "last words\n<Terminated by signal 9 (Killed).>"
        },
        Animal(name: "babbles", script: #"printf 'a\377b\000c\303\n'; exit 2"#, state: 2) {
            $0 == "a\u{FFFD}b\u{FFFD}c\u{FFFD}"
        },
        Animal(name: "answers", script: "echo the answer; exit 42", state: 3) {
            $0 == "the answer\n<Terminated with exit code 42 (0x2a).>"
        },
    ]

    /// Every process that comes of a plugin carries this variable with the site's folder.
    private static let mark = "ZOO_KEEPER"

    private static func definitions(_ animals: [Animal], timeout: Int? = nil) -> String {
        """
        object Host NodeName { check_command = "dummy" }
        template Service "often" {
            host_name = NodeName
            check_interval = 0.5
            retry_interval = 0.5
            max_check_attempts = 1
        }
        object CheckCommand "steady" { command = [ "PLUGINS/steady" ] }
        object Service "steady" {
            import "often"
            check_command = "steady"
        }

        """
            + animals.map { animal in
                """
                object CheckCommand "\(animal.name)" {
                    command = [ "PLUGINS/\(animal.name)" ]
                    env.\(mark) = "PLUGINS"
                }
                object Service "\(animal.name)" {
                    import "often"
                    check_command = "\(animal.name)"
                    check_interval = 2s
                    retry_interval = 2s
                    check_timeout = \(timeout ?? animal.timeout)s
                }

                """
            }.joined()
    }

    private static func site(_ master: PrivateMaster) throws -> ForwarderSite {
        let site = try ForwarderSite(master: master, definitions: definitions(animals))
        try site.plugin("steady", "echo beat >>HERE/beats; echo steady")
        for animal in animals {
            if let script = animal.script { try site.plugin(animal.name, script) }
        }
        return site
    }

    @Test func `every misbehaving plugin becomes its result and leaves nothing behind`() throws {
        let master = try PrivateMaster()
        let site = try Self.site(master)
        try site.renderInto(master)
        try master.start()
        try site.withDaemon { daemon in
            for animal in Self.animals { try Self.expectResult(of: animal, on: master) }
            try Self.expectSteadiness(site)
            // They have had their say: what is left of them now stays for ever.
            try site.definitions(Self.definitions([]))
            daemon.reload()
            try eventually("no process of a plugin is left") {
                try Self.processes(of: site).isEmpty
            }
            try Self.expectSteadiness(site)
            #expect(try daemon.stop() == .exited(0))
        }
        try site.flushAll()
        #expect(try site.waitingCount() == 0)
        let status = try site.destination()
        for count in ["rejected", "refused", "evicted", "parked_objects", "queued"] {
            #expect(status[count].number == 0, "\(count)")
        }
    }

    @Test func `a daemon that stops takes its plugins with it, even deaf ones`() throws {
        let master = try PrivateMaster()
        let site = try Self.site(master)
        let slow = Self.animals.filter { ["ignores", "hangs", "breeds"].contains($0.name) }
        try site.definitions(Self.definitions(slow, timeout: 600))
        try site.withDaemon { daemon in
            try eventually("the slow ones run") { try Self.processes(of: site).count >= 4 }
            #expect(try daemon.stop() == .exited(0))
            // The daemon does not wait for a plugin's children to be gone from the process table.
            try eventually("no process of theirs is left") {
                try Self.processes(of: site).isEmpty
            }
        }
    }

    private static func expectResult(of animal: Animal, on master: PrivateMaster) throws {
        let name = "web1!\(animal.name)"
        let object = try eventually("\(name) has a result") {
            let object = try master.objectState(name)
            return object?.lastCheckResult == nil ? nil : object
        }
        let result = try #require(object.lastCheckResult)
        #expect(object.state == animal.state && result.state == animal.state, "\(name)")
        #expect(object.isHard && !result.isActive, "\(name)")
        #expect(animal.isRight(result.output), "\(name): \(result.output.suffix(200))")
        let span = result.executionEnd - result.executionStart
        #expect(span >= 0 && span < animal.longest, "\(name) took \(span) s")
    }

    /// The one that does nothing wrong is checked on and on.
    private static func expectSteadiness(_ site: ForwarderSite) throws {
        let before = site.pluginFile("beats").count
        try eventually("other checks go on") { site.pluginFile("beats").count >= before + 15 }
    }

    /// The living processes of a site's plugins and of all that these started.
    private static func processes(of site: ForwarderSite) throws -> [String] {
        let mark = Data("\(mark)=\(site.folder.path("plugins"))\0".utf8)
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { entry in
            guard Int32(entry) != nil else { return false }
            // lost on purpose: a process may end between the listing and the look
            let environment = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(entry)/environ"))
            return environment?.range(of: mark) != nil
        }
    }
}
