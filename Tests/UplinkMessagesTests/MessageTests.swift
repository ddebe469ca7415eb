import Monitoring
import Testing

@testable import UplinkMessages

private let node = NodeID(index: 3)
private let moment = Timestamp(microseconds: 1_700_000_000_123_456)

private let daemonMessages: [DaemonMessage] = [
    .settings(
        UplinkSettings(nodes: [
            NodeSettings(
                name: "master1", identity: "production", addresses: ["127.0.0.1", "::1"],
                port: 5665),
            NodeSettings(
                name: "master2", identity: "backup", addresses: [], port: 65_535,
                connections: 64, window: 1, connectTimeout: .milliseconds(1),
                answerTimeout: .seconds(86_400)),
        ])),
    .addresses(node: node, addresses: []),
    .submit(
        Submission(
            id: .max, node: node, object: ObjectName(host: "web1", service: "disk /"),
            exitStatus: 3, output: "DISK é\nlong", performanceData: ["a=1", "'b c'=2;3"],
            executionStart: moment, executionEnd: moment + .seconds(1), ttlSeconds: 420,
            checkSource: "web1")),
    .submit(
        Submission(
            id: 1, node: node, object: ObjectName(host: "web1"), exitStatus: 1, output: "",
            performanceData: [], executionStart: moment, executionEnd: moment, ttlSeconds: 60,
            checkSource: "web1", command: ["/p", "", "-x", "é"])),
    .probe(id: 7, node: node),
    .readBack(
        id: 8, node: node,
        objects: [ObjectName(host: "h"), ObjectName(host: "h", service: "s!t")]),
    .readSchedule(
        id: 9, node: node,
        objects: (0..<Wire.scheduleLimit).map { place in
            let host = "\(place)"
            let rest = ObjectName.maximumByteCount - host.utf8.count - 1
            return ObjectName(host: host, service: String(repeating: "x", count: rest))
        }),
]

private let uplinkMessages: [UplinkMessage] = [
    .ready(SandboxReport(missing: [:])),
    .ready(SandboxReport(missing: [.ports: 38, .scopes: 95])),
    .ready(.unconfined),
    .renewalWanted,
    .outcome(
        OutcomeReport(
            id: 1, outcome: .lost, text: "gone", sentAt: moment, answeredAt: moment)),
    .probeAnswer(
        id: 2, .answered(MasterGreeting(version: "r2.13.6-1", permissions: ["a/b", "*"]))),
    .probeAnswer(id: 3, .failed(.untrusted, text: "expired")),
    .readBackAnswer(
        id: 4,
        .readings([
            ObjectReading(object: ObjectName(host: "h"), executionStart: moment, lastCheck: nil)
        ])),
    .readBackAnswer(id: 5, .objectUnknown),
    .readBackAnswer(id: 6, .permissionMissing),
    .readBackAnswer(id: 7, .failed(.timedOut, text: "")),
    .scheduleAnswer(
        id: 8,
        .readings([
            ScheduleReading(
                object: ObjectName(host: "h"), nextCheck: moment, isForced: true,
                lastCheck: moment)
        ])),
    .scheduleAnswer(id: 9, .failed(.closed, text: "gone")),
    .link(node: node, isUp: true),
    .addressWanted(node: node),
]

private func onlyFrame(_ bytes: [UInt8]) throws -> ArraySlice<UInt8> {
    var accumulator = FrameAccumulator()
    accumulator.append(bytes)
    return try #require(try accumulator.next())
}

@Test func `every message survives the way through a frame`() throws {
    for message in daemonMessages {
        #expect(try DaemonMessage(frame: onlyFrame(message.frame)) == message)
    }
    for message in uplinkMessages {
        #expect(try UplinkMessage(frame: onlyFrame(message.frame)) == message)
    }
}

@Test func `frames come out whole however the bytes are cut`() throws {
    let bytes = daemonMessages.flatMap(\.frame)
    for step in [1, 2, 3, 7, 64] {
        var accumulator = FrameAccumulator()
        var seen: [DaemonMessage] = []
        for start in stride(from: 0, to: bytes.count, by: step) {
            accumulator.append(bytes[start..<min(start + step, bytes.count)])
            while let frame = try accumulator.next() {
                seen.append(try DaemonMessage(frame: frame))
            }
        }
        #expect(seen == daemonMessages)
    }
}

@Test func `a frame over the limit is refused before its bytes are awaited`() {
    var accumulator = FrameAccumulator()
    accumulator.append([0x7F, 0xFF, 0xFF, 0xFF])
    #expect(throws: MessageFault.frameTooLong(byteCount: 0x7FFF_FFFF)) {
        try accumulator.next()
    }
}

@Test func `every message cut short or lengthened is refused`() {
    for message in uplinkMessages {
        let frame = message.frame.dropFirst(4)
        for count in 0..<frame.count where count > 0 {
            #expect(throws: MessageFault.self) {
                try UplinkMessage(frame: frame.prefix(count))
            }
        }
        #expect(throws: MessageFault.wrongLength) {
            try UplinkMessage(frame: ArraySlice(Array(frame) + [0]))
        }
    }
}

@Test func `no byte string traps the readers`() {
    var random = SystemRandomNumberGenerator()
    for round in 0..<20_000 {
        let source = round % 2 == 0 ? uplinkMessages[round % uplinkMessages.count].frame : []
        var bytes = Array(source.dropFirst(4))
        if bytes.isEmpty {
            bytes = (0..<Int.random(in: 1...64, using: &random)).map { _ in .random(in: 0...255) }
        }
        for _ in 0..<3 {
            bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255)
        }
        // Only that both return or throw is claimed; what they say is covered above.
        _ = try? UplinkMessage(frame: bytes[...])
        _ = try? DaemonMessage(frame: bytes[...])
    }
}

@Test func `texts are cut between characters`() {
    #expect("aéb".cut(toByteCount: 2) == "a")
    #expect("aéb".cut(toByteCount: 3) == "aé")
    #expect("".cut(toByteCount: 0) == "")
}

@Test func `a host takes no exit status but UP and DOWN`() {
    var frame = Array(daemonMessages[2].frame.dropFirst(4))
    let submission = Submission(
        id: 1, node: node, object: ObjectName(host: "h"), exitStatus: 1, output: "",
        performanceData: [], executionStart: moment, executionEnd: moment, ttlSeconds: 1,
        checkSource: "h")
    frame = Array(DaemonMessage.submit(submission).frame.dropFirst(4))
    // type, id, node, length and one byte of the name come before it
    frame[1 + 8 + 2 + 4 + 1] = 2
    #expect(throws: MessageFault.outOfBounds(field: "exit status")) {
        try DaemonMessage(frame: frame[...])
    }
}

private func node(
    port: UInt16 = 1, connections: UInt16 = 1, window: UInt16 = 1,
    connect: Duration = .seconds(1), answer: Duration = .seconds(1)
) -> NodeSettings {
    NodeSettings(
        name: "m1", identity: "m1", addresses: [], port: port, connections: connections,
        window: window, connectTimeout: connect, answerTimeout: answer)
}

@Test(arguments: [
    ("port", node(port: 0)), ("connections", node(connections: 0)),
    ("connections", node(connections: 65)), ("window", node(window: 0)),
    ("window", node(window: 1025)), ("connect timeout", node(connect: .microseconds(999))),
    ("connect timeout", node(connect: .seconds(86_401))), ("answer timeout", node(answer: .zero)),
    ("answer timeout", node(answer: .seconds(-1))),
])
func `a node's settings beyond their bounds are refused`(field: String, bad: NodeSettings) throws {
    let settings = UplinkSettings(nodes: [node(), bad])
    let frame = try onlyFrame(DaemonMessage.settings(settings).frame)
    #expect(throws: MessageFault.outOfBounds(field: field)) { try DaemonMessage(frame: frame) }
}

@Test(arguments: [Int64.min, -3_200_000_000_000_000_001, 3_200_000_000_000_000_001, .max])
func `a time that could overflow a sum is refused wherever it stands`(microseconds: Int64) throws {
    let strange = Timestamp(microseconds: microseconds)
    for (start, check) in [(strange, moment), (moment, strange)] {
        let reading = ObjectReading(
            object: ObjectName(host: "h"), executionStart: start, lastCheck: check)
        let answer = UplinkMessage.readBackAnswer(id: 1, .readings([reading]))
        #expect(throws: MessageFault.outOfBounds(field: "time")) {
            try UplinkMessage(frame: try onlyFrame(answer.frame))
        }
    }
    for (sentAt, answeredAt) in [(strange, moment), (moment, strange)] {
        let report = OutcomeReport(
            id: 1, outcome: .processed, text: "", sentAt: sentAt, answeredAt: answeredAt)
        #expect(throws: MessageFault.outOfBounds(field: "time")) {
            try UplinkMessage(frame: try onlyFrame(UplinkMessage.outcome(report).frame))
        }
        let submission = submission(from: sentAt, to: answeredAt)
        #expect(throws: MessageFault.outOfBounds(field: "time")) {
            try DaemonMessage(frame: try onlyFrame(submission.frame))
        }
    }
}

@Test(arguments: [-3_200_000_000_000_000_000, 3_200_000_000_000_000_000])
func `a time at its bound is told`(microseconds: Int64) throws {
    let last = Timestamp(microseconds: microseconds)
    let outcome = UplinkMessage.outcome(
        OutcomeReport(id: 1, outcome: .lost, text: "", sentAt: last, answeredAt: last))
    #expect(try UplinkMessage(frame: onlyFrame(outcome.frame)) == outcome)
    let submission = submission(from: last, to: last)
    #expect(try DaemonMessage(frame: onlyFrame(submission.frame)) == submission)
}

@Test func `a command line over its bounds is refused`() throws {
    func told(_ command: [String]) throws -> DaemonMessage {
        guard case .submit(var submission) = submission(from: moment, to: moment) else {
            return .submit(try #require(nil as Submission?))
        }
        submission.command = command
        let message = DaemonMessage.submit(submission)
        return try DaemonMessage(frame: onlyFrame(message.frame))
    }
    let longest = String(repeating: "x", count: Submission.commandByteLimit)
    _ = try told([longest])
    _ = try told([String](repeating: "", count: Submission.commandWordLimit))
    #expect(throws: MessageFault.outOfBounds(field: "command")) { try told([longest + "x"]) }
    #expect(throws: MessageFault.outOfBounds(field: "command")) {
        try told([String](repeating: "", count: Submission.commandWordLimit + 1))
    }
}

private func submission(from start: Timestamp, to end: Timestamp) -> DaemonMessage {
    .submit(
        Submission(
            id: 1, node: node, object: ObjectName(host: "h"), exitStatus: 0, output: "",
            performanceData: [], executionStart: start, executionEnd: end, ttlSeconds: 1,
            checkSource: "h"))
}
