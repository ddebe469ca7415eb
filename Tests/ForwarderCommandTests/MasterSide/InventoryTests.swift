import Foundation
import Testing

@testable import ForwarderCommand

@Suite struct InventoryTests {
    private let sample = Inventory(
        node: "web1",
        hosts: [
            Inventory.Host(
                .init(name: "web1", displayName: "Wäb", variables: ["os": .string("Linux")]),
                services: [
                    .init(name: "load", checkInterval: .milliseconds(1500)),
                    .init(
                        name: "disk",
                        groups: ["storage"],
                        variables: ["paths": .array([.string("/"), .null, .number(1.5)])]
                    ),
                ]
            )
        ]
    )

    @Test func `JSON text reads back as the same inventory`() throws {
        #expect(try Inventory(json: sample.json()) == sample)
    }

    @Test func `the same inventory is the same bytes whatever the order it was made in`() throws {
        let other = Inventory(
            node: "web1",
            hosts: sample.hosts.map { .init($0.attributes, services: $0.services.reversed()) }
        )
        #expect(try other.json() == sample.json())
        #expect(sample.hosts[0].services.map(\.name) == ["disk", "load"])
    }

    @Test(arguments: [
        ("", "the text"), ("[]", "another type"), ("{}", "schema is missing"),
        (#"{"schema":1}"#, "node is missing"),
        (#"{"schema":1,"node":"a","hosts":[{"name":1}]}"#, "hosts[0].name"),
        (#"{"schema":1,"node":"a","hosts":[{"name":"a"}]}"#, "check_interval is missing"),
        ("{\"schema\":1,\"node\":\"\u{0}\"", "the text"),
    ])
    func `what is no inventory is refused with the place`(text: String, place: String) {
        let fault = #expect(throws: InventoryFault.self) {
            try Inventory(json: Data(text.utf8))
        }
        #expect(fault?.description.contains(place) == true, "\(fault?.description ?? "")")
    }

    @Test func `another format is refused by its number`() {
        #expect(throws: InventoryFault.unknownSchema(2)) {
            try Inventory(json: Data(#"{"schema":2,"future":[]}"#.utf8))
        }
    }

    @Test func `text over the limit is refused unread`() {
        let size = Inventory.byteLimit + 1
        #expect(throws: InventoryFault.tooLarge(bytes: size)) {
            try Inventory(json: Data(repeating: UInt8(ascii: "["), count: size))
        }
    }

    @Test(arguments: [17, 1000, 200_000])
    func `deep nesting is refused`(depth: Int) {
        let value = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let text = """
            {"schema":1,"node":"a","hosts":[{"name":"a","check_interval":1,"retry_interval":1,\
            "max_check_attempts":1,"vars":{},"services":[{"name":"s","check_interval":1,\
            "retry_interval":1,"max_check_attempts":1,"vars":{"x":\(value)}}]}]}
            """
        #expect(throws: InventoryFault.self) { try Inventory(json: Data(text.utf8)) }
    }

    @Test func `numbers that are no interval do not trap`() throws {
        for interval in ["1e300", "-5", "0", "1e-300"] {
            let text = """
                {"schema":1,"node":"a","hosts":[{"name":"a","check_interval":\(interval),\
                "retry_interval":1,"max_check_attempts":1,"services":[]}]}
                """
            let inventory = try Inventory(json: Data(text.utf8))
            #expect(throws: MasterConfigurationFault.outOfRange("a", attribute: "check_interval")) {
                try MasterConfiguration.render(inventory, host: "a")
            }
        }
    }
}
