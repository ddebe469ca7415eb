extension ExpressionGenerator {
    static let literals = [
        "null", "true", "false", "0", "1", "2", "-1", "1.5", "0.1", "1000000", "2147483648", "1m",
        "500ms", "100000000000000000000", "\"\"", "\"a\"", "\"abc\"", "\"B\"", "\"1\"", "\"1.5\"",
        "\" x \"", "\"a,b;c\"", "\"\\303\\251\"", "\"\\377\"", "\"a\\nb\"", "{{{r\"w}}}", "[ ]",
        "[ 1, 2, 3 ]", "[ \"b\", \"a\", \"b\" ]", "[ null ]", "[ [ 1 ], [ 2 ] ]", "{ }",
        "{ a = 1 }", "{ b = \"x\", a = [ 1 ] }", "len", "String", "Math", "DateTime(5)",
        "DateTime(86400.5)", "(x => x)", "OK", "MatchAny", "LogWarning", "number(\"nan\")",
        "number(\"inf\")",
    ]

    static let operators = [
        "+", "+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "==", "!=", "<", "<=", ">", ">=",
        "in", "!in", "&&", "||",
    ]

    static let keys = ["a", "b", "len", "\"a b\"", "@in", "z_9", "\"\"", "\"1\"", "a.b", "keys"]

    static let members = [
        ".a", "[0]", "[1]", "[\"a\"]", ".len", ".name", ".foo", "[null]", "[1.5]", "[\"1\"]",
        ".prototype", ".base", ".arguments", ".a.b", "[-1]",
    ]

    static let functions = [
        "len", "string", "number", "bool", "typeof", "keys", "union", "intersection",
        "escape_shell_arg", "escape_shell_cmd", "basename", "dirname", "match", "regex",
        "cidr_match", "Json.encode", "Json.decode", "Math.abs", "Math.ceil", "Math.floor",
        "Math.round", "Math.max", "Math.min", "Math.pow", "Math.sign", "Math.sqrt", "Math.isnan",
        "Math.isinf", "Math.exp", "Math.log", "Math.sin", "Math.atan2", "String", "Number",
        "Boolean", "Array", "Dictionary", "DateTime", "assert", "log", "msi_get_component_path",
        "getenv",
    ]

    static let ranges = [
        "range(0)", "range(3)", "range(\"2\")", "range(1, 3)", "range(3, 1)", "range(3, 1, -1)",
        "range(0, 1, 0.25)", "range(0.5)", "range(null)", "range(\"x\")", "range()", "range(-2)",
        "range(1, 2, 3, 4)", "range(1, 5, 0)", "range(true)", "range([ ])",
    ]

    static let lambdas = [
        "x => x", "(x) => x + 1", "(a, b) => a + b", "(a, b) => a < b", "(a, b) => a > b",
        "x => x == 1", "() => 5", "len", "x => [ x ]", "x => x.len()", "null", "x => throw_it",
        "(a, b) => [ a, b ]", "function(x) { return x }", "function(x) { x }", "x => { x }",
        "x => { try { x } except { 0 } }", "x => { try { throw x } except { x } }",
        "x => { try { return x } except { 0 } }", "x => { if (x) { try { x } except { 0 } } }",
    ]

    static let stringMethods = [
        "len", "to_string", "substr", "upper", "lower", "split", "find", "contains", "replace",
        "reverse", "trim",
    ]

    static let arrayMethods = [
        "len", "add", "all", "any", "clear", "contains", "filter", "freeze", "get", "join", "map",
        "reduce", "remove", "reverse", "set", "shallow_clone", "sort", "unique", "clone",
    ]

    static let otherMethods = [
        "keys", "values", "len", "contains", "get", "set", "remove", "shallow_clone", "clone",
        "to_string", "call", "callv", "format", "freeze", "foo",
    ]

    static let texts = [
        "\"\"", "\"a\"", "\"abc\"", "\"ABC\"", "\"a1b2\"", "\"a.b\"", "\"line\\nnext\"",
        "\" a b \"",
        "\"10.1.2.3\"", "\"\\303\\251\"", "\"/usr/lib/x\"", "\"a,b,,c\"", "\"aaa\"",
        "[ \"a\", \"b\" ]",
        "[ ]", "null", "5",
    ]

    static let patterns = [
        "\"*\"", "\"a*\"", "\"?bc\"", "\"*b*\"", "\"A?C\"", "\"a\\\\*\"", "\"[a]bc\"", "\"\"",
        "\"*.*\"", "\"a**c\"", "\"*a*a*\"",
    ]

    static let expressions = [
        "\"a\"", "\"^a\"", "\"c$\"", "\"^(a|b)+$\"", "\"[a-c]{2,3}\"", "\"\\\\d\"",
        "\"\\\\w+\\\\s\"",
        "\"(?i)abc\"", "\"a.b\"", "\"^$\"", "\"\"", "\"(?:x|a)b?\"", "\"[^a-z]\"", "\"a{2}\"",
        "\"\\\\bb\\\\b\"", "\"(?=b)\"", "\"(?!a)b\"", "\"(?<=a)b\"", "\"[[:alpha:]][[:digit:]]\"",
        "\"a|\"", "\"(\"", "\"*\"", "\"[z-a]\"", "\"a**\"", "\"\\\\x61\"", "\"\\\\Qa.\\\\E\"",
        "\"^next\"", "\"[]a]\"", "\"a{,2}\"", "\".*b.*\"", "\"(a*)*b\"", "\"\\\\.\"",
    ]

    static let networks = [
        "\"10.0.0.0/8\"", "\"10.1.2.3\"", "\"10.1.2.0/24\"", "\"::/0\"", "\"2001:db8::/32\"",
        "\"::ffff:10.0.0.0/104\"", "\"10.0.0.1/8\"", "\"x\"", "\"10.0.0.0/33\"", "\"10.0.0.0/\"",
    ]

    static let addresses = [
        "\"10.1.2.3\"", "\"11.1.2.3\"", "\"::1\"", "\"2001:db8::1\"", "\"::ffff:10.1.2.3\"",
        "\"x\"",
        "[ \"10.1.2.3\", \"11.0.0.1\" ]", "[ ]", "null",
    ]
}
