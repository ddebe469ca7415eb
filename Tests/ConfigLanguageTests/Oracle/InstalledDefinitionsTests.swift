import ConfigLanguage
import Testing

@Suite(.enabled(if: Oracle.hasIncludes, "the package icinga2-common is not installed"))
struct InstalledDefinitionsTests {
    @Test func `every installed file is of the language`() throws {
        let reader = SystemFileReader()
        let files =
            try reader.files(below: Oracle.includes, matching: "*")
            + reader.files(below: Oracle.definitions, matching: "*.conf")
        #expect(files.count > 20)
        for file in files {
            let text = try reader.read(file)
            #expect(throws: Never.self, "\(file)") {
                try ConfigSession.checkSyntax(of: text, name: file)
            }
        }
    }

    @Test func `the stock definitions load unchanged`() throws {
        let constants: [ByteString: Value] = [
            "PluginDir": "/usr/lib/nagios/plugins", "ManubulonPluginDir": "/m",
            "PluginContribDir": "/c", "PrefixDir": "/usr", "NodeName": "sandbox",
            "ZoneName": "sandbox",
            "ConfigDir": "/etc/icinga2", "PlatformName": "Debian", "OK": 0, "Warning": 1,
            "Critical": 2, "Unknown": 3, "Up": 0, "Down": 1, "Problem": 32, "Acknowledgement": 16,
            "Recovery": 64, "Custom": 8, "FlappingStart": 128, "FlappingEnd": 256,
            "DowntimeStart": 1, "DowntimeEnd": 2, "DowntimeRemoved": 4,
        ]
        let session = ConfigSession(
            schemas: TestTypes.all,
            constants: constants,
            includePaths: [Oracle.includes],
            reader: SystemFileReader()
        )
        session.load(
            text: Array(
                """
                template CheckCommand "plugin-check-command" { }
                template CheckCommand "icinga-check-command" { }
                template CheckCommand "cluster-check-command" { }
                template CheckCommand "cluster-zone-check-command" { }
                template CheckCommand "dummy-check-command" { }
                template CheckCommand "random-check-command" { }
                template CheckCommand "exception-check-command" { }
                template CheckCommand "sleep-check-command" { }
                template CheckCommand "clr-check-command" { }
                template NotificationCommand "plugin-notification-command" { }
                template TimePeriod "legacy-timeperiod" { }
                include <itl>
                include <plugins>
                include <plugins-contrib>
                include <manubulon>
                include <windows-plugins>
                include <nscp>
                include_recursive "/etc/icinga2/conf.d"
                """.utf8
            ),
            name: "/etc/icinga2/test.conf"
        )
        try session.commit()
        let read = Set(session.loadedFiles)
        for path in try RealFiles.paths() { #expect(read.contains(path), "\(path)") }
        #expect(session.registry.objects(ofType: "CheckCommand").count == 244)
        #expect(
            session.registry.objects(ofType: "Service").map(\.name.text).sorted() == [
                "apt", "disk", "disk /", "http", "icinga", "load", "ping4", "ping6", "procs",
                "ssh", "swap", "users",
            ]
        )
        #expect(session.ignoredCounts["Notification"] == 13)
        let host = try #require(session.registry.object(type: "Host", name: "sandbox"))
        #expect(host["groups"].toText.text == "[ \"linux-servers\" ]")
    }
}
