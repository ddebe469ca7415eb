import Collector
import ConfigLanguage
import Foundation
import Monitoring

/// The files of a folder and of those below it, in the order of their names.
///
/// Each folder is read once, by whatever name it is met first: links that lead in circles, or to
/// one folder many times, end there.
///
/// - Bounds: at most ``ImportSource/fileLimit`` files and ``nameLimit`` names, and
///   ``ImportSource/depthLimit`` folders within each other; what is left out is told.
struct FolderWalk {
    /// Which files are wanted, and where they are looked for.
    struct Wish {
        /// Asked of a file's name.
        var isWanted: (Substring) -> Bool
        /// True for folders that begin with a dot.
        var entersHiddenFolders: Bool
    }

    /// Most names that all walks of one import look at.
    ///
    /// 20,000: twenty for each file that is read.
    static let nameLimit = 20_000

    /// What was found.
    private(set) var paths: [String] = []
    /// What was left out, and why; each reason once.
    private(set) var complaints: [String] = []

    private let files: any DefinitionFileSystem
    private let wish: Wish
    private var visited: Set<FileIdentity> = []
    /// How many names may still be looked at.
    private(set) var namesLeft: Int

    /// Walks through a folder.
    init(
        _ folder: String, _ wish: Wish, namesLeft: Int, in files: any DefinitionFileSystem
    ) {
        self.files = files
        self.wish = wish
        self.namesLeft = namesLeft
        enter(folder, depth: 0)
    }

    private mutating func enter(_ folder: String, depth: Int) {
        if let identity = files.facts(of: folder)?.identity {
            guard visited.insert(identity).inserted else { return }
        }
        guard depth < ImportSource.depthLimit else {
            return complain("'\(folder.printable)' lies too deep. It is not read.")
        }
        let entries: [PathEntry]
        do throws(PathFault) {
            entries = try files.entries(of: folder, limit: namesLeft)
        } catch {
            return complain(Self.text(error, in: folder))
        }
        namesLeft -= entries.count
        let names = entries.map(\.name).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for name in names {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            if files.facts(of: path)?.isDirectory == true {
                if wish.entersHiddenFolders || !name.hasPrefix(".") {
                    enter(path, depth: depth + 1)
                }
            } else if wish.isWanted(name[...]) {
                take(path)
            }
        }
    }

    private mutating func take(_ path: String) {
        guard paths.count < ImportSource.fileLimit else {
            return complain(
                "There are more than \(ImportSource.fileLimit) files. The rest is not read.")
        }
        paths.append(path)
    }

    private mutating func complain(_ text: String) {
        if !complaints.contains(text), complaints.count < Self.complaintLimit {
            complaints.append(text)
        }
    }

    private static func text(_ fault: PathFault, in folder: String) -> String {
        switch fault {
        case .tooManyNames:
            "Up to '\(folder.printable)' there are more than \(nameLimit) names. It is not read."
        case .unreadable(_, let code):
            "'\(folder.printable)' is not read: \(String(cString: strerror(code)))."
        }
    }

    /// Most reasons that are told.
    private static let complaintLimit = 20
}
