import Foundation

extension PrivateMaster {
    /// Who asks.
    package enum Caller: Sendable {
        /// The ApiUser with all rights.
        case administrator
        /// Whoever holds this certificate.
        case client(CertificateAuthority.Identity)
    }

    /// What the master answered.
    package struct Answer: Sendable {
        /// The HTTP status; 0 when there was no answer.
        package let status: Int
        /// The body; null when it is no JSON.
        package let json: JSON
        /// The text beside the status: of the first result, or of the whole.
        package var text: String {
            json["results"][0]["status"].string ?? json["status"].string ?? ""
        }
    }

    /// Signs a client certificate for `name`.
    package func client(_ name: String) throws -> CertificateAuthority.Identity {
        try authority.issue(name)
    }

    /// Asks by GET.
    package func get(_ path: String, as caller: Caller = .administrator) throws -> Answer {
        try request(path, ["--request", "GET"], input: nil, as: caller)
    }

    /// Asks by POST, more than once where that is wanted; the answer is the last one's.
    package func post(
        _ path: String,
        _ body: JSON,
        times: Int = 1,
        as caller: Caller = .administrator
    ) throws -> Answer {
        // What stands behind # is not sent, and the range makes a request of each number.
        let path = times > 1 ? "\(path)#[1-\(times)]" : path
        return try request(path, ["--data-binary", "@-"], input: body, as: caller)
    }

    /// Asks for objects by POST with their names in the body, so that names need no quoting.
    ///
    /// - Parameter kind: `services` or `hosts`.
    package func query(
        _ kind: String,
        names: [String],
        attributes: [String],
        as caller: Caller = .administrator
    ) throws -> Answer {
        let body: JSON = [
            kind: .array(names.map(JSON.string)), "attrs": .array(attributes.map(JSON.string)),
        ]
        return try request(
            "/v1/objects/\(kind)",
            ["--header", "X-HTTP-Method-Override: GET", "--data-binary", "@-"],
            input: body,
            as: caller
        )
    }

    private func request(
        _ path: String,
        _ options: [String],
        input: JSON?,
        as caller: Caller
    ) throws -> Answer {
        var arguments = [
            "--silent", "--show-error", "--max-time", "30", "--noproxy", "*",
            "--cacert", authority.certificate,
            "--connect-to", "\(identity.name):\(port):127.0.0.1:\(port)",
            "--header", "Accept: application/json", "--write-out", "\n%{http_code}",
        ]
        switch caller {
        case .administrator:
            arguments += ["--user", administrator]
        case .client(let identity):
            arguments += ["--cert", identity.certificate, "--key", identity.key]
        }
        let outcome = try Command.run(
            "curl",
            arguments + options + ["https://\(identity.name):\(port)\(path)"],
            input: try input?.text() ?? Data()
        )
        let lines = outcome.outputText.split(separator: "\n", omittingEmptySubsequences: false)
        guard let code = lines.last.flatMap({ Int($0) }), code > 0 else {
            throw SupportFault("no answer to \(path): \(outcome.errorText)")
        }
        let body = lines.dropLast().joined(separator: "\n")
        // lost on purpose: a body that is no JSON is shown as null
        let json = (try? JSON(parsing: Data(body.utf8))) ?? .null
        return Answer(status: code, json: json)
    }
}

/// What a master says about one of its hosts or services.
package struct MasterObject: Sendable {
    /// The newest result that the master took.
    package struct Result: Sendable {
        /// When the check started, in seconds since 1970.
        package let executionStart: Double
        /// When it ended.
        package let executionEnd: Double
        /// The plugin's output.
        package let output: String
        /// The state as a plugin's exit status.
        package let state: Int
        /// True when the master ran the check itself.
        package let isActive: Bool
    }

    /// The state as a number: 0 to 3 of a service, 0 or 1 of a host.
    package let state: Int
    /// True once a problem was seen often enough.
    package let isHard: Bool
    /// How often it was seen.
    package let checkAttempt: Int
    /// When the master took the newest result; -1 before the first.
    package let lastCheck: Double
    /// When the next check is due.
    package let nextCheck: Double
    /// True when somebody asked for a check and none was made since.
    package let isCheckForced: Bool
    /// The newest result; nil before the first.
    package let lastCheckResult: Result?
    /// All attributes that were asked for.
    package let attributes: JSON
}

extension PrivateMaster {
    /// What the master says about `host` or `host!service` now; nil when it knows no such object.
    package func objectState(_ name: String) throws -> MasterObject? {
        let answer = try query(
            name.contains("!") ? "services" : "hosts",
            names: [name],
            attributes: [
                "state", "state_type", "check_attempt", "last_check", "next_check",
                "force_next_check", "last_check_result",
            ]
        )
        guard answer.status == 200 else { return nil }
        return try MasterObject(attributes: answer.json["results"][0]["attrs"])
    }
}

extension MasterObject {
    /// Reads the attributes as the API gives them.
    init(attributes: JSON) throws {
        guard let state = attributes["state"].number,
            let stateType = attributes["state_type"].number,
            let attempt = attributes["check_attempt"].number,
            let nextCheck = attributes["next_check"].number
        else { throw SupportFault("not an object's state: \(attributes)") }
        self.state = Int(state)
        isHard = stateType == 1
        checkAttempt = Int(attempt)
        lastCheck = attributes["last_check"].number ?? -1
        self.nextCheck = nextCheck
        isCheckForced = attributes["force_next_check"].bool ?? false
        let result = attributes["last_check_result"]
        lastCheckResult = result["execution_start"].number.map { start in
            Result(
                executionStart: start,
                executionEnd: result["execution_end"].number ?? 0,
                output: result["output"].string ?? "",
                state: Int(result["state"].number ?? -1),
                isActive: result["active"].bool ?? false
            )
        }
        self.attributes = attributes
    }
}

extension PrivateMaster {
    /// Submits one passive result as the API wants it.
    ///
    /// - Parameter time: start and end of the check, in seconds since 1970; now if nil.
    package func submit(
        _ name: String,
        state: Int,
        at time: Double? = nil,
        output: String = "said by a test",
        as caller: Caller = .administrator
    ) throws -> Answer {
        var body: [String: JSON] = [
            name.contains("!") ? "service" : "host": .string(name),
            "exit_status": .number(Double(state)), "plugin_output": .string(output),
        ]
        if let time {
            body["execution_start"] = .number(time)
            body["execution_end"] = .number(time)
        }
        return try post("/v1/actions/process-check-result", .object(body), as: caller)
    }
}
