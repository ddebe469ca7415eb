import Foundation
import Spool
import TestSupport
import Testing

@testable import ForwarderCommand

/// Who may ask what over the control socket.
@Suite(.timeLimit(.minutes(10))) struct ControlRightsTests {
    private static let rights = ControlRights(
        ownUser: 100, uplinkUser: 200, groups: [.status: [10, 11], .flush: [10]])

    private static func asker(_ user: uid_t, _ groups: gid_t...) -> ControlRights.Asker {
        ControlRights.Asker(user: user, groups: Set(groups))
    }

    private static func allowed(_ asker: ControlRights.Asker) -> [ControlRight] {
        ControlRight.allCases.filter { rights.allow($0, to: asker) }
    }

    @Test func `groups have their own rights, root and the own user all, others none`() {
        #expect(Self.allowed(Self.asker(0)) == ControlRight.allCases)
        #expect(Self.allowed(Self.asker(100)) == ControlRight.allCases)
        #expect(Self.allowed(Self.asker(300, 10)) == [.status, .flush])
        #expect(Self.allowed(Self.asker(300, 5, 11)) == [.status])
        #expect(Self.allowed(Self.asker(300, 12)) == [])
        #expect(Self.rights.isStranger(Self.asker(300, 12)))
        #expect(!Self.rights.isStranger(Self.asker(300, 11)))
    }

    @Test func `the uplink's user may ask nothing, whatever its groups`() {
        #expect(Self.allowed(Self.asker(200, 10, 11, 0)) == [])
        #expect(Self.rights.isStranger(Self.asker(200, 10)))
        let shared = ControlRights(ownUser: 100, uplinkUser: 100)
        #expect(shared.allow(.flush, to: Self.asker(100)), "not separated: it is the own user")
    }

    @Test func `each request needs its right`() {
        let filter = QueueFilter()
        #expect(ControlRequest.status.right == .status)
        #expect(ControlRequest.objects.right == .status)
        #expect(ControlRequest.queue(.rows(filter, after: nil)).right == .status)
        #expect(ControlRequest.queue(.check).right == .status)
        #expect(ControlRequest.flush.right == .flush)
        #expect(ControlRequest.queue(.change(.drop, filter, after: nil)).right == .queue)
        #expect(ControlRequest.queue(.change(.retry, filter, after: nil)).right == .queue)
        #expect(ControlRequest.recheck(object: "a").right == .recheck)
        #expect(ControlRequest.pause(object: "a", reason: "b", seconds: 1).right == .pause)
        #expect(ControlRequest.resume(object: "a").right == .pause)
        let submission = ControlRequest.submit(batch: Data())
        #expect(submission.right == .submit && submission.isSigned)
    }

    @Test func `groups are read from the Control object, unknown ones refused`() throws {
        let master = ConfigurationFixture.master("m")
        let loaded = try ConfigurationFixture.load(
            master + #"object Control "c" { flush_groups = [ "root", "daemon" ] }"#)
        #expect(loaded.controlGroups == [.flush: ["root", "daemon"]])
        let rights = try ControlRights(loaded)
        #expect(!rights.isPrivate)
        #expect(rights.allow(.flush, to: Self.asker(4_000_000, 0)))
        #expect(!rights.allow(.status, to: Self.asker(4_000_000, 0)))
        #expect(try ControlRights(ConfigurationFixture.load(master)).isPrivate)
        let unknown = try ConfigurationFixture.load(
            master + #"object Control "c" { status_groups = [ "no-such-group" ] }"#)
        #expect {
            try ControlRights(unknown)
        } throws: { "\($0)".contains("status_groups") && "\($0)".contains("no-such-group") }
        let flaws = ConfigurationFixture.errors(
            in: master + #"object Control "c" { status_groups = [ "" ] }"#)
        #expect(flaws.contains { $0.contains("must not be empty") }, "\(flaws)")
    }

    // MARK: - Over the socket

    private static func answerAll(_ server: ControlServer) async {
        for await (_, connection) in server.requests {
            connection.reply(.flushed(FlushOutcome(delivered: 0, left: [])))
        }
    }

    /// A server in a folder that everybody can enter, which answers every request it takes.
    private static func serve(
        _ rights: ControlRights,
        _ body: @escaping @Sendable (TemporaryDirectory, String) throws -> Void
    ) async throws {
        let folder = try TemporaryDirectory("rights")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o711], ofItemAtPath: folder.path)
        let path = folder.path("s")
        let server = try ControlFixture.server(path: path, rights: RightsBoard(rights))
        try await withTaskExecutorPreference(TaskThreads()) {
            async let _: Void = answerAll(server)
            server.start()
            defer { server.stop() }
            try await withCheckedThrowingContinuation { continuation in
                Thread { continuation.resume(with: Result { try body(folder, path) }) }.start()
            }
        }
    }

    /// Whether the kernel lets a user with these groups ask for a flush, through the program.
    private static func flush(
        _ folder: TemporaryDirectory, as user: uid_t, groups: String
    ) throws -> Command.Outcome {
        let text = #"""
            const NodeName = "web1"
            object Control "control" { path = "s" }
            """#
        let path = try folder.write(text, to: "forwarder.conf", mode: 0o644)
        return try Command.run(
            "setpriv",
            ["--reuid=\(user)", "--regid=4000004", "--groups=\(groups)"]
                + [try BuiltProducts.forwarder, "flush", "--config", path])
    }

    @Test(.enabled(if: geteuid() == 0, "only root can be somebody else"))
    func `the kernel's word decides, for the socket of the program`() async throws {
        let rights = ControlRights(
            uplinkUser: 4_000_002, groups: [.status: [4_000_011], .flush: [4_000_010]])
        try await Self.serve(rights) { folder, path in
            let member = try Self.flush(folder, as: 4_000_001, groups: "4000009,4000010")
            #expect(member.isSuccess, "\(member.errorText)")
            let reader = try Self.flush(folder, as: 4_000_001, groups: "4000011")
            #expect(!reader.isSuccess && reader.errorText.contains("flush_groups"))
            for (user, groups) in [(4_000_001, "4000009"), (4_000_002, "4000010")] as [(uid_t, _)] {
                let stranger = try Self.flush(folder, as: user, groups: groups)
                #expect(!stranger.isSuccess)
                #expect(stranger.errorText.contains("may not use"), "\(stranger.errorText)")
            }
        }
        try await Self.serve(ControlRights()) { folder, path in
            let anybody = try Self.flush(folder, as: 4_000_001, groups: "4000010")
            #expect(anybody.errorText.contains("may not talk"), "\(anybody.errorText)")
        }
    }

    @Test func `only with groups is the socket for more than its owner`() async throws {
        @Sendable func mode(_ path: String) -> mode_t {
            var status = stat()
            return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
        }
        try await Self.serve(ControlRights()) { #expect(mode($1) == 0o600) }
        try await Self.serve(ControlRights(groups: [.status: [10]])) { #expect(mode($1) == 0o666) }
    }

    /// What is answered to these bytes.
    private static func answer(_ bytes: [UInt8], _ path: String) throws -> String {
        let asker = try #require(try ControlSocket.connect(path: path))
        _ = asker.writeAll(bytes)
        shutdown(asker.number, Int32(SHUT_WR))
        return String(decoding: asker.readSome(), as: UTF8.self)
    }

    @Test func `what is no request, or too long a one, is turned away`() async throws {
        try await Self.serve(ControlRights()) { _, path in
            let good = try ControlWire.line(ControlRequest.flush)
            #expect(try Self.answer(good, path).contains("flushed"))
            let endless = [UInt8](repeating: UInt8(ascii: "x"), count: ControlWire.requestLimit + 1)
            let bad: [[UInt8]] = [
                [], [0], Array("{}\n".utf8), Array("null\n".utf8), Array(good.dropLast()),
                Array(#"{"run":{"_0":"rm"}}"#.utf8) + [10], [0xFF, 0xFE, 10], endless,
            ]
            for bytes in bad {
                let said = try Self.answer(bytes, path)
                #expect(said.isEmpty || said.contains("refused"), "\(bytes.prefix(40)): \(said)")
            }
            var random = SeededGenerator(seed: 7)
            for _ in 0..<200 {
                var bytes = good
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(
                    in: 0...255, using: &random)
                _ = try Self.answer(bytes, path)
            }
            #expect(try Self.answer(good, path).contains("flushed"), "it goes on answering")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can be somebody else"))
    func `a user who takes all connections keeps root from nothing`() async throws {
        try await Self.serve(ControlRights(groups: [.flush: [4_000_010]])) { _, path in
            let taking = #"""
                use IO::Socket::UNIX;
                # some are answered and closed before they ask
                $SIG{PIPE} = 'IGNORE';
                for (1..40) {
                    my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die $!;
                    syswrite $s, "{";
                    push @all, $s;
                }
                # the last one is answered: all are in
                sysread $all[-1], my $text, 1000;
                syswrite STDOUT, $text;
                sleep 300;
                """#
            let script = #"""
                exec 3< <(exec setpriv --reuid=4000001 --regid=4000004 --groups=4000010 \
                    perl -e "$1" "$2")
                taker=$!
                read -r -u 3 said; echo "$said"
                perl -e "$0" "$2"
                kill $taker
                """#
            // answered by the connection's own thread, and only to who has one
            let asking = #"""
                use IO::Socket::UNIX;
                my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die $!;
                syswrite $s, "{}\n";
                sysread $s, my $text, 1000;
                print $text;
                """#
            let outcome = try Command.run(
                "bash", ["-c", script, asking, taking, path])
            #expect(outcome.outputText.contains("Too many connections of this user (4)"))
            #expect(outcome.outputText.contains("This is no request."), "\(outcome)")
        }
    }

    @Test func `no user has more than a share, and some are for root and the own user`() {
        var shares = ConnectionShares()
        for user: uid_t in 1...3 {
            for _ in 0..<ConnectionShares.userLimit { #expect(shares.enter(.user(user)) == nil) }
            #expect(shares.enter(.user(user))?.contains("of this user") == true)
        }
        #expect(shares.enter(.user(4)) == "Too many connections.")
        for _ in 0..<4 { #expect(shares.enter(.owner) == nil) }
        #expect(shares.enter(.owner) == "Too many connections.")
        shares.leave(.user(1))
        #expect(shares.enter(.user(4)) == nil, "what ends makes room")
        shares.leave(.owner)
        #expect(shares.enter(.user(1)) == "Too many connections.", "that one is kept")
        #expect(shares.enter(.owner) == nil)
    }

    @Test func `more connections than there is room for are told so`() async throws {
        try await Self.serve(ControlRights()) { _, path in
            let silent = try (0..<ConnectionShares.limit).map { _ in
                try #require(try ControlSocket.connect(path: path))
            }
            let one = try #require(try ControlSocket.connect(path: path))
            #expect(String(decoding: one.readSome(), as: UTF8.self).contains("Too many"))
            withExtendedLifetime(silent) {}
        }
    }
}
