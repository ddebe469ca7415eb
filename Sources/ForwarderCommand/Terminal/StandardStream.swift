import Foundation

/// Standard input, output or error: a stream that whoever started this process gave it, and that
/// may be full, closed or gone.
struct StandardStream: Sendable {
    static let input = StandardStream(number: STDIN_FILENO)
    static let output = StandardStream(number: STDOUT_FILENO)
    static let error = StandardStream(number: STDERR_FILENO)

    /// What the kernel knows it by.
    let number: Int32

    /// Makes failing to write something that ``write(_:)`` tells, and that ends nothing; once, at
    /// the start.
    static func prepare() {
        // Who reads no more is an error of the write, and not a signal that ends the process.
        signal(SIGPIPE, SIG_IGN)
        // So is a limit on the size of files, which left a begun file behind when it ended it.
        signal(SIGXFSZ, SIG_IGN)
        // A stream that was closed would be the next file or socket that is opened, and text for
        // people would go into it. Of this one nothing can be read, and nothing be written to it.
        for (number, unusable) in [(STDIN_FILENO, O_WRONLY), (1, O_RDONLY), (2, O_RDONLY)]
        where fcntl(number, F_GETFD) < 0 {
            _ = open("/dev/null", unusable)
        }
    }

    /// Writes all of it; waits where whoever reads is slow.
    func write(_ bytes: [UInt8]) throws(WriteFault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // Somebody who shares it does not want to wait for it. The write says how it went.
                var wait = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wait, 1, -1)
            default: throw WriteFault(code: errno)
            }
        }
    }

    /// Reads to the end.
    ///
    /// - Parameter patience: milliseconds to wait for more; nil for as long as it takes.
    /// - Throws: `.tooLong` as soon as there is more than `limit`.
    func readAll(upTo limit: Int, patience: Int32? = nil) throws(ReadFault) -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = piece.withUnsafeMutableBytes { read(number, $0.baseAddress, $0.count) }
            if count == 0 { return all }
            if count > 0 {
                all += piece[..<count]
                guard all.count <= limit else { throw .tooLong(limit: limit) }
                continue
            }
            try waitToRead(after: errno, patience)
        }
    }

    /// Milliseconds that what is no file, such as a pipe, may say nothing.
    ///
    /// 5 s: a shell's `<(…)` writes at once.
    private static let filePatience: Int32 = 5000

    /// Reads a file to its end, or what has a file's name, such as a pipe or /dev/null.
    ///
    /// Waits for nobody who might write into a pipe, and ``filePatience`` for who does.
    ///
    /// - Throws: `.tooLong` as soon as there is more than `limit`.
    static func readFile(_ path: String, upTo limit: Int) throws(ReadFault) -> [UInt8] {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard number >= 0 else { throw .unreadable(code: errno) }
        defer { _ = close(number) }
        return try StandardStream(number: number).readAll(upTo: limit, patience: filePatience)
    }

    private func waitToRead(after code: Int32, _ patience: Int32?) throws(ReadFault) {
        switch code {
        case EINTR: return
        case EAGAIN:
            var wait = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, patience ?? -1) != 0 else { throw .unreadable(code: EAGAIN) }
        default: throw .unreadable(code: code)
        }
    }

    /// Writes as much of it as can be written.
    func tell(_ text: String) {
        do throws(WriteFault) {
            try write(Array(text.utf8))
        } catch {
            // lost on purpose: there is nowhere left to say that nothing can be said
        }
    }
}

/// Why a stream cannot be written to.
struct WriteFault: Error, CustomStringConvertible {
    /// The `errno`.
    let code: Int32

    /// True when whoever read it wants no more.
    var isHangUp: Bool { code == EPIPE }

    var description: String { String(cString: strerror(code)) }
}

/// Why a stream was not read to its end.
enum ReadFault: Error, CustomStringConvertible {
    /// With the `errno`.
    case unreadable(code: Int32)
    case tooLong(limit: Int)

    /// What happened, of whatever was read.
    var reason: String {
        switch self {
        case .unreadable(let code): "it cannot be read: \(String(cString: strerror(code)))"
        case .tooLong(let limit): "it has more than \(limit >> 20) MiB"
        }
    }

    /// Of standard input.
    var description: String {
        switch self {
        case .unreadable(let code):
            """
            Standard input cannot be read: \(String(cString: strerror(code))). Nothing was done. \
            Give it a file or a pipe.
            """
        case .tooLong(let limit):
            """
            Standard input has more than \(limit >> 20) MiB. Nothing was done. Give it what it is \
            for, and nothing else.
            """
        }
    }
}
