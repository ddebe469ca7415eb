@testable import Collector
import ConfigLanguage
import Monitoring
import Testing
import TestSupport

/// What the words of a command line are made of.
@Suite struct OriginTests {
    private static var fixture: MacroFixture {
        MacroFixture(
            host: MacroFixture.variables(["community": "ro", "both": "h"]),
            service: MacroFixture.variables([
                "pin": "123", "list": ["a", "b"], "db": ["user": "u", "deep": ["x": "y"]],
                "indirect": "<$pin$>", "flag": true, "computed": .function(answer), "both": "s",
            ]),
            command: MacroFixture.variables(["own": "c"])
        )
    }
    private static var answer: FunctionValue {
        FunctionValue("f") { (_) throws(ConfigFault) -> Value in "called" }
    }

    /// Each word as `text < variables`, with a mark for keys and unknown origins.
    private static func words(
        _ command: Value = ["/bin/probe"],
        _ arguments: Value = .null
    ) throws -> [String] {
        let line = try ArgumentBuilder(resolver: fixture.resolver).line(
            command: command,
            arguments: arguments
        )
        let words = line.value.asArray?.elements.map(\.toText.text) ?? [line.value.toText.text]
        #expect(words.count == line.origins.count)
        return zip(words, line.origins).map { word, origin in
            let marks = (origin.isKey ? "k" : "") + (origin.isUnknown ? "?" : "")
            return "\(word) <\(marks) " + origin.variables.joined(separator: " ")
        }
    }

    @Test func `each word of a command names the variables in it, and no others`() throws {
        #expect(
            try Self.words(["/p", "$pin$", "-x$own$/$community$", "$address$", "$nope$"]) == [
                "/p < ", "123 < pin", "-xc/ro < community own", " < ", " < ",
            ]
        )
        #expect(try Self.words("echo $pin$") == ["echo '123' < pin"])
    }

    @Test func `a variable is found by each of its names`() throws {
        #expect(
            try Self.words([
                "$service.vars.db.user$", "$host.vars.both$", "$both$", "$command.vars.own$",
                "$service.vars.pin.more$",
            ]) == ["u < db.user", "h < both", "s < both", "c < own", "123 < pin"]
        )
    }

    @Test func `variables inside of variables count too`() throws {
        #expect(try Self.words(["$indirect$"]) == ["<123> < indirect pin"])
    }

    @Test func `an argument's key, and what decided that it is there`() throws {
        let arguments: Value = [
            "-a": "$pin$", "-b": ["set_if": "$flag$"],
            "-c": ["value": "$own$", "set_if": "$flag$", "separator": "="], "-d": "$list$",
        ]
        #expect(
            try Self.words(["/p"], arguments) == [
                "/p < ", "-a <k pin", "123 < pin", "-b <k flag", "-c=c < flag own", "-d <k list",
                "a < list", "-d <k list", "b < list",
            ]
        )
    }

    @Test func `what a function had a hand in is of unknown origin, and nothing beside it`() throws
    {
        let call = Value.function(Self.answer)
        #expect(
            try Self.words(["/p"], ["-a": call, "-b": ["set_if": call, "value": "x"], "-c": "y"])
                == ["/p < ", "-a <k? ", "called <? ", "-c <k ", "y < "]
        )
        #expect(try Self.words(["$computed$", "z"]) == ["called <? computed", "z < "])
        let all = try Self.words(["$service.vars$", "z"])
        #expect(all.map { $0.hasSuffix(" <? ") } == [true, false])
    }

    @Test(arguments: 0..<200)
    func `no word holds a variable's value without naming it`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let names = ["alpha", "beta", "gamma", "delta"]
        let values = Dictionary(uniqueKeysWithValues: names.map { ($0, "<value of \($0)>") })
        var variables: [ByteString: Value] = [:]
        for (name, value) in values { variables[.init(name)] = .text(value) }
        variables["many"] = .array(ArrayValue(names.map { .text("$\($0)$") }))
        func text() -> Value {
            let parts = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                ["x", "-", "$\(names[Int.random(in: 0..<4, using: &random)])$"]
                    .randomElement(using: &random) ?? ""
            }
            return Bool.random(using: &random) ? "$many$" : .text(parts.joined())
        }
        let arguments = DictionaryValue()
        for number in 0..<4 { arguments[.init("-\(number)")] = text() }
        let fixture = MacroFixture(service: MacroFixture.variables(variables))
        let line = try ArgumentBuilder(resolver: fixture.resolver).line(
            command: ["/p", text(), text()],
            arguments: .dictionary(arguments)
        )
        for (word, origin) in zip(line.value.asArray?.elements ?? [], line.origins) {
            for (name, value) in values where word.toText.text.contains(value) {
                #expect(origin.variables.contains(name), "\(word.toText.text)")
            }
        }
    }
}
