import Monitoring
import Policy
import Testing

/// Foreign bytes end in a policy or in errors, never in a crash or a hang.
@Suite struct FuzzTests {
    private static let seedText = """
        [operations]
        masters = production, backup ; names
        permissions = "icingadb/command/process-check-result, icingadb/command/schedule-check*"
        refusals = icingadb/object/show-source
        icingadb/filter/hosts = !(host.name=web*&hostgroup.name!=db)|host.vars.os[*]=L%20x
        icingadb/filter/services = (service.name=disk*)|(service.vars.team.name=Support)
        icingadb/denylist/variables = *password*, a.b[0].c[*]
        icingadb/protect/variables = *token*
        forwarder/recheck/minimum-interval = 30s
        forwarder/recheck/limit = 60/1h
        forwarder/output = full
        """

    private static let pieces = [
        "[", "]", "\n", "\"", "\\", "'", ";", "#", "=", "!=", "!", "&", "|", "(", ")", "*", "%",
        "%2",
        "%41", ",", ".", "[0]", "[*]", "[", "host.name", "service.vars.", "\0", "\r", "é", "1/1s",
        "99999999999999999999", "icingadb/", "((((((((", "forwarder/output",
    ].map { Array($0.utf8) }

    @Test(arguments: 0..<8)
    func `damaged policies are refused or read, and what is read can be asked`(seed: Int) throws {
        var random = SplitMix(seed: UInt64(seed))
        let object = try object("web1!disk", host: #"{"os":["L x"]}"#)
        var readCount = 0
        for _ in 0..<300 {
            var bytes = Array(Self.seedText.utf8)
            for _ in 0...random.below(3) {
                let place = random.below(bytes.count + 1)
                switch random.below(4) {
                case 0: bytes.insert(contentsOf: random.pick(Self.pieces), at: place)
                case 1: bytes.insert(UInt8(random.below(256)), at: place)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + random.below(20)))
                default: bytes += bytes[place..<min(bytes.count, place + random.below(60))]
                }
            }
            do throws(PolicyFault) {
                let rules = try PolicyReader.read(bytes, file: "f")
                readCount += 1
                _ = rules.explain(object, for: "production").description
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
        #expect(readCount > 4, "hardly anything was read: \(readCount)")
    }

    @Test(arguments: 0..<4)
    func `anything in place of a filter is refused or read`(seed: Int) throws {
        var random = SplitMix(seed: UInt64(100 + seed))
        let object = try object("web1!disk")
        for _ in 0..<700 {
            var filter: [UInt8] = []
            for _ in 0..<random.below(30) { filter += random.pick(Self.pieces) }
            filter.removeAll { $0 == 0x0A }
            let bytes = Array(role("icingadb/filter/objects = host.name=a|").dropLast(15).utf8)
            // lost on purpose: most are refused
            let rules = try? PolicyReader.read(bytes + filter, file: "f")
            _ = rules?.submission(of: object, to: "production")
        }
    }

    @Test func `long lines of signs are refused in no time`() {
        for sign in ["(", "!", "&", "host.name=*|", "a.", "[*]", "%41", "\\\"", "*a"] {
            let line = String(String(repeating: sign, count: 9000).prefix(8000))
            #expect(!errors(role("icingadb/filter/objects = \(line)")).isEmpty, "\(sign)")
            #expect(!errors(role("icingadb/filter/objects = \"\(line)")).isEmpty, "\(sign)")
        }
    }

    @Test(arguments: 0..<4)
    func `damaged variables are refused or read`(seed: Int) {
        var random = SplitMix(seed: UInt64(200 + seed))
        let text = #"{"a":[1,-2.5e3,true,null,{"b":"c\n\u00e9\ud83d\ude00\"x"}],"d":{},"e":[]}"#
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "1", "-", "e", "tr",
        ]
        for _ in 0..<1000 {
            var characters = Array(text)
            for _ in 0...random.below(3) {
                let place = random.below(characters.count + 1)
                if random.below(2) == 0 {
                    characters.insert(contentsOf: random.pick(pieces), at: place)
                } else {
                    characters.removeSubrange(
                        place..<min(characters.count, place + random.below(4)))
                }
            }
            // lost on purpose: most are refused
            guard let read = try? object("a", host: String(characters)) else { continue }
            let again = try? object("a", host: read.hostTree.json)
            #expect(again?.hostTree == read.hostTree, "\(String(characters))")
        }
    }

    @Test func `variables that would grow beyond all bounds are refused`() {
        let deep =
            String(repeating: #"{"a":"#, count: 100) + "1" + String(repeating: "}", count: 100)
        #expect(throws: PolicyFault.self) { try object("a", host: deep) }
        let key = String(repeating: "k", count: 100_000)
        let long = "{\"\(key)\":[\(String(repeating: "1,", count: 50_000))1]}"
        #expect(throws: PolicyFault.self) { try object("a", host: long) }
        let large = "{\"a\":\"\(String(repeating: "x", count: 600_000))\"}"
        #expect(throws: PolicyFault.self) { try object("a", host: large) }
        #expect(throws: PolicyFault.self) { try object("a", host: "[]") }
        #expect(throws: PolicyFault.self) { try object("", host: "{}") }
    }
}
