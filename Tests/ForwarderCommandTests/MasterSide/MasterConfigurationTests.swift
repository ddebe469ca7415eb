import Testing

@testable import ForwarderCommand

@Suite struct MasterConfigurationTests {
    private func inventory(
        _ services: [Inventory.Attributes] = [],
        host: Inventory.Attributes = .init(name: "web1"),
        more: [Inventory.Host] = []
    ) -> Inventory {
        Inventory(node: "web1", hosts: [.init(host, services: services)] + more)
    }

    private func fault(
        _ inventory: Inventory,
        host: String = "web1",
        otherHosts: [String] = [],
        topLevelVariables: [String] = []
    ) -> MasterConfigurationFault? {
        do {
            _ = try MasterConfiguration.render(
                inventory,
                host: host,
                otherHosts: otherHosts,
                topLevelVariables: topLevelVariables
            )
            return nil
        } catch {
            return error
        }
    }

    @Test func `a host that the administrator did not name is refused by its name`() {
        let other = Inventory.Host(.init(name: "victim"))
        #expect(fault(inventory(more: [other])) == .foreignHost("victim"))
        #expect(fault(inventory(more: [other]), otherHosts: ["victim"]) == nil)
        #expect(
            MasterConfigurationFault.foreignHost("victim\u{1B}[2J").description
                .contains(#""victim\033[2J""#)
        )
    }

    @Test func `names are compared byte by byte`() {
        let composed = Inventory.Host(.init(name: "caf\u{E9}"))
        let found = fault(inventory(more: [composed]), otherHosts: ["cafe\u{301}"])
        #expect(found == .foreignHost("caf\u{E9}"))
    }

    @Test func `a host that was named must be there`() {
        #expect(fault(inventory(), otherHosts: ["db"]) == .missingHost("db"))
        #expect(fault(inventory(), host: "db") == .wrongNode(node: "web1", host: "db"))
        #expect(fault(inventory(), otherHosts: ["web1"]) == .duplicate("web1"))
    }

    @Test(arguments: [
        "", "a!b", "a\nb", "a\u{7F}", " a", "a ", "a\u{202E}b", "a\u{2028}b", "\u{85}",
    ])
    func `what is no name is refused`(name: String) {
        #expect(
            fault(inventory([.init(name: name)]))
                == .badName("web1!\(name)", source: "the inventory")
        )
    }

    @Test func `values beyond their bounds are refused`() {
        let broken: [(Inventory.Attributes, String)] = [
            (.init(name: "s", checkInterval: .zero), "check_interval"),
            (.init(name: "s", retryInterval: .seconds(1e9)), "retry_interval"),
            (.init(name: "s", maxCheckAttempts: 0), "max_check_attempts"),
            (.init(name: "s", maxCheckAttempts: 1001), "max_check_attempts"),
            (.init(name: "s", displayName: "a\nSubject: b"), "display_name"),
            (.init(name: "s", variables: ["a": .string("\0")]), "vars.a"),
            (.init(name: "s", variables: ["a": .array([.number(.nan)])]), "vars.a"),
            (.init(name: "s", groups: ["\0"]), "groups"),
        ]
        for (attributes, name) in broken {
            #expect(fault(inventory([attributes])) == .outOfRange("web1!s", attribute: name))
        }
        #expect(fault(inventory([.init(name: "s"), .init(name: "s")])) == .duplicate("web1!s"))
    }

    @Test func `variables stay below their own key unless the administrator lets them through`()
        throws
    {
        let host = Inventory.Attributes(
            name: "web1",
            variables: ["dummy_text": .string("x"), "os": .string("Linux")]
        )
        let text = try MasterConfiguration.render(
            inventory(host: host),
            host: "web1",
            only: [.host],
            topLevelVariables: ["os"]
        )
        #expect(text.contains(#"vars["os"] = "Linux""#))
        #expect(text.contains(#"vars.forwarder = { "dummy_text" = "x" }"#))
        #expect(
            fault(inventory(host: host), topLevelVariables: ["dummy_text"])
                == .reservedVariable("dummy_text")
        )
    }

    @Test func `only the wanted parts are rendered, in a fixed order`() throws {
        let render = { try MasterConfiguration.render(inventory(), host: "web1", only: $0) }
        let zone = try render([.zone])
        #expect(zone.contains("object Zone"))
        #expect(!zone.contains("object Host"))
        #expect(try render([.services, .zone]) == render([.zone, .services]))
        #expect(try !render([.services]).contains("object Host"))
        #expect(try render([.services]).contains(#"object Service "forwarder""#))
    }

    @Test func `strings are literals and nothing else`() {
        #expect(IcingaText.string(#"a"b\c"#) == #""a\"b\\c""#)
        #expect(IcingaText.string("a\nb\u{0}78") == #""a\012b\000\067\070""#)
        #expect(IcingaText.string("{{{ $x$ }}} Ü") == #""{{{ $x$ }}} Ü""#)
        #expect(IcingaText.string("a\u{202E}b\u{301}") == #""a\342\200\256b\314\201""#)
        #expect(IcingaText.macroFreeString("$host.name$ 5$") == #""$$host.name$$ 5$$""#)
    }

    @Test(
        arguments: [
            (0, "0"), (-0.5, "-0.5"), (1.5, "1.5"), (1e21, "1000000000000000000000"),
            (1.25e-7, "0.000000125"), (1.2345e20, "123450000000000000000"), (300, "300"),
            (9_007_199_254_740_992, "9007199254740992"), (.infinity, "null"),
        ] as [(Double, String)]
    )
    func `numbers have no exponent`(value: Double, text: String) {
        #expect(IcingaText.number(value) == text)
    }

    @Test func `a number's text reads back as the number`() {
        var bits: UInt64 = 0x9E37_79B9_7F4A_7C15
        for _ in 0..<2000 {
            bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Double(bitPattern: bits)
            guard value.isFinite else { continue }
            #expect(Double(IcingaText.number(value)) == value)
        }
    }
}
