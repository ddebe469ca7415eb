/// Global functions about paths, the environment and the clock.
enum FileFunctions {
    static func define(in system: NativeTable) {
        system.define("basename", ["path"]) { call throws(ConfigFault) in
            let path = try call.text(0).bytes
            try call.work(path.count)
            if path.allSatisfy({ $0 == slash }) { return try call.make(ByteString(path)) }
            if path.last == slash { return "." }
            let start = path.lastIndex(of: slash).map { $0 + 1 } ?? path.startIndex
            return try call.make(ByteString(Array(path[start...])))
        }
        system.define("dirname", ["path"]) { call throws(ConfigFault) in
            let path = try call.text(0).bytes
            try call.work(path.count)
            return try call.make(ByteString(parent(of: path)))
        }
        system.define("path_exists", ["path"], .effect) { call throws(ConfigFault) in
            try call.lookUp(1)
            return .boolean(call.evaluator.surroundings.paths.exists(try call.path(0)))
        }
        system.define("glob", ["pathspec", "callback", "type"], required: 1, .effect) {
            call throws(ConfigFault) in
            let pattern = try call.text(0)
            return try call.found(typeAt: 1) { paths throws(PathFault) in
                try PathSearch.paths(matching: pattern, in: paths)
            }
        }
        system.define("glob_recursive", ["pathspec", "callback", "type"], required: 2, .effect) {
            call throws(ConfigFault) in
            let directory = try call.path(0)
            let pattern = try call.text(1)
            return try call.found(typeAt: 2) { paths throws(PathFault) in
                try PathSearch.paths(below: directory, matching: pattern, in: paths)
            }
        }
        system.define("getenv", ["value"]) { call throws(ConfigFault) in
            let value = call.evaluator.surroundings.environment(try call.text(0))
            return try call.make(value ?? .empty)
        }
        system.define("get_time") { call throws(ConfigFault) in
            .number(call.evaluator.surroundings.now())
        }
        system.define("random") { call throws(ConfigFault) in
            // 31 bits, as the C library's
            .number(Double(call.evaluator.surroundings.random() >> 33))
        }
        // what the Windows installer knows; nothing elsewhere
        system.define("msi_get_component_path", ["component"]) { _ throws(ConfigFault) in "" }
        defineProcess(in: system)
    }

    /// Functions that would act on the process: they must not stop or hold the program that runs
    /// the script.
    private static func defineProcess(in system: NativeTable) {
        system.define("exit", ["status"], .effect) { call throws(ConfigFault) in
            let status = try call.expectNumber(call.argument(0))
            throw .limit(
                Diagnostic(
                    "The script called exit(\(Value.text(ofNumber: status).text)). A script cannot "
                        + "end the program that reads it; its evaluation ends here.",
                    at: call.location
                )
            )
        }
        system.define("sleep", ["interval"], .effect) { call throws(ConfigFault) in
            _ = try call.expectNumber(call.argument(0))
            return .null
        }
    }

    private static let slash = UInt8(ascii: "/")

    /// A path without its last part and the slashes before it.
    private static func parent(of path: [UInt8]) -> [UInt8] {
        guard let end = path.lastIndex(of: slash) else { return [] }
        if path.allSatisfy({ $0 == slash }) { return [] }
        var parent = Array(path[..<end])
        if parent.isEmpty { return [slash] }
        while parent.last == slash { parent.removeLast() }
        return parent
    }
}

extension Invocation {
    /// Steps that looking at so many names in the file system counts for: 100 each, as it takes
    /// some microseconds.
    fileprivate func lookUp(_ count: Int) throws(ConfigFault) {
        try evaluator.spend(count * 100, at: location)
    }

    /// An argument as a path; one with a NUL names nothing.
    fileprivate func path(_ index: Int) throws(ConfigFault) -> String {
        let path = try text(index)
        try work(path.count)
        guard !path.bytes.contains(0) else { throw fault("A path cannot hold a NUL byte.") }
        return path.text
    }

    /// What a search finds, of the kinds that an argument asks for: 1 files, 2 directories.
    fileprivate func found(
        typeAt index: Int,
        _ search: (any PathLookup) throws(PathFault) -> [String]
    ) throws(ConfigFault) -> Value {
        var wanted: Int32 = 3
        if arguments.count > index {
            wanted = Int32(wrapping: try expectNumber(argument(index)))
        }
        try lookUp(PathSearch.mostNames / 100)
        let all: [String]
        do throws(PathFault) {
            all = try search(evaluator.surroundings.paths)
        } catch .unreadable(let directory, let code) {
            throw fault(
                "The directory '\(directory)' cannot be read: \(PathFault.reason(code)).")
        } catch {
            throw fault(
                "The pattern leads to more than \(PathSearch.mostNames) names; narrow it down."
            )
        }
        try lookUp(all.count)
        let paths = evaluator.surroundings.paths
        let kept = all.filter { path in
            switch paths.kind(of: path) {
            case .file: wanted & 1 != 0
            case .directory: wanted & 2 != 0
            default: false
            }
        }
        return try make(kept.map { .text($0) })
    }
}
