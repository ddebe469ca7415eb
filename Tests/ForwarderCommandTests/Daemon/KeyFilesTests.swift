import Foundation
import TestSupport
import Testing

@testable import ForwarderCommand

/// What counts as a change of keys.
@Suite struct KeyFilesTests {
    private let folder: TemporaryDirectory
    private let masters: [MasterNode]

    init() throws {
        folder = try TemporaryDirectory("keys")
        for name in ["one.crt", "one.key", "two.crt", "two.key", "ca.crt"] {
            try folder.write("12345", to: name)
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link"), withDestinationPath: folder.path("two.key"))
        masters = try ConfigurationFixture.load(
            """
            object Master "one" {
              host = "192.0.2.1"
              certificate = "\(folder.path("one.crt"))"
              private_key = "\(folder.path("one.key"))"
              ca = "\(folder.path("ca.crt"))"
            }
            object Master "two" {
              host = "192.0.2.2"
              certificate = "\(folder.path("two.crt"))"
              private_key = "\(folder.path("link"))"
              ca = "\(folder.path("ca.crt"))"
            }
            """
        ).masters
    }

    private func changed(by change: () throws -> Void) throws -> Set<Int> {
        let before = KeyFiles(masters)
        try change()
        return KeyFiles(masters).changed(since: before)
    }

    private func touch(_ name: String, at seconds: Int) throws {
        let times = [timeval(tv_sec: seconds, tv_usec: 0), timeval(tv_sec: seconds, tv_usec: 0)]
        try #require(utimes(folder.path(name), times) == 0)
    }

    @Test func `what nobody touched did not change, and reading is no touch`() throws {
        #expect(try changed {} == [])
        let path = folder.path("one.key")
        #expect(try changed { _ = try String(contentsOfFile: path, encoding: .utf8) } == [])
    }

    @Test func `a file of another state is a change for each master that it is of`() throws {
        #expect(try changed { try folder.write("123456", to: "one.key") } == [0])
        #expect(try changed { try folder.write("other", to: "ca.crt") } == [0, 1])
        #expect(try changed { try #require(unlink(folder.path("two.crt")) == 0) } == [1])
        #expect(try changed { try folder.write("again", to: "two.crt") } == [1])
    }

    @Test func `times that were set do not hide a change`() throws {
        try touch("one.key", at: 1_000_000)
        let rewritten = try changed {
            try folder.write("54321", to: "one.key")
            try touch("one.key", at: 1_000_000)
        }
        #expect(rewritten == [0])
        let moved = try changed {
            try folder.write("54321", to: "new")
            try touch("new", at: 1_000_000)
            try #require(rename(folder.path("new"), folder.path("one.key")) == 0)
        }
        #expect(moved == [0])
    }

    @Test func `a link that leads elsewhere is a change`() throws {
        let path = folder.path("link")
        let elsewhere = folder.path("one.key")
        let turned = try changed {
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: elsewhere)
        }
        #expect(turned == [1])
    }
}
