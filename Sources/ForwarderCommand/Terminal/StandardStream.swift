import Foundation

/// Standard output or standard error: a stream that whoever started this process gave it, and that
/// may be full, closed or gone.
struct StandardStream: Sendable {
    static let output = StandardStream(number: STDOUT_FILENO)
    static let error = StandardStream(number: STDERR_FILENO)

    /// What the kernel knows it by.
    let number: Int32

    /// Makes failing to write something that ``write(_:)`` tells, and that ends nothing; once, at
    /// the start.
    static func prepare() {
        // Who reads no more is an error of the write, and not a signal that ends the process.
        signal(SIGPIPE, SIG_IGN)
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
