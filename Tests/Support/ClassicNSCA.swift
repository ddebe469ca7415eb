package import Foundation

/// A real NSCA 2.10 server of a test's own on loopback, and its `send_nsca` in front of it, as
/// `scripts/unpack-nsca` leaves them.
package final class ClassicNSCA: Sendable {
    private static let system = BuiltProducts.repository.appendingPathComponent(
        ".build/nsca/system")
    private static let client = system.appendingPathComponent("usr/sbin/send_nsca").path

    /// True when both programs are here.
    package static var isAvailable: Bool { FileManager.default.isExecutableFile(atPath: client) }
    /// What to say where they are not.
    package static let absence = "scripts/unpack-nsca has not unpacked it"

    /// Where their library is, beside the system's.
    private static var environment: [String: String] {
        let libraries = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map {
            system.appendingPathComponent("usr/lib/\($0)").path
        }
        return ["LD_LIBRARY_PATH": libraries.joined(separator: ":"), "PATH": "/usr/bin:/bin"]
    }

    /// The client's configuration.
    package let clientConfiguration: String
    private let folder: TemporaryDirectory
    private let port: LoopbackPort
    private let server: ChildProcess
    private let pipe: Int32

    /// Starts the server and returns when it answers.
    package init() throws {
        folder = try TemporaryDirectory("classic-nsca")
        port = try LoopbackPort()
        guard mkfifo(folder.path("commands"), 0o600) == 0 else { throw SupportFault("no FIFO") }
        pipe = open(folder.path("commands"), O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard pipe >= 0 else { throw SupportFault("the FIFO cannot be opened") }
        let configuration = try folder.write(
            """
            server_address=127.0.0.1
            server_port=\(port.number)
            command_file=\(folder.path("commands"))
            alternate_dump_file=\(folder.path("dump"))
            pid_file=\(folder.path("pid"))
            max_packet_age=300
            decryption_method=0

            """, to: "nsca.cfg")
        clientConfiguration = try folder.write(
            "password=my secret\nencryption_method=0\n", to: "send_nsca.cfg")
        server = try ChildProcess(
            Self.system.appendingPathComponent("usr/sbin/nsca").path, ["-f", "-c", configuration],
            environment: Self.environment)
        try eventually("nsca answers") {
            guard server.poll() == nil else { throw SupportFault("nsca: \(server.errorText)") }
            return try real([], Data("mark\t0\tbegin".utf8)).isSuccess
        }
        _ = try commands()
    }

    deinit {
        server.signal(SIGKILL)
        close(pipe)
    }

    /// Runs the real `send_nsca`.
    package func real(_ arguments: [String], _ input: Data) throws -> Command.Outcome {
        let place = ["-H", "127.0.0.1", "-p", "\(port.number)", "-c", clientConfiguration]
        let words = place + ["-to", "120"]
        return try Command.run(
            Self.client, words + arguments, environment: Self.environment, input: input)
    }

    /// The commands that came through since the last call, without their times.
    ///
    /// One of the test's own marks the place: the server takes one connection after the other.
    package func commands() throws -> [[UInt8]] {
        let last = Array("PROCESS_HOST_CHECK_RESULT;mark;0;end".utf8)
        let told = try real([], Data("mark\t0\tend".utf8))
        guard told.isSuccess else { throw SupportFault("no mark: \(told.errorText)") }
        var bytes: [UInt8] = []
        var commands: [[UInt8]] = []
        try eventually("the mark comes through") {
            bytes += read()
            let end = bytes.lastIndex(of: 10) ?? 0
            commands = bytes[..<end].split(separator: 10).map { line in
                Array(line.drop { $0 != UInt8(ascii: "]") }.dropFirst(2))
            }
            return commands.last == last
        }
        return commands.dropLast()
    }

    private func read() -> [UInt8] {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        let count = piece.withUnsafeMutableBytes { Glibc.read(pipe, $0.baseAddress, $0.count) }
        return Array(piece.prefix(max(0, count)))
    }
}
