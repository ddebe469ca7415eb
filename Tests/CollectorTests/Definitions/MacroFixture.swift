@testable import Collector
import ConfigLanguage

/// A host, a service and a command made by hand, and a resolver that looks into them.
struct MacroFixture {
    let host: ConfigObject
    let service: ConfigObject
    let command: ConfigObject
    var runtime: [ByteString: Value] = [:]

    init(
        host: [ByteString: Value] = [:],
        service: [ByteString: Value] = [:],
        command: [ByteString: Value] = [:]
    ) {
        self.host = Self.object(SchemaChecked.host, "web1", host)
        self.service = Self.object(SchemaChecked.service, "disk", service)
        self.command = Self.object(SchemaOthers.checkCommand, "probe", command)
    }

    private static func object(
        _ schema: ObjectTypeSchema,
        _ name: ByteString,
        _ attributes: [ByteString: Value]
    ) -> ConfigObject {
        let object = ConfigObject(
            schema: schema,
            name: name,
            location: SourceLocation(SourceFile(name: "test.conf"), line: 1, column: 1)
        )
        for (key, value) in attributes { object.attributes[key] = value }
        return object
    }

    /// Custom variables as the attribute that holds them.
    static func variables(_ entries: [ByteString: Value]) -> [ByteString: Value] {
        let dictionary = DictionaryValue()
        for (key, value) in entries { dictionary[key] = value }
        return ["vars": .dictionary(dictionary)]
    }

    var resolver: MacroResolver {
        let runtime = runtime
        return MacroResolver(
            sources: [
                .init(name: "service", value: .object(service)) { runtime[$0] },
                .init(name: "host", value: .object(host)) { _ in nil },
                .init(name: "command", value: .object(command)) { _ in nil },
            ]
        ) { (function, this, _) throws(ConfigFault) -> Value in
            // a function made by hand keeps its answer under its name
            this.asDictionary?["answers"]?.asDictionary?[function.name] ?? .text("called")
        }
    }

    /// A resolved text in the form that tests compare: kind and content.
    func resolve(_ value: Value, quoting: MacroResolver.Quoting = .none) -> String {
        var missing: ByteString?
        do {
            let result = try resolver.resolve(value, quoting: quoting, missing: &missing)
            return CanonicalJSON.text(result) + (missing.map { " missing \($0)" } ?? "")
        } catch {
            return "\(error)"
        }
    }

    /// The words of the command line, or the error.
    func build(_ command: Value = ["/bin/probe"], _ arguments: Value = .null) -> [String] {
        do {
            let line = try ArgumentBuilder(resolver: resolver).build(
                command: command,
                arguments: arguments
            )
            return line.asArray?.elements.map(\.toText.text) ?? ["sh:" + line.toText.text]
        } catch {
            return ["\(error)"]
        }
    }
}
