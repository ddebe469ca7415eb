import Foundation
import TestSupport
import Testing

/// What a terminal's ^C and its like send: a signal to the daemon and to all of its group.
@Suite struct GroupSignalTests {
    /// Plugins start all the time.
    private let series = ServiceSeries(plugin: "quick", count: 100, interval: 0.2)

    @Test func `a signal to the daemon's group ends no plugin that is about to start`() throws {
        let site = try ForwarderSite(master: PrivateMaster(), definitions: series.definitions)
        try site.plugin(series.plugin, "echo fine")
        try site.withDaemon { daemon in
            // reloading without a pause leaves a slow machine little time for plugins
            try eventually(
                "many plugins have run while signals came", patience: .seconds(600)
            ) {
                for _ in 0..<200 { daemon.reload() }
                return try outputs(site).count >= 10 * series.count
            }
            #expect(try daemon.stop() == .exited(0))
        }
        let others = try outputs(site).filter { $0 != "fine" }
        #expect(others.isEmpty, "\(others.count) of them, such as \(others.first ?? "")")
    }

    private func outputs(_ site: ForwarderSite) throws -> [String] {
        let measured = try site.measured()
        return series.names.flatMap { (measured[$0] ?? []).map(\.output) }
    }
}
