import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// The program itself, by both names, without a daemon.
@Suite(.serialized) struct SubmissionProgramTests {
    @Test func `a misspelt forwarder.conf costs nobody a result`() throws {
        let scene = try SubmissionProgram(
            configuration: "\nobject Master \"m\" { prot = 1\n" + SubmissionProgram.control)
        let sent = try scene.send(["-v"], "web1\tload\t0\tfine\n")
        #expect(sent.isSuccess, "\(sent.errorText)")
        let told = sent.errorText.split(separator: "\n").filter { $0.contains("forwarder.conf:") }
        #expect(told.count == 1, "\(sent.errorText)")
        #expect(try scene.send([], "web1\tload\t1\tfine\n").errorText == "")
        let submitted = try scene.submit(["web1!load", "2", "bad"])
        #expect(submitted.isSuccess && submitted.errorText.contains("forwarder.conf:"))
        #expect(try scene.dropped().map(\.exitStatus) == [0, 1, 2])
    }

    @Test func `a file that is named and not there is told, and nothing is guessed`() throws {
        let scene = try SubmissionProgram()
        try FileManager.default.removeItem(atPath: scene.folder.path("forwarder.conf"))
        let sent = try scene.send([], "web1\tload\t0\tfine\n")
        #expect(sent.ending == .exited(1) && sent.errorText.contains("Nothing was read or sent."))
        #expect(try scene.submit(["web1!load", "0", "x"]).ending == .exited(1))
    }

    @Test func `nothing about send_nsca.cfg stops a call`() throws {
        let scene = try SubmissionProgram()
        let files = [
            try scene.folder.write("password=my secret\nencryption_method=1\n", to: "a.cfg"),
            try scene.folder.write("", to: "empty.cfg"), "/dev/null", "/dev/zero", "/",
            scene.folder.path("none.cfg"), try BuiltProducts.forwarder,
        ]
        for file in files {
            let sent = try scene.send(["-c", file], "web1\tload\t0\t\(file)\n")
            #expect(sent.isSuccess, "\(file): \(sent.errorText)")
            #expect(sent.errorText.utf8.count < 10_000)
        }
        #expect(try scene.dropped().count == files.count)
        let bogus = try scene.folder.write("port = 1\nbogus = 1\n", to: "bogus.cfg")
        let told = try scene.send(["-c", bogus], "web1\tload\t0\tx")
        #expect(told.isSuccess && told.errorText.contains("bogus.cfg, line 2: There is no key"))
        let none = try scene.send(["-v", "-c", scene.folder.path("none.cfg")], "web1\tload\t0\tx")
        #expect(none.errorText.contains("No such file or directory. It is not needed."))
    }

    @Test func `a pipe that nobody writes into is waited for by nobody`() throws {
        let scene = try SubmissionProgram()
        let pipe = scene.folder.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let outcome = try Command.run(
            scene.folder.path("send_nsca"), ["-c", pipe], environment: scene.environment,
            input: Data("web1\tload\t0\tx".utf8))
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        #expect(try scene.dropped().count == 1)
        // one that a shell writes into is read, unless the shell gets no turn for too long
        func told() throws -> Command.Outcome {
            try Command.run(
                "bash",
                [
                    "-c", #""$0" -c <(sleep 0.2; echo bogus = 1) < /dev/null"#,
                    scene.folder.path("send_nsca"),
                ], environment: scene.environment)
        }
        var last = try told()
        for _ in 0..<10 where last.isSuccess && !last.errorText.contains("'bogus'") {
            last = try told()
        }
        #expect(last.isSuccess && last.errorText.contains("'bogus'"), "\(last.errorText)")
    }

    @Test func `a limit on the size of files leaves no file behind`() throws {
        let scene = try SubmissionProgram()
        let script = #"printf 'web1\tload\t0\tx' | (ulimit -f 0; exec "$0" 2>&-)"#
        let outcome = try Command.run(
            "bash", ["-c", script, scene.folder.path("send_nsca")],
            environment: scene.environment)
        #expect(outcome.ending == .exited(1))
        let left = try FileManager.default.contentsOfDirectory(atPath: scene.folder.path("drop"))
        #expect(left.isEmpty, "\(left)")
    }

    @Test func `a variable that is set and empty names no file`() throws {
        let scene = try SubmissionProgram()
        var environment = scene.environment
        environment[SendNSCA.configurationVariable] = ""
        let outcome = try Command.run(
            scene.folder.path("send_nsca"), [], environment: environment)
        #expect(outcome.isSuccess, "\(outcome.errorText)")
    }

    @Test func `what waits is told in the right number`() throws {
        let scene = try SubmissionProgram()
        let one = try scene.send(["-v"], "web1\tload\t0\tx")
        #expect(one.errorText.contains("1 record waits in "), "\(one.errorText)")
        let two = try scene.send(["-v"], "web1\tload\t0\tx\u{17}web1\tload\t1\ty")
        #expect(two.errorText.contains("2 records wait in "), "\(two.errorText)")
    }

    @Test func `of several batches those that wait are told apart from those that do not`() throws {
        let scene = try SubmissionProgram()
        for number in 1..<DropHoldings.fileQuota {
            #expect(
                FileManager.default.createFile(
                    atPath: scene.folder.path("drop/unfinished-\(number)"), contents: nil))
        }
        // one file is left to this user, which takes a batch
        let all = SubmissionBatch.recordLimit + 500
        let records = ["none"] + (0..<all).map { "web1\tload\t0\t\($0)" }
        let sent = try scene.send(["-v"], records.joined(separator: "\u{17}"))
        #expect(sent.ending == .exited(1))
        for words in [
            "\(SubmissionBatch.recordLimit) records wait in ",
            "500 records not handed over, from record \(SubmissionBatch.recordLimit + 2) on: ",
        ] {
            #expect(sent.errorText.contains(words), "\(sent.errorText)")
        }
        #expect(!sent.errorText.contains("\(all) records"), "\(sent.errorText)")
        #expect(try scene.dropped().count == SubmissionBatch.recordLimit)
    }

    @Test(.timeLimit(.minutes(10)))
    func `who does not read what is said of bad records costs no other`() throws {
        let scene = try SubmissionProgram()
        try #require(mkfifo(scene.folder.path("said"), 0o600) == 0)
        let script = #"exec 9<>"$1"; exec "$0" -e '\n' 2>&9"#
        let bad = String(repeating: "none\n", count: 3000)
        let caller = try ChildProcess(
            "bash", ["-c", script, scene.folder.path("send_nsca"), scene.folder.path("said")],
            environment: scene.environment, input: Data((bad + "web1\tload\t0\tx").utf8))
        defer { caller.signal(SIGKILL) }
        try eventually("the good one is there") { try scene.dropped().count == 1 }
        #expect(caller.poll() == nil, "what it says is more than a pipe holds")
    }

    @Test func `who is kept from the socket drops, as all are while a daemon makes it`() throws {
        let scene = try SubmissionProgram()
        let listener = try ControlSocket.listen(path: scene.folder.path("s"))
        for (name, mode) in [
            ("", 0o755), ("forwarder.conf", 0o644), ("drop", 0o3777), ("s", 0),
        ] { try #require(chmod(scene.folder.path(name), mode_t(mode)) == 0) }
        let stranger = ["--reuid=65534", "--regid=65534", "--clear-groups"]
        let program = scene.folder.path("send_nsca")
        let words = geteuid() == 0 ? ["setpriv"] + stranger + [program] : [program]
        func send() throws -> Command.Outcome {
            try Command.run(
                "env", words + ["-v"], environment: scene.environment,
                input: Data("web1\tload\t0\tx".utf8))
        }
        let sent = try send()
        #expect(sent.isSuccess, "\(sent.errorText)")
        #expect(sent.errorText.contains("may not talk to the daemon"), "\(sent.errorText)")
        #expect(try scene.dropped().count == 1)
        guard geteuid() == 0 else { return }
        try #require(chmod(scene.folder.path("drop"), DropDirectory.privateMode) == 0)
        let refused = try send()
        #expect(refused.ending == .exited(1))
        for words in ["may not talk to the daemon", "Nothing was put there", "Submitter object"] {
            #expect(refused.errorText.contains(words), "\(refused.errorText)")
        }
        withExtendedLifetime(listener) {}
    }

    @Test func `a full drop directory is told with what is lost, and what can be done`() throws {
        let scene = try SubmissionProgram()
        for number in 0..<DropHoldings.fileQuota {
            #expect(
                FileManager.default.createFile(
                    atPath: scene.folder.path("drop/unfinished-\(number)"), contents: nil))
        }
        let sent = try scene.send([], "web1\tload\t0\tx")
        #expect(sent.ending == .exited(1))
        for words in [
            "1 record not handed over", "of this user", "forwarder status", "submit them",
        ] {
            #expect(sent.errorText.contains(words), "\(sent.errorText)")
        }
        #expect(!sent.errorText.contains("Nothing was stored"))
    }

    @Test func `all of a long output is read, and a cut is told`() throws {
        let scene = try SubmissionProgram()
        let long = Data(repeating: 0x61, count: 200_000) + Data("|size=1B".utf8)
        let whole = try scene.submit(["web1!load", "0"], long)
        #expect(whole.isSuccess && !whole.errorText.contains("cut"), "\(whole.errorText)")
        #expect(try scene.dropped().map { Data($0.output) } == [long])
        let limit = SubmissionBatch.recordByteLimit
        let cut = try scene.submit(
            ["web1!load", "0", "-"], Data(repeating: 0x62, count: limit + 1))
        #expect(cut.isSuccess && cut.errorText.contains("cut at \(limit)"), "\(cut.errorText)")
        #expect(try scene.dropped().last?.output.count == limit)
        let flood = Data(repeating: 0x63, count: SendNSCA.inputLimit + 1)
        let refused = try scene.submit(["web1!load", "0"], flood)
        #expect(refused.ending == .exited(1) && refused.errorText.contains("64 MiB"))
        #expect(try scene.dropped().count == 2)
    }
}
