/// A command line as the kernel gets it.
///
/// Bytes, because Icinga's strings are bytes.
package struct PluginCommand: Sendable, Hashable {
    /// Program and arguments; never empty, no NUL in any of them.
    ///
    /// `PATH` is searched as execvp does.
    /// A string command of a definition arrives here as `/bin/sh`, `-c`, text.
    package var argumentVector: [[UInt8]]
    /// The definition's `env`: name and value; overrides what is inherited.
    package var environment: [PluginVariable]
    /// How long it may run before it is ended; more than zero.
    package var timeout: Duration

    /// A command with all its parts.
    package init(
        argumentVector: [[UInt8]],
        environment: [PluginVariable] = [],
        timeout: Duration = .seconds(60)
    ) {
        self.argumentVector = argumentVector
        self.environment = environment
        self.timeout = timeout
    }
}

/// One variable of a plugin's environment.
package struct PluginVariable: Sendable, Hashable {
    /// Its name, without `=`.
    package var name: String
    /// Its value.
    package var value: [UInt8]

    /// A variable with this value.
    package init(name: String, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}
