import Foundation
import Monitoring
import Testing

@testable import ForwarderCommand

/// What the real Icinga 2 makes of rendered text, compared with the inventory it came from.
@Suite(
    .enabled(if: IcingaOracle.binary != nil, "Icinga 2 is not installed: run `make test` as root")
)
struct RenderedOracleTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `hostile inventories read back from the real parser as they were`(seed: UInt64) throws {
        var source = HostileInventories(seed: seed)
        let inventory = source.inventory(services: 150)
        let text = try MasterConfiguration.render(
            inventory,
            host: HostileInventories.node,
            otherHosts: HostileInventories.others
        )
        let objects = try IcingaOracle.load(text)
        for entry in inventory.hosts {
            let host = entry.attributes
            let isOwn = host.name == HostileInventories.node
            let found = try #require(objects["Host \(host.name)"], "seed \(seed)")
            try expect(found, equals: host, isPassive: !isOwn)
            for service in entry.services {
                let key = "Service \(host.name)!\(service.name)"
                try expect(#require(objects[key], "seed \(seed)"), equals: service, isPassive: true)
            }
        }
        let expected = inventory.hosts.reduce(0) { $0 + $1.services.count }
        #expect(objects.keys.count { $0.hasPrefix("Service ") } == expected + 1)
        #expect(objects.keys.count { $0.hasPrefix("Host ") } == inventory.hosts.count)
        #expect(objects.keys.count { $0.hasPrefix("ApiUser ") } == 1)
    }

    private func expect(
        _ found: [String: Any],
        equals attributes: Inventory.Attributes,
        isPassive: Bool
    ) throws {
        let display = attributes.displayName ?? attributes.name
        let shown = try #require(found["display_name"] as? String)
        #expect(shown.utf8.elementsEqual(display.utf8))
        #expect(found["enable_active_checks"] as? Bool == !isPassive)
        #expect(found["enable_passive_checks"] as? Bool == isPassive)
        if isPassive {
            #expect(found["zone"] as? String == HostileInventories.node)
            let interval = Double(attributes.checkInterval.wholeMicroseconds) / 1_000_000
            #expect(found["check_interval"] as? Double == interval)
            #expect(found["max_check_attempts"] as? Double == Double(attributes.maxCheckAttempts))
        }
        guard !attributes.variables.isEmpty else { return }
        let variables = try #require(found["vars"] as? [String: Any])
        let read = try VariableValue(oracle: #require(variables["forwarder"]))
        #expect(read == VariableValue.dictionary(attributes.variables).withDoubledDollars)
    }
}

extension VariableValue {
    /// What an escaped value looks like before Icinga resolves macros in it.
    fileprivate var withDoubledDollars: VariableValue {
        switch self {
        case .string(let text): .string(text.replacingOccurrences(of: "$", with: "$$"))
        case .array(let elements): .array(elements.map(\.withDoubledDollars))
        case .dictionary(let members): .dictionary(members.mapValues(\.withDoubledDollars))
        default: self
        }
    }

    fileprivate init(oracle value: Any) throws {
        let data = try JSONSerialization.data(withJSONObject: [value])
        let values = try JSONDecoder().decode([VariableValue].self, from: data)
        self = try #require(values.first)
    }
}

/// Inventories as somebody would write them who wants to run code on the master.
private struct HostileInventories {
    static let node = "web$1$"
    static let others = ["o\"ther \\", "Ünïcode ✓"]

    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private static let pieces = [
        "a", "Z", "9", " ", "$", "$$", "$host.name$", "\"", "\\", "\\n", "\n", "\r", "\t", "{{{",
        "}}}", "{{", "}}", "/*", "*/", "//", "#", "\" + getenv(\"PATH\") + \"", "é", "e\u{301}",
        "\u{202E}", "\u{FEFF}", "🙂", "א", "\u{1}", "\u{7F}", "\u{2028}", "7", "%s", "<itl>", "!",
        "object Host \"x\" { }", "\u{10FFFF}", ";", "'", "`id`", "../", "null", "-",
    ]

    mutating func inventory(services count: Int) -> Inventory {
        var names: Set<String> = []
        let services = (0..<count).compactMap { index -> Inventory.Attributes? in
            let name = "\(text(from: namePieces))\(index)"
            return names.insert(name).inserted ? attributes(name) : nil
        }
        let others = Self.others.map { Inventory.Host(attributes($0), services: [attributes("s")]) }
        return Inventory(
            node: Self.node,
            hosts: [.init(attributes(Self.node), services: services)] + others
        )
    }

    private var namePieces: [String] {
        Self.pieces.filter { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 } && $0 != " " }
            .filter { !["\u{7F}", "\u{202E}", "\u{2028}", "!"].contains($0) }
    }

    private mutating func attributes(_ name: String) -> Inventory.Attributes {
        var variables: [String: VariableValue] = [:]
        for index in 0..<roll(5) {
            variables["\(text(from: Self.pieces))\(index)"] = value(depth: 1)
        }
        return Inventory.Attributes(
            name: name,
            displayName: roll(2) == 0 ? nil : text(from: namePieces),
            checkInterval: .milliseconds(1 + roll(100_000)),
            maxCheckAttempts: 1 + roll(1000),
            groups: [text(from: Self.pieces)],
            variables: variables
        )
    }

    private mutating func value(depth: Int) -> VariableValue {
        switch roll(depth > 5 ? 5 : 8) {
        case 0: return .null
        case 1: return .bool(roll(2) == 0)
        case 2: return .number(Double(roll(2_000_000)) / 1000 - 1000)
        case 3, 4: return .string(text(from: Self.pieces))
        case 5: return .array((0..<roll(4)).map { _ in value(depth: depth + 1) })
        default:
            var members: [String: VariableValue] = [:]
            for _ in 0..<roll(4) { members[text(from: Self.pieces)] = value(depth: depth + 1) }
            return .dictionary(members)
        }
    }

    private mutating func text(from pieces: [String]) -> String {
        (0..<roll(6)).map { _ in pieces[roll(pieces.count)] }.joined()
    }

    private mutating func roll(_ sides: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(sides))
    }
}
