internal import Glibc

/// Global functions about paths and the environment.
enum FileFunctions {
    static func define(in system: DictionaryValue) {
        system.define("basename") { call throws(ConfigFault) in
            let path = call.argument(0).toText.bytes
            if path.allSatisfy({ $0 == slash }) { return try call.make(ByteString(path)) }
            if path.last == slash { return "." }
            let start = path.lastIndex(of: slash).map { $0 + 1 } ?? path.startIndex
            return try call.make(ByteString(Array(path[start...])))
        }
        system.define("dirname") { call throws(ConfigFault) in
            let path = call.argument(0).toText.bytes
            guard let end = path.lastIndex(of: slash) else { return "" }
            if path.allSatisfy({ $0 == slash }) { return "" }
            return try call.make(end == 0 ? "/" : ByteString(stripped(Array(path[..<end]))))
        }
        system.define("path_exists") { call throws(ConfigFault) in
            .boolean(unsafe access(call.argument(0).toText.text, F_OK) == 0)
        }
        system.define("glob") { call throws(ConfigFault) in
            try call.make(
                SystemFileReader.glob(call.argument(0).toText.text).map { .text($0) }
            )
        }
        system.define("getenv") { call throws(ConfigFault) in
            guard let value = unsafe getenv(call.argument(0).toText.text) else { return .null }
            return try call.make(ByteString(unsafe String(cString: value)))
        }
        system.define("get_time") { call throws(ConfigFault) in
            var now = timeval()
            unsafe gettimeofday(&now, nil)
            return .number(Double(now.tv_sec) + Double(now.tv_usec) / 1e6)
        }
        system.define("msi_get_component_path") { call throws(ConfigFault) in .string(.empty) }
    }

    private static let slash = UInt8(ascii: "/")

    private static func stripped(_ path: [UInt8]) -> [UInt8] {
        var path = path
        while path.count > 1, path.last == slash { path.removeLast() }
        return path
    }
}
