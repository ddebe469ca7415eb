import Foundation
import TestSupport
import Testing

/// Masters whose names are looked up slowly, or in vain.
@Suite(
    .enabled(if: PrivateMaster.isAvailable, Comment(rawValue: PrivateMaster.absence))
)
struct SlowNamesTests {
    private let walk = WalkingServices(count: 2, interval: 0.5)

    @Test func `names are looked up beside each other`() throws {
        // Each look-up ends when the other one has begun.
        let (masters, site) = try prepare(
            hosts: ["one.example", "two.example"],
            lookUp: """
                : >"$here/begun.$2"
                other=one.example
                [ "$2" = one.example ] && other=two.example
                while [ ! -f "$here/begun.$other" ]; do sleep 0.05; done
                echo 127.0.0.1
                """)
        for master in masters { try master.start() }
        try site.withDaemon { daemon in
            for master in masters {
                try eventually("\(master.nodeName) gets results") {
                    try master.objectState("web1!walk1")?.lastCheckResult != nil
                }
            }
            #expect(lookUps("one.example", site) == 1)
            #expect(lookUps("two.example", site) == 1)
            #expect(try daemon.stop() == .exited(0))
        }
        for master in masters { try master.stop() }
    }

    @Test func `a name that is looked up in vain does not delay the other master`() throws {
        let (masters, site) = try prepare(
            hosts: ["hangs.example", "127.0.0.1"], lookUp: "exec sleep 1000")
        try masters[1].start()
        try site.withDaemon { daemon in
            try eventually("the name is looked up again", patience: .seconds(60)) {
                lookUps("hangs.example", site) >= 2
            }
            let begun = lookUps("hangs.example", site)
            let name = "web1!walk1"
            let before = try masters[1].objectState(name)?.lastCheckResult?.executionStart ?? 0
            try eventually("the other master gets further results") {
                let now = try masters[1].objectState(name)?.lastCheckResult?.executionStart ?? 0
                return now > before + 1.4
            }
            #expect(lookUps("hangs.example", site) == begun, "all within one look-up")
            #expect(try daemon.stop() == .exited(0))
        }
        try masters[1].stop()
    }

    /// Two masters at `hosts`, and a site whose look-ups are the shell text `lookUp`.
    private func prepare(
        hosts: [String], lookUp: String
    ) throws -> ([PrivateMaster], ForwarderSite) {
        let authority = try CertificateAuthority()
        let masters = try ["production", "backup"].map {
            try PrivateMaster(authority: authority, name: $0)
        }
        let site = try ForwarderSite(
            masters: zip(masters, hosts).map { .init($0, host: $1) },
            definitions: walk.definitions)
        try site.plugin("walk", WalkingServices.plugin)
        for master in masters { try site.renderInto(master) }
        try site.folder.write(
            """
            #!/bin/sh
            here="${0%/*}"
            if [ "$1" = --resolve ]; then
                echo >>"$here/lookups.$2"
                \(lookUp)
                exit
            fi
            exec '\(try BuiltProducts.uplink)' "$@"
            """,
            to: "uplink", mode: 0o700)
        return (masters, site)
    }

    private func lookUps(_ name: String, _ site: ForwarderSite) -> Int {
        let path = site.folder.path("lookups.\(name)")
        // lost on purpose: no file yet is no look-up yet
        return (try? String(contentsOfFile: path, encoding: .utf8))?.count ?? 0
    }
}
