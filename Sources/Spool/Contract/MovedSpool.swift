/// A file that stood in the spool's place and was moved aside; it waits for an operator.
package struct MovedSpool: Hashable, Sendable {
    /// What the file was.
    package enum Kind: String, CaseIterable, Sendable {
        /// A spool whose content contradicts itself.
        case damaged
        /// Something that is no spool of forwarder.
        case foreign
        /// A spool whose file was replaced by another one while it was in use.
        case displaced
    }

    /// Where it is now; its write-ahead log is beside it under `-wal`.
    package let path: String
    /// What it was.
    package let kind: Kind
    /// When it was moved, as ISO 8601 in UTC.
    package let date: String
}

extension MovedSpool: CustomStringConvertible {
    package var description: String {
        switch kind {
        case .damaged:
            """
            A damaged spool was moved to \(path) on \(date); what it held was not delivered from \
            there on. Remove the file once you need it no more.
            """
        case .foreign:
            """
            A file that is no spool was found in the spool's place and moved to \(path) on \
            \(date). Take it where it belongs, or remove it.
            """
        case .displaced:
            """
            The spool's file was replaced by another one while it was in use. What it held was \
            written to \(path) on \(date) and was not delivered from there on. Remove the file \
            once you need it no more.
            """
        }
    }
}
