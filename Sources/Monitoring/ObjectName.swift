/// The name of a host or of a service on a host, as Icinga writes it: `host` or `host!service`.
///
/// Names compare byte by byte, as Icinga compares them: two spellings of "é" are two names.
///
/// - Source: Icinga 2 documentation, "Object Types"; `!` separates and cannot be part of a host name.
package struct ObjectName: Sendable {
    /// The host's name; never empty.
    package let host: String
    /// The service's short name, or nil for the host itself; never empty.
    package let service: String?

    /// The longest full name in bytes; a longer one is refused where it enters.
    ///
    /// 1,024 bytes: Icinga keeps file names of objects below 255 bytes, this is four times that.
    package static let maximumByteCount = 1024

    /// The short name of the service that is the forwarder's own health.
    package static let healthServiceName = "forwarder"

    /// The forwarder's own health on this node: `NODENAME!forwarder`.
    package static func health(ofNode nodeName: String) -> ObjectName {
        ObjectName(host: nodeName, service: healthServiceName)
    }

    /// Names a host.
    package init(host: String) {
        self.host = host
        self.service = nil
    }

    /// Names a service on a host.
    package init(host: String, service: String) {
        self.host = host
        self.service = service
    }

    /// Reads `host` or `host!service`; nil when a part is empty, holds a control character or the
    /// whole is longer than ``maximumByteCount``.
    package init?(fullName: String) {
        guard fullName.utf8.count <= Self.maximumByteCount else { return nil }
        guard !fullName.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        let parts = fullName.split(separator: "!", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty else { return nil }
        self.host = String(host)
        guard parts.count == 2 else {
            self.service = nil
            return
        }
        guard !parts[1].isEmpty else { return nil }
        self.service = String(parts[1])
    }

    /// `host` or `host!service`.
    package var fullName: String {
        guard let service else { return host }
        return "\(host)!\(service)"
    }

    /// True when this names a host itself.
    package var isHost: Bool { service == nil }
}

extension ObjectName: Hashable, Comparable {
    package static func == (a: ObjectName, b: ObjectName) -> Bool {
        guard a.host.hasSameBytes(as: b.host) else { return false }
        switch (a.service, b.service) {
        case (nil, nil): return true
        case (let x?, let y?): return x.hasSameBytes(as: y)
        default: return false
        }
    }

    package func hash(into hasher: inout Hasher) {
        host.combineBytes(into: &hasher)
        hasher.combine(UInt8(ascii: "!"))
        service?.combineBytes(into: &hasher)
    }

    package static func < (a: ObjectName, b: ObjectName) -> Bool {
        a.fullName.utf8.lexicographicallyPrecedes(b.fullName.utf8)
    }
}

extension ObjectName: CustomStringConvertible {
    package var description: String { fullName }
}

extension String {
    /// Byte by byte, unlike `==`, which takes canonically equivalent texts as equal.
    fileprivate func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let isSame = unsafe utf8.withContiguousStorageIfAvailable { mine in
            unsafe other.utf8.withContiguousStorageIfAvailable { theirs in
                unsafe mine.elementsEqual(theirs)
            }
        }
        return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
    }

    fileprivate func combineBytes(into hasher: inout Hasher) {
        let isDone: Void? = unsafe utf8.withContiguousStorageIfAvailable {
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isDone == nil { for byte in utf8 { hasher.combine(byte) } }
    }
}
