internal import Monitoring

/// What every plugin finds in its environment, before its definition's `env` is added.
///
/// Clean, unlike Icinga's, which hands on the daemon's whole environment: a plugin must not work in
/// a terminal and fail under systemd, nor see credentials that were meant for the daemon.
///
/// * `PATH`, `HOME`, `LANG`, `TZ`, `USER`, `LOGNAME` as the daemon has them, because admins set
///   these for plugins in its unit; where it has no `PATH`, ``defaultPath``; no `HOME`, `/`; no
///   `LANG`, `C.UTF-8`.
/// * `HOME`, `USER`, `LOGNAME` of the user that plugins run as, where that is another one.
/// * `LC_NUMERIC=C`, so that numbers have a decimal point; `LC_ALL` would overrule it and is left
///   out.
/// * Everything else is left out, `NOTIFY_SOCKET` above all.
///
/// A variable of the definition replaces one of the same name. `PATH` for the search of the plugin
/// itself is the one here, never the definition's, as in Icinga.
package struct PluginEnvironment: Sendable {
    /// Where plugins are searched whose name has no `/`.
    package let path: String
    private let variables: [PluginVariable]

    /// Where a plugin is searched when the daemon itself has no `PATH`.
    package static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    private static let inherited = ["HOME", "LANG", "TZ", "USER", "LOGNAME"]
    private static let defaults = ["HOME": "/", "LANG": "C.UTF-8"]

    /// Takes what plugins may have from the daemon's own environment.
    ///
    /// - Parameter user: whom they run as, where it is another user than the daemon's.
    package init(inheriting own: [String: String], of user: PluginUser? = nil) {
        let own = own.merging(user?.variables ?? [:]) { $1 }
        path = own["PATH"] ?? Self.defaultPath
        var variables = [PluginVariable(name: "PATH", value: Array(path.utf8))]
        for name in Self.inherited {
            guard let value = own[name] ?? Self.defaults[name] else { continue }
            variables.append(PluginVariable(name: name, value: Array(value.utf8)))
        }
        variables.append(PluginVariable(name: "LC_NUMERIC", value: Array("C".utf8)))
        self.variables = variables
    }

    /// The environment of one plugin.
    func adding(_ own: [PluginVariable]) throws(LaunchFault) -> [[UInt8]] {
        for variable in own {
            let name = variable.name.utf8
            guard !name.isEmpty, !name.contains(UInt8(ascii: "=")), !name.contains(0),
                !variable.value.contains(0)
            else {
                throw .unusableCommand(
                    "the variable '\(variable.name)' cannot be in an environment"
                )
            }
        }
        return merged(with: own).map { Array($0.name.utf8) + [UInt8(ascii: "=")] + $0.value }
    }

    /// All that a plugin with these variables of its own finds.
    package func merged(with own: [PluginVariable]) -> [PluginVariable] {
        let kept = variables.filter { one in
            !own.contains { $0.name.utf8.elementsEqual(one.name.utf8) }
        }
        return kept + own
    }

    /// The files to try for a program's name, as execvp does; an empty part of `PATH`, which there
    /// means the working directory, is passed over.
    func candidates(for program: [UInt8]) -> [[UInt8]] {
        let slash = UInt8(ascii: "/")
        guard !program.contains(slash) else { return [program] }
        return path.utf8.split(separator: UInt8(ascii: ":")).map { Array($0) + [slash] + program }
    }
}
