import Monitoring
import Policy
import Testing

@Suite struct MatchPatternTests {
    @Test(arguments: [
        ("web*", "web1", true), ("web*", "web", true), ("*web", "myweb", true),
        ("*a*b*", "xaybz", true), ("*a*b*", "xbya", false), ("a*a", "a", false),
        ("a*a", "aa", true), ("*", "", true), ("", "", true), ("", "a", false), ("**", "a", true),
        ("web", "Web", false), ("w?b", "web", false), ("*aab", "aaab", true),
        ("*aab*", "aaaab", true), ("ab*ba", "aba", false),
    ])
    func `a star stands for any characters and nothing else is special`(
        pattern: String, text: String, expected: Bool
    ) {
        #expect(MatchPattern(pattern).matches(text) == expected)
    }

    @Test func `letter case is ignored when told so, for ASCII only`() {
        #expect(MatchPattern("*PassWord*", letterCase: .ignored).matches("DB_pASSWORD1"))
        #expect(!MatchPattern("É", letterCase: .ignored).matches("é"))
    }

    @Test func `two spellings of a character are two texts`() {
        #expect(!MatchPattern("caf\u{E9}").matches("cafe\u{301}"))
        #expect(MatchPattern("caf*").matches("cafe\u{301}"))
    }

    @Test func `every pattern matches as the slow, obvious way does`() {
        var random = SplitMix(seed: 1)
        for _ in 0..<20_000 {
            let pattern = random.text(of: "ab*", upTo: 7)
            let text = random.text(of: "ab", upTo: 9)
            let expected = Self.slow(Array(pattern)[...], Array(text)[...])
            #expect(MatchPattern(pattern).matches(text) == expected, "\(pattern) on \(text)")
        }
    }

    private static func slow(
        _ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>
    ) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" {
            return slow(pattern.dropFirst(), text)
                || (!text.isEmpty && slow(pattern, text.dropFirst()))
        }
        return text.first == first && slow(pattern.dropFirst(), text.dropFirst())
    }

    @Test func `patterns that make others take for ever are done at once`() {
        let text = String(repeating: "a", count: 200_000)
        let stars = String(repeating: "*a", count: 2000) + "*b*"
        #expect(!MatchPattern(stars).matches(text))
        let halves = "*" + String(repeating: "a", count: 4000) + "b*"
        #expect(!MatchPattern(halves).matches(text))
    }
}
