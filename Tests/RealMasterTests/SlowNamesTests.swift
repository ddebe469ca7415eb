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
            try eventually("the name is looked up again") {
                lookUps("hangs.example", site) >= 2
            }
            // A look-up ends after seconds, so a slow machine may need another one.
            try eventually("the other master gets further results within one look-up") {
                let begun = lookUpPids("hangs.example", site)
                guard let look = begun.last, let before = try newest(masters[1]) else {
                    return false
                }
                try eventually("there is a further result, or another look-up") {
                    try newest(masters[1]) ?? 0 > before + 1.4
                        || lookUps("hangs.example", site) > begun.count
                }
                guard try newest(masters[1]) ?? 0 > before + 1.4 else { return false }
                // It still waits.
                return kill(look, 0) == 0 && lookUps("hangs.example", site) == begun.count
            }
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
                echo $$ >>"$here/lookups.$2"
                \(lookUp)
                exit
            fi
            exec '\(try BuiltProducts.uplink)' "$@"
            """,
            to: "uplink", mode: 0o700)
        return (masters, site)
    }

    private func newest(_ master: PrivateMaster) throws -> Double? {
        try master.objectState("web1!walk1")?.lastCheckResult?.executionStart
    }

    private func lookUps(_ name: String, _ site: ForwarderSite) -> Int {
        lookUpPids(name, site).count
    }

    private func lookUpPids(_ name: String, _ site: ForwarderSite) -> [pid_t] {
        let path = site.folder.path("lookups.\(name)")
        // lost on purpose: no file yet is no look-up yet
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { pid_t($0) }
    }
}
