import ConfigLanguage
import Foundation
import Monitoring

/// Where results of this host are handed over, found out as well as it can be.
///
/// A caller must not lose a result for a mistake in `forwarder.conf`: the daemon was started with
/// what stood there before, and its socket and drop directory are where they were. So the two
/// are taken from the file where it says them well and once, or else are the usual ones, and the
/// mistake is told.
struct MeetingPlace: Sendable, Hashable {
    /// Where the daemon listens.
    var controlPath = ForwarderConfiguration.defaultControlPath
    var dropPath = ForwarderConfiguration.defaultDropPath
    /// What is wrong with the file, with file and line, and what is used; nil where nothing is.
    var complaint: String?
    /// True where the drop directory is the usual one because the file cannot say which it is.
    var isGuess = false

    /// What the usual file says, or the one that the caller names.
    ///
    /// - Parameter named: nil for the usual one.
    /// - Throws: when a file that the caller names cannot be read at all: results of another
    ///   forwarder are none of this one's.
    init(named: String?, by loader: ConfigurationLoader) throws(ConfigFault) {
        let path = named ?? ConfigurationLoader.defaultPath
        let fault: ConfigFault
        do throws(ConfigFault) {
            let configuration = try loader.load(path: path)
            controlPath = configuration.controlPath
            dropPath = configuration.dropPath
            if configuration.masters.isEmpty, loader.meetingPlaces(path: path).isEmpty {
                isGuess = true
                complaint = "\(path) names neither a Master nor a Control object. \(used)"
            }
            return
        } catch { fault = error }
        isGuess = true
        let content: [UInt8]
        do throws(ConfigFault) {
            content = try loader.reader.read(path)
        } catch {
            guard named == nil else { throw error }
            complaint = "\(error.message) \(used)"
            return
        }
        let found = loader.meetingPlaces(path: path)
        if found.isEmpty {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            take(ControlText(content), folder)
        } else if found.count == 1, let only = found.first {
            take(only.controlPath, only.dropPath)
        }
        complaint = "\(Self.told(fault)) \(used)"
    }

    private mutating func take(_ text: ControlText, _ folder: String) {
        func path(_ key: String) -> String? {
            text.attributes[key].flatMap { text in
                guard AttributeReader.flaw(in: text) == nil else { return nil }
                return text.hasPrefix("/") ? text : "\(folder)/\(text)"
            }
        }
        take(path("path"), path("drop_directory"))
    }

    private mutating func take(_ control: String?, _ drops: String?) {
        controlPath = control ?? controlPath
        dropPath = drops ?? dropPath
        isGuess = drops == nil
    }

    private var used: String {
        let places = "Used are \(controlPath) and \(dropPath)."
        guard isGuess else { return places }
        return """
            \(places) Where the daemon has another drop_directory, what is dropped there is not \
            taken, and its `forwarder status` says so.
            """
    }

    /// The first mistake with its place, and how many more there are.
    private static func told(_ fault: ConfigFault) -> String {
        let all = fault.diagnostics
        guard let first = all.first else { return "forwarder.conf cannot be used." }
        let place = first.location.map { "\($0): " } ?? ""
        let more = all.count > 1 ? " (And \(Words.counted(all.count - 1, "more mistake")).)" : ""
        return "\(place)\(first.message)\(more)"
    }
}
