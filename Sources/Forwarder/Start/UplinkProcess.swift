#if canImport(Glibc)
    internal import Glibc
#endif
internal import Logging
internal import Monitoring
internal import NIOCore
internal import NIOPosix
package import UplinkMessages

/// The life of the process from the moment it serves the daemon.
package enum UplinkProcess {
    /// An identity whose files were read, or why they are refused.
    package typealias Keys = (name: String, material: Result<KeyMaterial, ForwarderFault>)

    /// The identities of the command line, usable or not.
    package struct Identities {
        let contexts: [String: Result<TLSContext, LinkFailure>]
    }

    /// Reads the files of all identities.
    ///
    /// A refused one does not keep the others from working: what goes to its nodes is answered
    /// with the reason.
    ///
    /// - Parameter user: whose group may read the keys too, as it is whom the process becomes.
    package static func readKeys(
        _ identities: [UplinkArguments.Identity],
        for user: String? = nil
    ) -> [Keys] {
        let reader = PEMFile.Reader.before(becoming: user)
        return identities.map { identity in
            do throws(ForwarderFault) {
                let material = try KeyMaterial(
                    name: identity.name,
                    certificate: identity.certificate,
                    key: identity.key,
                    authority: identity.authority,
                    readBy: reader
                )
                return (identity.name, .success(material))
            } catch {
                return (identity.name, .failure(error))
            }
        }
    }

    /// What keeps identities and user from being used, one line each as `--check` prints them.
    ///
    /// The same files are read in the same way as when it serves.
    package static func problems(of arguments: UplinkArguments) -> [String] {
        var problems: [String] = []
        func note(_ place: String, _ fault: ForwarderFault) {
            let words = fault.description.split(whereSeparator: \.isNewline)
            problems.append("\(place)\t\(words.joined(separator: " "))")
        }
        if let user = arguments.user {
            do throws(ForwarderFault) { _ = try ProcessUser.find(user) } catch { note("-", error) }
        }
        for (place, keys) in readKeys(arguments.identities, for: arguments.user).enumerated() {
            do throws(ForwarderFault) {
                _ = try TLSContext(keys.material.get())
            } catch {
                note("\(place)", error)
            }
        }
        return problems
    }

    /// Makes sure that the descriptor is a connected stream socket that no child would inherit.
    ///
    /// - Throws: `.descriptor`.
    package static func check(descriptor: Int32) throws(ForwarderFault) {
        var kind: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &kind, &length) == 0 else {
            throw .descriptor(number: descriptor, problem: String(cString: strerror(errno)))
        }
        guard kind == Int32(SOCK_STREAM.rawValue) else {
            throw .descriptor(number: descriptor, problem: "not a stream socket")
        }
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw .descriptor(number: descriptor, problem: String(cString: strerror(errno)))
        }
    }

    /// Waits for the daemon's settings, which come first; nil when it hangs up instead.
    ///
    /// Not a byte more is read than they have.
    ///
    /// - Throws: `.conversation`, `.descriptor`.
    package static func awaitSettings(
        from descriptor: Int32
    ) throws(ForwarderFault) -> UplinkSettings? {
        var frames = FrameAccumulator()
        while true {
            let message: DaemonMessage?
            do throws(MessageFault) {
                message = try frames.next().map { (frame) throws(MessageFault) in
                    try DaemonMessage(frame: frame)
                }
            } catch {
                throw .conversation("\(error)")
            }
            switch message {
            case .settings(let settings): return settings
            case nil: break
            default: throw .conversation("something before its settings")
            }
            let bytes = try read(atMost: frames.missingByteCount, from: descriptor)
            if bytes.isEmpty { return nil }
            frames.append(bytes)
        }
    }

    private static func read(
        atMost limit: Int,
        from descriptor: Int32
    ) throws(ForwarderFault) -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: min(limit, 65_536))
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count >= 0 { return buffer[..<count] }
            guard errno == EINTR else {
                throw .descriptor(number: descriptor, problem: String(cString: strerror(errno)))
            }
        }
    }

    /// Serves the daemon on the calling thread, the only one of the process; never returns.
    package static func serve(
        _ settings: UplinkSettings,
        descriptor: Int32,
        identities: Identities,
        sandbox: SandboxReport
    ) -> Never {
        let log = Logger(label: "uplink")
        Sandbox.log(sandbox, to: log)
        MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
            let session = UplinkSession(
                identities: identities.contexts,
                settings: settings,
                sandbox: sandbox,
                time: SystemTime(),
                hasHungUp: { DaemonSocket.isHungUp(descriptor) },
                whenEnded: { fault in
                    if let fault { log.error("giving up", metadata: ["why": "\(fault)"]) }
                    exit(fault == nil ? 0 : 1)
                }
            )
            RenewalSignal.look(on: loop) { session.wantRenewal() }
            attach(session, to: descriptor, on: loop)
        }
        exit(0)
    }

    /// Judges the keys and loads what TLS needs from files; each refusal is logged once, here.
    package static func judge(_ keys: [Keys]) -> Identities {
        let log = Logger(label: "uplink")
        var contexts: [String: Result<TLSContext, LinkFailure>] = [:]
        for (name, material) in keys {
            do throws(ForwarderFault) {
                contexts[name] = .success(try TLSContext(material.get()))
            } catch {
                log.error("identity refused", metadata: ["identity": "\(name)", "why": "\(error)"])
                contexts[name] = .failure(LinkFailure(.keysUnusable, "\(error)"))
            }
        }
        return Identities(contexts: contexts)
    }

    /// Puts the session at the end of a channel over the descriptor.
    private static func attach(
        _ session: UplinkSession,
        to descriptor: Int32,
        on loop: any EventLoop
    ) {
        let bound = NIOLoopBound(session, eventLoop: loop)
        ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .withConnectedSocket(descriptor)
            .whenFailure { error in
                let fault = ForwarderFault.descriptor(number: descriptor, problem: "\(error)")
                Logger(label: "uplink").error("giving up", metadata: ["why": "\(fault)"])
                exit(1)
            }
    }
}
