package import Foundation
import Synchronization

/// A real nsca-ng server of a test's own on loopback, whose command file the test reads, and the
/// real `send_nsca` in front of it.
package final class PrivateNSCA: Sendable {
    /// True when both programs of the distribution are here.
    package static var isAvailable: Bool {
        Command.find("nsca-ng") != nil && Command.find("send_nsca") != nil
    }
    /// What to say where they are not.
    package static let absence = "nsca-ng is not installed: run `make test` as root"

    /// The client's configuration.
    package let clientConfiguration: String
    private let folder: TemporaryDirectory
    private let port: LoopbackPort
    private let server: ChildProcess
    private let pipe: Int32
    private let mark = Mutex(0)
    /// What has come out of the pipe and was given to nobody yet.
    private let arrived = Mutex<[UInt8]>([])

    /// Starts the server and returns when it answers.
    ///
    /// - Parameters:
    ///   - largestCommand: bytes of the longest command that it takes; nil for its own bound.
    ///   - configuration: what it lets through; by default everything, to the identity `test` with
    ///     the password PASSWORD.
    package init(
        largestCommand: Int? = 4 << 20,
        configuration: String = #"authorize "test" { password = "PASSWORD" commands = ".*" }"#
    ) throws {
        folder = try TemporaryDirectory("nsca")
        port = try LoopbackPort()
        let password = UUID().uuidString
        guard mkfifo(folder.path("commands"), 0o600) == 0 else { throw SupportFault("no FIFO") }
        pipe = open(folder.path("commands"), O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard pipe >= 0 else { throw SupportFault("the FIFO cannot be opened") }
        let path = try folder.write(
            """
            command_file = "\(folder.path("commands"))"
            listen = "127.0.0.1:\(port.number)"
            temp_directory = "\(folder.path)"
            pid_file = "\(folder.path("pid"))"
            log_level = 1
            timeout = 600
            \(largestCommand.map { "max_command_size = \($0)" } ?? "")
            \(configuration.replacing("PASSWORD", with: password))

            """,
            to: "nsca-ng.cfg")
        clientConfiguration = try folder.write(
            """
            identity = "test"
            password = "\(password)"
            server = "127.0.0.1"
            port = "\(port.number)"
            timeout = 120

            """,
            to: "send_nsca.cfg")
        server = try ChildProcess("nsca-ng", ["-F", "-S", "-c", path])
        try eventually("nsca-ng answers") {
            guard server.poll() == nil else { throw SupportFault("nsca-ng: \(server.errorText)") }
            return try real([], Data()).isSuccess
        }
    }

    deinit {
        server.signal(SIGKILL)
        close(pipe)
    }

    /// Runs the real `send_nsca`.
    package func real(_ arguments: [String], _ input: Data) throws -> Command.Outcome {
        guard let program = Command.find("send_nsca") else { throw SupportFault("no send_nsca") }
        return try Command.run(
            program, ["-c", clientConfiguration] + arguments, input: input)
    }

    /// The commands that came through since the last call.
    ///
    /// One of the test's own marks the place: what the server was told before has come before it.
    /// What is told at the same time may come behind it, and is the next call's.
    package func commands() throws -> [[UInt8]] {
        let number = mark.withLock { number in
            number += 1
            return number
        }
        let last = Array("PROCESS_HOST_CHECK_RESULT;mark;0;\(number)\n".utf8)
        let told = try real([], Data("mark\t0\t\(number)".utf8))
        guard told.isSuccess else { throw SupportFault("no mark: \(told.errorText)") }
        return try eventually("the mark comes through") {
            try arrived.withLock { bytes in
                bytes += read()
                guard let place = bytes.firstRange(of: last) else { return nil }
                let commands = try Self.lines(bytes[..<place.upperBound])
                bytes.removeSubrange(..<place.upperBound)
                return commands.dropLast()
            }
        }
    }

    private func read() -> [UInt8] {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        var bytes: [UInt8] = []
        while true {
            let count = piece.withUnsafeMutableBytes { Glibc.read(pipe, $0.baseAddress, $0.count) }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
        }
    }

    /// Whole lines, those of files that are named in their place included.
    private static func lines(_ bytes: ArraySlice<UInt8>) throws -> [[UInt8]] {
        guard let end = bytes.lastIndex(of: 10) else { return [] }
        return try bytes[..<end].split(separator: 10, omittingEmptySubsequences: false)
            .flatMap { line -> [[UInt8]] in
                let command = withoutTime(line)
                let name = "PROCESS_FILE;"
                guard command.starts(with: name.utf8) else { return [Array(line)] }
                let path = command.dropFirst(name.utf8.count).prefix { $0 != UInt8(ascii: ";") }
                let file = URL(fileURLWithPath: String(decoding: path, as: UTF8.self))
                return try lines(Array(Data(contentsOf: file))[...])
            }
    }

    private static func withoutTime(_ line: ArraySlice<UInt8>) -> [UInt8] {
        guard line.first == UInt8(ascii: "["), let end = line.firstIndex(of: UInt8(ascii: "]"))
        else { return Array(line) }
        return Array(line[(end + 1)...].drop { $0 == UInt8(ascii: " ") })
    }
}
