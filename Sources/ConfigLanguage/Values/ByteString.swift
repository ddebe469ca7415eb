internal import CGlibc
internal import Glibc

/// A string of the configuration language: bytes, compared byte by byte.
///
/// Swift's `String` compares by canonical equivalence and repairs invalid UTF-8; the names and
/// values of the language do neither, so they never travel as `String`.
public struct ByteString: Sendable, Hashable, Comparable, ExpressibleByStringLiteral {
    /// The bytes, usually UTF-8 but never promised to be.
    public var bytes: [UInt8]

    /// Wraps bytes as they are.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Copies any sequence of bytes.
    public init(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    /// Takes the UTF-8 bytes of a Swift string.
    public init(_ text: some StringProtocol) {
        bytes = Array(text.utf8)
    }

    /// Takes the UTF-8 bytes of a literal.
    public init(stringLiteral value: String) {
        bytes = Array(value.utf8)
    }

    /// The empty string.
    public static var empty: ByteString { ByteString([]) }

    /// The number of bytes, which is what the language calls length.
    public var count: Int { bytes.count }

    /// True when there is no byte.
    public var isEmpty: Bool { bytes.isEmpty }

    /// The text for people and logs; invalid UTF-8 becomes U+FFFD.
    public var text: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// The beginning of the text, for messages.
    var shown: String {
        count <= 200 ? text : String(decoding: bytes.prefix(200), as: UTF8.self) + "…"
    }

    /// Orders by bytes, as the language orders dictionary keys.
    public static func < (left: ByteString, right: ByteString) -> Bool {
        left.order(against: right) < 0
    }

    /// True when the bytes are the same.
    public static func == (left: ByteString, right: ByteString) -> Bool {
        left.bytes == right.bytes
    }

    /// Hashes all bytes in one call.
    public func hash(into hasher: inout Hasher) {
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }

    /// Joins two strings.
    public static func + (left: ByteString, right: ByteString) -> ByteString {
        ByteString(left.bytes + right.bytes)
    }

    /// True when the string begins with these bytes.
    public func hasPrefix(_ prefix: ByteString) -> Bool {
        bytes.starts(with: prefix.bytes)
    }

    /// True when the string ends with these bytes.
    public func hasSuffix(_ suffix: ByteString) -> Bool {
        bytes.count >= suffix.count && bytes.suffix(suffix.count).elementsEqual(suffix.bytes)
    }

    /// Where these bytes occur first, at or after a place; nil when they do not.
    ///
    /// In time of the sum of both lengths, as the C library promises.
    func place(of search: ByteString, from start: Int) -> Int? {
        guard start <= count - search.count else { return nil }
        guard !search.isEmpty else { return start }
        return unsafe bytes.withUnsafeBytes { text in
            unsafe search.bytes.withUnsafeBytes { wanted -> Int? in
                guard let base = text.baseAddress else { return nil }
                let rest = unsafe base + start
                let found = unsafe cglibc_find(
                    rest, text.count - start, wanted.baseAddress, wanted.count)
                return found < 0 ? nil : start + found
            }
        }
    }

    /// Negative, zero or positive as this sorts before, with or after the other.
    func order(against other: ByteString) -> Int {
        let common = min(bytes.count, other.bytes.count)
        let first = unsafe bytes.withUnsafeBufferPointer { mine in
            unsafe other.bytes.withUnsafeBufferPointer { theirs -> Int in
                guard common > 0, let left = mine.baseAddress, let right = theirs.baseAddress
                else { return 0 }
                return unsafe Int(memcmp(left, right, common))
            }
        }
        return first != 0 ? first : bytes.count - other.bytes.count
    }
}

extension ByteString: CustomStringConvertible {
    /// The text for people; see ``text``.
    public var description: String { text }
}
