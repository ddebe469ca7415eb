import Foundation

/// Expressions that were chosen because they show a rule or a trap.
enum ChosenExpressions {
    /// Bodies of functions in batches, each of which is one script.
    static var all: [[String]] {
        get throws {
            let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Chosen.txt")
            let lines = String(decoding: try Data(contentsOf: path), as: UTF8.self)
                .split(separator: "\n").map(String.init)
            return batches(lines) + batches(operations)
        }
    }

    private static func batches(_ bodies: [String]) -> [[String]] {
        stride(from: 0, to: bodies.count, by: 200).map {
            Array(bodies[$0..<min($0 + 200, bodies.count)])
        }
    }

    /// Every operator between values of every kind.
    private static var operations: [String] {
        let values = Oracle.isFull ? manyValues : fewValues
        return operators.flatMap { sign in
            values.flatMap { left in values.map { "return (\(left)) \(sign) (\($0))" } }
        }
    }

    private static let operators = [
        "+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "==", "!=", "<", "<=", ">", ">=", "in",
        "!in", "&&", "||",
    ]

    private static let fewValues = [
        "null", "true", "1", "1.5", "\"\"", "\"a\"", "\"1\"", "[ ]", "[ 1 ]", "{ a = 1 }",
        "DateTime(5)",
    ]

    private static let manyValues =
        fewValues + [
            "false", "0", "-3", "2147483648", "number(\"inf\")", "\"b\"", "\"1.5\"", "[ 1, 2 ]",
            "[ \"a\" ]", "[ [ 1 ] ]", "[ true ]", "{ }", "len", "String", "Json", "DateTime(9)",
        ]
}
