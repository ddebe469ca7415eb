import Collector
import ConfigLanguage
import Monitoring

/// Where something stands in a file that is imported.
struct ImportPlace: Sendable, Hashable, CustomStringConvertible {
    var path: String
    /// Counted from 1.
    var line: Int

    var description: String { "\(path):\(line)" }
}

/// What could not be translated, or what whoever reads the outcome has to know.
struct ImportNote: Sendable, Hashable, CustomStringConvertible {
    var place: ImportPlace
    var text: String

    var description: String { "\(place): \(text)" }
}

/// Why nothing was imported.
enum ImportFault: Error, Hashable, CustomStringConvertible {
    /// With the reason and what to do.
    case unreadable(String)
    /// The file cannot be understood from this place on.
    case malformed(ImportPlace, String)

    var description: String {
        switch self {
        case .unreadable(let reason):
            "\(reason) Nothing was imported."
        case .malformed(let place, let reason):
            "\(place): \(reason) Nothing was imported: mend that line, or import a copy without it."
        }
    }
}

/// The files of another program: regular, bounded, and such that no stranger can have written them.
///
/// What comes of them is meant to be run by the daemon, so they are trusted as definitions are.
struct ImportSource: Sendable {
    /// Most files that one import reads; further ones are left out and named.
    ///
    /// 1,000: a file for each of 1,000 commands.
    static let fileLimit = 1000
    /// Deepest file or folder within another.
    ///
    /// 16: nobody nests that; it ends what includes itself under ever new names.
    static let depthLimit = 16

    private let files: any DefinitionFileSystem
    private let reader: TrustedFileReader

    /// Reads these files with this trust.
    init(files: any DefinitionFileSystem, trust: FileTrust) {
        self.files = files
        reader = TrustedFileReader(files: files, trust: trust)
    }

    /// A whole file; at most ``DiskFiles/byteLimit`` bytes.
    func read(_ path: String) throws(ImportFault) -> [UInt8] {
        do throws(ConfigFault) {
            return try reader.read(path)
        } catch {
            throw .unreadable(error.diagnostics.map(\.message).joined(separator: " "))
        }
    }

    /// True for a folder.
    func isFolder(_ path: String) -> Bool { files.facts(of: path)?.isDirectory == true }

    /// The files of a folder and of those below it.
    ///
    /// - Parameter namesLeft: how many names may be looked at; fewer may be afterwards.
    func walk(_ folder: String, _ wish: FolderWalk.Wish, namesLeft: inout Int) -> FolderWalk {
        let walk = FolderWalk(folder, wish, namesLeft: namesLeft, in: files)
        namesLeft = walk.namesLeft
        return walk
    }
}
