import ConfigLanguage

/// The object types of `forwarder.conf` with every attribute, its default and its unit.
enum ForwarderSchema {
    /// One attribute as the documentation shows it.
    struct Attribute: Sendable {
        var name: ByteString
        var kind: AttributeSchema.Kind
        var isRequired = false
        /// Default and unit in words.
        var help: String
    }

    static let master: [Attribute] = [
        Attribute(
            name: "host", kind: .string, isRequired: true,
            help: "name or address to connect to; required"),
        Attribute(name: "port", kind: .number, help: "TCP port; default 5665"),
        Attribute(
            name: "zone", kind: .string,
            help: "destination that this node belongs to; default: the object's name"),
        Attribute(
            name: "certificate", kind: .string, isRequired: true,
            help: "PEM file of this host's certificate; required"),
        Attribute(
            name: "private_key", kind: .string, isRequired: true,
            help: "PEM file of its key; required"),
        Attribute(
            name: "ca", kind: .string, isRequired: true,
            help: "PEM file of the CA that signed the master's certificate; required"),
        Attribute(
            name: "connections", kind: .number,
            help: "connections at most, 1 to 64; default 4"),
        Attribute(
            name: "window", kind: .number,
            help: "requests in flight on one connection at most, 1 to 1024; default 128"),
        Attribute(
            name: "connect_timeout", kind: .number,
            help: "longest wait for a connection with its TLS handshake; default 15s"),
        Attribute(
            name: "answer_timeout", kind: .number,
            help: "longest wait for an answer; default 30s"),
        Attribute(
            name: "grace", kind: .number,
            help: "how long the network may hold bytes of a lost connection; default 5s"),
        Attribute(
            name: "relay_delay", kind: .number,
            help: "how long the nodes of a zone may take to tell each other; default 30s"),
        Attribute(
            name: "stall_patience", kind: .number,
            help: "how long what a node that stands still may hold waits for it; default 2m"),
        Attribute(
            name: "minimum_stay", kind: .number,
            help: "shortest use of another node before the zone's first one again; default 1m"),
        Attribute(
            name: "watch_interval", kind: .number,
            help: "how often requested rechecks are looked for, 0 for never; default 8s"),
        Attribute(
            name: "replay", kind: .string,
            help: "what it gets of what waits: all, changes or latest; default: the spool's"),
        Attribute(
            name: "max_age", kind: .number,
            help: "older results only as latest, 0 for any age; default: the spool's"),
    ]

    static let spool: [Attribute] = [
        Attribute(
            name: "path", kind: .string,
            help: "the database file; default /var/lib/forwarder/spool.db"),
        Attribute(
            name: "size_limit", kind: .number,
            help: "bytes on disk at most, the write-ahead log included; default 64 MiB"),
        Attribute(
            name: "replay", kind: .string,
            help: "replay of Master objects that do not set it; default all"),
        Attribute(
            name: "max_age", kind: .number,
            help: "max_age of Master objects that do not set it; default 0, any age"),
    ]

    static let checks: [Attribute] = [
        Attribute(
            name: "definitions", kind: .string,
            help: "directory of the definitions; default conf.d beside forwarder.conf"),
        Attribute(
            name: "include_path", kind: .string,
            help: "where the ITL is; default /usr/share/icinga2/include"),
        Attribute(
            name: "concurrent_checks", kind: .number,
            help: "checks that run at the same time at most, 1 to 4096; default 256"),
        Attribute(
            name: "user", kind: .string,
            help: "the user that plugins run as; default: none, they run as the daemon's"),
    ]

    static let uplink: [Attribute] = [
        Attribute(
            name: "program", kind: .string,
            help: "the network process; default forwarder-uplink beside this program"),
        Attribute(
            name: "user", kind: .string,
            help: "the user it becomes when root starts it; default: none, it stays"),
        Attribute(
            name: "socket", kind: .string,
            help: "where one that systemd starts as user comes to; default: none, it is started"),
    ]

    static let control: [Attribute] = [
        Attribute(
            name: "path", kind: .string,
            help: "the daemon's socket; default /run/forwarder/control.sock"),
        Attribute(
            name: "status_groups", kind: .array,
            help: "groups that may see status, objects and queue; default none"),
        Attribute(
            name: "flush_groups", kind: .array,
            help: "groups that may have everything delivered; default none"),
        Attribute(
            name: "queue_groups", kind: .array,
            help: "groups that may retry and drop what waits; default none"),
        Attribute(
            name: "recheck_groups", kind: .array,
            help: "groups that may have objects checked now; default none"),
        Attribute(
            name: "pause_groups", kind: .array,
            help: "groups that may pause and resume objects; default none"),
        Attribute(
            name: "submit_groups", kind: .array,
            help: "groups that may submit results of passive objects; default none"),
        Attribute(
            name: "drop_directory", kind: .string,
            help: "where results wait for a daemon; default /var/spool/forwarder"),
    ]

    static let submitter: [Attribute] = [
        Attribute(
            name: "users", kind: .array,
            help: "users that may submit results of these objects; default none"),
        Attribute(
            name: "groups", kind: .array,
            help: "groups whose members may; default none"),
        Attribute(
            name: "hosts", kind: .array,
            help: "patterns of hosts, with * and ?; default [ \"*\" ]"),
        Attribute(
            name: "services", kind: .array,
            help: """
                patterns of their services; [ ]: the hosts themselves alone; default: they and \
                all their services
                """),
    ]

    static let policy: [Attribute] = [
        Attribute(
            name: "path", kind: .string,
            help: "what leaves and who may ask for what; default policy.ini beside forwarder.conf")
    ]

    static let logging: [Attribute] = [
        Attribute(
            name: "level", kind: .string,
            help: "debug, info, notice, warning or error; default notice"),
        Attribute(name: "format", kind: .string, help: "text or json; default text"),
    ]

    /// Every type with its attributes, in the order of the sample file.
    static let types: [(name: String, attributes: [Attribute])] = [
        ("Master", master), ("Spool", spool), ("Checks", checks), ("Uplink", uplink),
        ("Control", control), ("Submitter", submitter), ("Policy", policy), ("Logging", logging),
    ]

    /// The types as the language wants them.
    static var objectTypes: [ObjectTypeSchema] {
        types.map { type in
            ObjectTypeSchema(
                type.name,
                attributes: type.attributes.map {
                    AttributeSchema($0.name, $0.kind, isRequired: $0.isRequired)
                })
        }
    }
}
