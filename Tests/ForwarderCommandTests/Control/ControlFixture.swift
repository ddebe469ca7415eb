import Foundation
import Logging

@testable import ForwarderCommand

/// What tests of the control socket share.
enum ControlFixture {
    /// How long either side waits for the other where no test is about waiting: only a broken one
    /// uses it up, however slow all is.
    static let patience = timeval(tv_sec: 300, tv_usec: 0)

    /// A server that waits so long for what is asked.
    static func server(
        path: String, rights: RightsBoard = RightsBoard()
    ) throws(ControlFault) -> ControlServer {
        try ControlServer(
            path: path, rights: rights, patience: patience, log: Logger(label: "test"))
    }
}
