import Collector
import ConfigLanguage
import Foundation
import TestSupport

/// A plugin that prints what the kernel gave it: every word and every variable, in hexadecimal.
///
/// It is found under every name below its folder that ``offer(_:)`` was asked for.
struct PluginRecorder {
    /// What a plugin got.
    struct Call: Equatable {
        var arguments: [[UInt8]]
        /// Each as `NAME=value`.
        var environment: [[UInt8]]
    }

    /// Where plugins are searched that have no path.
    let folder: String
    private let program: String

    /// Builds the program into `folder`.
    init(folder: String) throws {
        self.folder = folder
        program = folder + "/recorder"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let source = folder + "/recorder.c"
        try Data(Self.source.utf8).write(to: URL(fileURLWithPath: source))
        try Command.require("clang", ["-O1", "-o", program, source])
    }

    /// Makes it the program of these names.
    func offer(_ names: Set<String>) throws {
        for name in names where !FileManager.default.fileExists(atPath: folder + "/" + name) {
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/" + name, withDestinationPath: program)
        }
    }

    /// What the program printed; nil when it was another one.
    static func call(in output: String) -> Call? {
        let lists = output.split(separator: ";", omittingEmptySubsequences: false)
        guard lists.count == 3, lists[0].hasPrefix("A"), lists[1].hasPrefix("E") else { return nil }
        let parts = lists.prefix(2).map { list in
            list.dropFirst().split(separator: ",").map { bytes(in: $0.dropFirst()) }
        }
        return Call(arguments: parts[0], environment: parts[1])
    }

    private static func bytes(in digits: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in digits.utf8 {
            let value = digit <= 0x39 ? digit - 0x30 : digit - 0x57
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    private static let source = """
        #include <stdio.h>
        extern char **environ;
        static void print(char mark, char **words) {
            putchar(mark);
            for (; *words; words++) {
                fputs("w", stdout);
                for (unsigned char *byte = (unsigned char *)*words; *byte; byte++)
                    printf("%02x", *byte);
                putchar(',');
            }
            putchar(';');
        }
        int main(int count, char **words) {
            print('A', words);
            print('E', environ);
            return 0;
        }
        """
}
