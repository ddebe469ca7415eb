import Monitoring
import Testing

@Suite struct PrintableTextTests {
    @Test func `nothing that drives a terminal is left, and readable text stays`() {
        let hostile = String(String.UnicodeScalarView((0...0x9F).compactMap(Unicode.Scalar.init)))
        let driving = { (scalar: Unicode.Scalar) in
            scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        }
        #expect(hostile.printable.unicodeScalars.filter(driving).isEmpty)
        #expect("a\r\nb\u{2028}".printable == "a  b ")
        #expect("\u{1B}]0;x\u{7}".printable == "\u{FFFD}]0;x\u{FFFD}")
        #expect("größer ✓ 日本".printable == "größer ✓ 日本")
    }

    @Test func `line breaks stay where they are meant`() {
        #expect("a\nb\u{9B}2J\n".printableLines == "a\nb\u{FFFD}2J\n")
    }
}
