import ConfigLanguage
import Foundation
import Testing

/// Whatever a text says, reading and running it ends soon, in an error at worst, and takes bounded
/// memory.
///
/// `FORWARDER_FUZZ=full` fuzzes for `FORWARDER_FUZZ_SECONDS` (600) with a new seed each time, or
/// with that of `FORWARDER_FUZZ_SEED`; it is meant to run alone, because the memory is the
/// process's.
@Suite(.serialized) struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let isFull = environment["FORWARDER_FUZZ"] == "full"

    /// A tenth of the steps that an evaluation has, a fiftieth of the steps and a tenth of the
    /// bytes that a load has, so that endless loops do not take all the time; ``mostMemory`` then
    /// shows whether the bytes that are counted are those that are taken.
    private static let limits = EvaluationLimits(
        steps: 2_000_000, totalSteps: 20_000_000, totalBytes: 100 << 20)
    /// Most memory of the process, of which the test program and its runtime need 30 MB.
    private static let mostMemory = 256_000_000
    /// Most processor time for one text; what takes longer hangs.
    private static let patience = Duration.seconds(20)

    /// How often a function is called that a text comes to.
    private static let calls = isFull ? 500 : 20
    /// What texts can include.
    private static let files = MemoryFiles(content: [
        "big.conf": "/*" + String(repeating: "x", count: 100_000) + "*/"
    ])

    /// Loads, commits and evaluates; whatever is wrong must be an error, never a trap.
    private func run(_ bytes: [UInt8], limits: EvaluationLimits) {
        let session = ConfigSession(
            schemas: TestTypes.all,
            reader: Self.files,
            limits: limits,
            surroundings: .fixed
        )
        session.load(text: Array("template Host \"t\" { vars.t = 1 }\n".utf8), name: "templates")
        session.load(text: bytes, name: "fuzz")
        do throws(ConfigFault) {
            try session.commit()
        } catch {
            #expect(!error.description.isEmpty)
        }
        do throws(ConfigFault) {
            let value = try session.evaluate(bytes)
            _ = value.toText
            guard let function = value.asFunction else { return }
            for _ in 0..<Self.calls { _ = try session.call(function) }
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    private static func sections() throws -> [String] {
        Oracle.hasIncludes ? try RealFiles().sections : []
    }

    @Test func `changed, spliced, deep and endless texts never trap`() throws {
        var inputs = FuzzInputs(seed: 7, sections: try Self.sections())
        let limits = EvaluationLimits(
            steps: 20_000, allocatedBytes: 4 << 20, totalSteps: 200_000, totalBytes: 32 << 20)
        for _ in 0..<1500 { run(inputs.next(), limits: limits) }
    }

    @Test(.enabled(if: isFull, "the long form needs FORWARDER_FUZZ=full"))
    func `ten minutes of fuzzing end without crash or hang in bounded memory`() throws {
        let given = Self.environment["FORWARDER_FUZZ_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: .min ... .max)
        let seconds = Self.environment["FORWARDER_FUZZ_SECONDS"].flatMap { Int($0) } ?? 600
        print("fuzz: seed \(seed), \(seconds) s")
        var inputs = FuzzInputs(seed: seed, sections: try Self.sections())
        var tally = Tally()
        for text in FuzzInputs.heaviest { try runMeasured(Array(text.utf8), &tally) }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        while clock.now < end { try runMeasured(inputs.next(), &tally) }
        print(
            """
            fuzz: \(tally.count) texts, longest \(tally.longest), \
            peak memory \(tally.peak / 1_000_000) MB, seed \(seed); the peak with
            \(tally.heaviest)
            """
        )
    }

    /// What texts took.
    private struct Tally {
        var count = 0
        var longest = Duration.zero
        /// The most memory, and the text that took it.
        var peak = 0
        var heaviest = ""
    }

    private func runMeasured(_ text: [UInt8], _ tally: inout Tally) throws {
        let shown = String(decoding: text.prefix(2000), as: UTF8.self)
        Self.forgetEarlier()
        let start = try #require(Self.processorTime())
        run(text, limits: Self.limits)
        let taken = try #require(Self.processorTime()) - start
        tally.count += 1
        tally.longest = max(tally.longest, taken)
        #expect(taken < Self.patience, "\(shown)")
        let memory = try #require(Self.peakMemory())
        if memory > tally.peak {
            (tally.peak, tally.heaviest) = (memory, String(shown.prefix(200)))
        }
        #expect(memory <= Self.mostMemory, "\(shown)")
    }

    @Test(arguments: ["<", "\"", "/*", "{{{", "@", "\\", "$", "\u{0}", "\u{feff}", "é", "<a\n"])
    func `a text of one thing repeated ends quickly`(piece: String) {
        run(Array(String(repeating: piece, count: 20_000).utf8), limits: Self.limits)
    }

    /// Processor time that this thread had: what else the machine does is no part of it.
    private static func processorTime() -> Duration? {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return nil }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The most memory that the process ever had, in bytes.
    private static func peakMemory() -> Int? {
        // lost on purpose: without /proc there is nothing to measure
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first
            .flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// Gives back what earlier texts had and the allocator kept, and lets the peak begin again at
    /// what the process has now.
    private static func forgetEarlier() {
        // what Swift's Glibc module does not show
        if let trim = unsafe dlsym(nil, "malloc_trim") {
            typealias Trim = @convention(c) (Int) -> Int32
            _ = unsafe unsafeBitCast(trim, to: Trim.self)(0)
        }
        // lost on purpose: the peak then counts from the start of the process
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    }
}
