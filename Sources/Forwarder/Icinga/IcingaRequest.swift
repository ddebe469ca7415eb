internal import Monitoring
internal import NIOCore
internal import UplinkMessages

/// The requests that are made of a master; no others exist.
///
/// Objects are addressed by name, never by `filter`: on a master with 5,000 services that is 80
/// times dearer, and needs a permission of its own from 2.17 on.
///
/// - Source: Icinga 2 documentation, "Icinga 2 API": Actions, Objects.
enum IcingaRequest {
    /// Most bytes of an answer about one result.
    ///
    /// 64 KiB: Icinga's stay below 1 KiB.
    static let answerByteLimit = 65_536
    /// Most bytes of an answer to a read-back.
    ///
    /// 8 MiB: ``Wire/objectLimit`` results of 64 KiB output each, all of which comes along, with
    /// six bytes of JSON for one.
    static let readBackByteLimit = 8 << 20

    /// Most bytes of an answer to a look at when objects are due.
    ///
    /// 2 MiB: ``Wire/scheduleLimit`` names of the greatest length with six bytes of JSON for one,
    /// and some 250 bytes about each.
    static let scheduleByteLimit = 2 << 20

    /// Submits one result.
    static func submission(_ submission: Submission) -> HTTPRequest {
        var json = JSONWriter(capacity: 512 + submission.output.utf8.count)
        json.member(submission.object.isHost ? "host" : "service", submission.object.fullName)
        json.member("exit_status", submission.exitStatus)
        json.member("plugin_output", submission.output)
        if !submission.performanceData.isEmpty {
            json.member("performance_data", submission.performanceData)
        }
        json.member("execution_start", submission.executionStart)
        json.member("execution_end", submission.executionEnd)
        if submission.ttlSeconds > 0 { json.member("ttl", submission.ttlSeconds) }
        if !submission.command.isEmpty { json.member("check_command", submission.command) }
        if !submission.checkSource.isEmpty { json.member("check_source", submission.checkSource) }
        return HTTPRequest(
            method: .post,
            path: "/v1/actions/process-check-result",
            body: json.finished(),
            answerByteLimit: answerByteLimit
        )
    }

    /// Asks for the version and our permissions; needs none.
    static let probe = HTTPRequest(
        method: .get,
        path: "/v1",
        body: ByteBuffer(),
        answerByteLimit: answerByteLimit
    )

    /// Reads back what the master holds of hosts or of services.
    ///
    /// `last_check_result` comes whole: 2.13 knows no way to ask for a part of it.
    static func readBack(of objects: some Sequence<ObjectName>, areHosts: Bool) -> HTTPRequest {
        query(objects, areHosts, ["last_check_result", "last_check"], readBackByteLimit)
    }

    /// Reads when the master means hosts or services to be checked next.
    static func schedule(of objects: some Sequence<ObjectName>, areHosts: Bool) -> HTTPRequest {
        query(
            objects, areHosts, ["next_check", "force_next_check", "last_check"], scheduleByteLimit)
    }

    private static func query(
        _ objects: some Sequence<ObjectName>, _ areHosts: Bool, _ attributes: [String],
        _ answerByteLimit: Int
    ) -> HTTPRequest {
        var json = JSONWriter(capacity: 4_096)
        json.member(areHosts ? "hosts" : "services", objects.map(\.fullName))
        json.member("attrs", attributes)
        return HTTPRequest(
            method: .getWithBody,
            path: areHosts ? "/v1/objects/hosts" : "/v1/objects/services",
            body: json.finished(),
            answerByteLimit: answerByteLimit
        )
    }
}
