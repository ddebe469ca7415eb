import Monitoring
import Policy

/// What `forwarder policy check` found; its JSON names are part of the interface.
struct CheckedPolicy: Encodable {
    /// One error or warning.
    struct Finding: Encodable {
        var line: Int?
        var column: Int?
        var message: String
        /// The same for people, with its place and line.
        let text: String

        enum CodingKeys: String, CodingKey {
            case line, column, message
        }

        init(_ message: String) {
            self.message = message
            text = message
        }

        init(_ diagnostic: PolicyDiagnostic) {
            line = diagnostic.line
            column = diagnostic.column
            message = diagnostic.message
            text = diagnostic.description
        }
    }

    let path: String
    /// False where there is no file.
    var isPresent = false
    var roles: [String] = []
    var errors: [Finding] = []
    var warnings: [Finding] = []

    enum CodingKeys: String, CodingKey {
        case path, roles, errors, warnings
        case isPresent = "is_present"
    }

    /// Reads a policy file and judges it, given the objects of this host.
    init(_ source: PolicySource, _ found: (objects: [PolicyObject], faults: [PolicyFault])) {
        path = source.path
        do throws(PolicyFileFault) {
            add(try source.read(), source, found)
        } catch {
            add(error)
        }
    }

    /// Takes over what could be read, with what looks like a mistake in it.
    private mutating func add(
        _ reading: PolicySource.Reading, _ source: PolicySource,
        _ found: (objects: [PolicyObject], faults: [PolicyFault])
    ) {
        isPresent = reading.isPresent
        roles = reading.rules.roles.map(\.name)
        warnings += reading.rules.warnings(
            objects: found.objects, destinations: source.destinations
        ).map(Finding.init)
        warnings += found.faults.map { Finding($0.description) }
    }

    /// Takes over why it could not be read.
    private mutating func add(_ fault: PolicyFileFault) {
        isPresent = true
        if case .unusable(.unusable(let diagnostics)) = fault {
            errors += diagnostics.map(Finding.init)
        } else {
            errors.append(Finding(fault.description))
        }
    }
}
