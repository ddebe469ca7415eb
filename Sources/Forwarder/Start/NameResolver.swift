#if canImport(Glibc)
    internal import Glibc
#endif

/// Turns a name into numeric addresses, for `--resolve`; blocks as long as the resolver does.
package enum NameResolver {
    /// Most addresses of a name; the rest is left out.
    ///
    /// 16: as many as a node may have.
    static let addressLimit = 16

    /// The addresses in the resolver's order, each once.
    ///
    /// - Throws: `.unresolved`.
    package static func addresses(of name: String) throws(ForwarderFault) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &first)
        guard status == 0 else {
            throw .unresolved(name: name, problem: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(first) }
        var addresses: [String] = []
        var entry = first
        while let one = entry?.pointee, addresses.count < addressLimit {
            if let text = numeric(one), !addresses.contains(text) { addresses.append(text) }
            entry = one.ai_next
        }
        guard !addresses.isEmpty else {
            throw .unresolved(name: name, problem: "the resolver knows no address")
        }
        return addresses
    }

    private static func numeric(_ entry: addrinfo) -> String? {
        var text = [CChar](repeating: 0, count: 128)
        let status = getnameinfo(
            entry.ai_addr,
            entry.ai_addrlen,
            &text,
            socklen_t(text.count),
            nil,
            0,
            NI_NUMERICHOST
        )
        guard status == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
