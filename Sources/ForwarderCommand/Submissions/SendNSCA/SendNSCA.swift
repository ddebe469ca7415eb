import Collector
import ConfigLanguage
import Foundation
import Monitoring

/// `send_nsca`: this program under that name, in the place of the client of nsca-ng or NSCA.
///
/// All of standard input is read; each record that can be one is on disk when it ends with 0. A
/// record that cannot is told with its number, costs no other, and makes it end with 1.
struct SendNSCA: Sendable {
    /// The name that it is called by.
    static let name = "send_nsca"
    /// The file that nsca-ng's packages install.
    static let usualConfiguration = "/etc/send_nsca.cfg"
    /// The variable that names another forwarder.conf.
    ///
    /// The program has no rights that its caller lacks, so the caller's word for it is enough. Set
    /// and empty it names none.
    static let configurationVariable = "FORWARDER_CONFIG"
    /// Most bytes of standard input: 64 MiB, and as many in records.
    static let inputLimit = 64 << 20

    /// True when this process was started as `send_nsca`.
    static var isCalled: Bool {
        guard let called = words.first else { return false }
        let base = called.split(separator: UInt8(ascii: "/")).last ?? []
        return base.elementsEqual(name.utf8)
    }

    /// The bytes of the command line.
    private static var words: [[UInt8]] {
        (0..<Int(CommandLine.argc)).compactMap { place in
            CommandLine.unsafeArgv[place].map { word in
                (0..<Int(strlen(word))).map { UInt8(bitPattern: word[$0]) }
            }
        }
    }

    /// Does it; returns the exit status, 0 or 1.
    func run() -> Int32 {
        let arguments: NSCAArguments
        do throws(NSCAUsageFault) {
            arguments = try NSCAArguments(Array(Self.words.dropFirst()))
        } catch {
            NSCALog().say(.error, error.description)
            return 1
        }
        switch arguments.wish {
        case .help: return Self.show(Self.usage)
        case .version: return Self.show("send_nsca of forwarder \(Version.text)\n")
        case .send: break
        }
        let log = NSCALog(arguments)
        let settings = settings(arguments, log)
        guard let way = way(settings, log) else { return 1 }
        tellUnused(arguments.unused + settings.unused, log)
        Self.wait(upTo: arguments.delay ?? settings.delay, log)
        do throws(ReadFault) {
            let input = try StandardStream.input.readAll(upTo: Self.inputLimit)
            return send(NSCAInput(input, arguments), way, log)
        } catch {
            log.say(.error, error.description)
            return 1
        }
    }

    // MARK: Handing over

    /// Hands over first and speaks then: who does not read what is said costs no record.
    private func send(_ input: NSCAInput, _ way: ResultHandOver, _ log: NSCALog) -> Int32 {
        var report = NSCAReport()
        for (number, fault) in input.faults {
            report.add(.error, "Record \(number) is left out, all others go on: \(fault)")
        }
        for warning in input.warnings { report.add(.warning, warning) }
        for notice in input.notices { report.add(.notice, notice) }
        let isTaken = handOver(input, way, &report)
        report.tell(log)
        return isTaken && input.faults.isEmpty ? 0 : 1
    }

    /// True when all that are records are on disk.
    private func handOver(
        _ input: NSCAInput, _ way: ResultHandOver, _ report: inout NSCAReport
    ) -> Bool {
        var random = SystemRandomNumberGenerator()
        let batches = SubmissionBatch.batches(
            of: input.records.map { ($0.object, $0.exitStatus, $0.output, $0.time) },
            now: SystemTime().wall, random: &random)
        var isTaken = true
        var done = 0
        var dropped: (reason: String, count: Int)?
        func waiting() -> String? {
            dropped.map { (reason, count) in
                let shown = "\(Words.counted(count, "record")) \(count == 1 ? "waits" : "wait")"
                return "\(reason) \(shown) in \(way.drops.path)."
            }
        }
        for batch in batches {
            let outcome =
                dropped.map { ResultHandOver.Outcome(rest: way.drop(batch, because: $0.reason)) }
                ?? way.handOver(batch)
            for (place, verdict) in outcome.verdicts.enumerated() {
                let number = input.numbers[done + place]
                if !add(verdict, of: batch.records[place], number, to: &report) { isTaken = false }
            }
            let first = done + outcome.verdicts.count
            done += batch.records.count
            switch outcome.rest {
            case nil: break
            case .dropped(let reason):
                dropped = (dropped?.reason ?? reason, (dropped?.count ?? 0) + done - first)
            case .failed(let reason):
                report.add(.notice, waiting())
                let left = Words.counted(input.records.count - first, "record")
                let from = "from record \(input.numbers[first]) on"
                report.add(.error, "\(left) not handed over, \(from): \(reason)")
                return false
            case .unsure(let reason):
                report.add(.notice, waiting())
                let some = Words.counted(done - first, "record")
                let from = "from record \(input.numbers[first]) on"
                report.add(.error, "\(some) perhaps not handed over, \(from): \(reason)")
                let more = input.records.count - done
                if more > 0 { report.add(.error, "\(more) more were not handed over.") }
                return false
            }
        }
        report.add(.notice, waiting())
        return isTaken
    }

    /// Adds the daemon's word on a record; false when it was refused.
    private func add(
        _ verdict: SubmissionVerdict, of record: SubmissionBatch.Record, _ number: Int,
        to report: inout NSCAReport
    ) -> Bool {
        let object = record.object.fullName
        switch verdict {
        case .taken(let reply):
            report.add(
                .notice, "Record \(number): \(object) is \(reply.state) (\(reply.stateType)).")
            return true
        case .known:
            report.add(.notice, "Record \(number): \(object) was stored before.")
            return true
        case .refused(let reason):
            report.add(.error, "Record \(number) is not taken, all others go on: \(reason)")
            return false
        }
    }

    // MARK: Settings

    /// What send_nsca.cfg says, if it can be read: nothing in it is needed to hand results over.
    private func settings(_ arguments: NSCAArguments, _ log: NSCALog) -> NSCAConfiguration {
        let path = arguments.configurationPath ?? Self.usualConfiguration
        var settings = NSCAConfiguration()
        do throws(ReadFault) {
            settings = NSCAConfiguration(
                try StandardStream.readFile(path, upTo: NSCAConfiguration.byteLimit))
            for fault in settings.faults {
                log.say(.warning, "\(path), \(fault) It is left out, the call goes on.")
            }
        } catch {
            let isMissed = arguments.configurationPath != nil
            if isMissed { log.say(.notice, "\(path): \(error.reason). It is not needed.") }
        }
        if let timeout = arguments.timeout { settings.timeout = timeout }
        return settings
    }

    /// The way to this host's forwarder; nil when it was said what is wrong.
    private func way(_ settings: NSCAConfiguration, _ log: NSCALog) -> ResultHandOver? {
        let isForever = settings.timeout <= 0
        let patience =
            isForever ? ResultHandOver.longestPatience : Duration.seconds(settings.timeout)
        let named = ProcessInfo.processInfo.environment[Self.configurationVariable]
        do throws(ConfigFault) {
            let place = try MeetingPlace(
                named: named?.isEmpty == true ? nil : named, by: .ofThisHost)
            if let complaint = place.complaint {
                log.say(place.isGuess ? .warning : .notice, complaint)
            }
            return ResultHandOver(
                controlPath: place.controlPath, dropPath: place.dropPath, patience: patience)
        } catch {
            log.say(.error, "\(error.message) Nothing was read or sent.")
            return nil
        }
    }

    private func tellUnused(_ unused: [String], _ log: NSCALog) {
        guard !unused.isEmpty else { return }
        log.say(
            .notice,
            """
            Results are handed over to the forwarder on this host, which knows its masters; not \
            used: \(unused.joined(separator: ", ")).
            """)
    }

    /// Waits for a random part of so many seconds, so that not all hosts send at once.
    private static func wait(upTo seconds: Int, _ log: NSCALog) {
        guard seconds > 0 else { return }
        let longest = min(seconds, 86_400)
        let microseconds = UInt64.random(in: 0..<(UInt64(longest) * 1_000_000))
        log.say(.debug, "Waiting for \(microseconds / 1000) ms.")
        var left = timespec(
            tv_sec: Int(microseconds / 1_000_000), tv_nsec: Int(microseconds % 1_000_000) * 1000)
        var rest = timespec()
        while nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
    }

    private static func show(_ text: String) -> Int32 {
        do throws(WriteFault) {
            try StandardStream.output.write(Array(text.utf8))
            return 0
        } catch {
            return 1
        }
    }

    private static let usage = """
        Usage: send_nsca [OPTION...] < RESULTS

        Hands check results over to the forwarder on this host. Takes the options of nsca-ng 1.6
        and NSCA 2.10; docs/submissions.md of forwarder says what differs.

        Records end with ETB (Ctrl-W) or the end of the input and look like
          host[tab]service[tab]status[tab]output
          host[tab]status[tab]output

          -C         take external commands instead, one on a line
          -c FILE    read this send_nsca.cfg (\(usualConfiguration))
          -D N       wait up to N seconds before anything is read
          -d C       fields are separated by this character
          -e C, -ds C  records are separated by this one; '\\n' for one on each line
          -o N, -to N  wait N seconds for the daemon, then use the drop directory
          -S, -s     say what is wrong on standard error, in the system's log
          -v         say more; up to three times
          -h, -V     this text, the version
          -H, -p, -t, --quiet, --legacy-2-7-mode, a host as first word: not used

        Exit status: 0 all records are on disk, 1 not all, and it says which.

        """
}
