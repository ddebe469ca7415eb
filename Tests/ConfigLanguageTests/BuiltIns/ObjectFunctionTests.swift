import ConfigLanguage
import Testing

@Suite struct ObjectFunctionTests {
    private let session: ConfigSession

    init() throws {
        session = try committed(
            """
            object CheckCommand "c" { }
            template Host "t" { vars.a = 1 }
            object Host "web" { import "t"; check_command = "c" }
            object Host "db" { }
            object Service "disk" { host_name = "web" }
            object Service "load" { host_name = "web" }
            """
        )
    }

    private func shown(_ text: String) throws -> String {
        try session.evaluate(Array(text.utf8)).toText.text
    }

    @Test(arguments: [
        ("get_host(\"web\").name", "web"), ("get_host(\"none\")", ""),
        ("get_object(Host, \"db\").name", "db"), ("get_object(\"Host\", \"db\").name", "db"),
        ("get_object(String, \"db\")", ""),
        ("get_objects(Host).map(x => x.name).join(\",\")", "web,db"),
        ("get_service(\"web\", \"disk\").__name", "web!disk"),
        ("get_service(get_host(\"web\"), \"disk\").name", "disk"),
        ("get_services(\"web\").map(x => x.name).join(\",\")", "disk,load"),
        ("get_services(get_host(\"db\")).len()", "0"), ("get_services(\"none\")", ""),
        ("get_check_command(\"c\").name", "c"), ("get_time_period(\"none\")", ""),
        ("get_template(Host, \"t\").name", "t"), ("get_templates(Host).len()", "1"),
        ("get_template(Host, \"none\")", ""), ("Icinga.get_host(\"web\").vars.a", "1"),
        ("typeof(get_host(\"web\")).name", "Host"), ("Host.base.name", "ConfigObject"),
        ("get_host(\"web\").to_string()", "Object of type 'Host'"),
    ])
    func `objects and templates are found by their names`(text: String, expected: String) throws {
        #expect(try shown(text) == expected)
    }

    @Test(arguments: [
        "get_host()", "get_service(\"web\")", "get_objects(\"Host\")", "get_objects(5)",
        "get_host(\"web\").clone()", "get_host(\"web\").modify_attribute(\"vars.a\", 1)",
        "Host.register_attribute_handler(\"x\", x => x)",
        "get_host(\"web\").notify_attribute(\"x\")",
        "Host()", "get_host(\"web\").foo",
    ])
    func `what an object cannot do is an error`(text: String) {
        #expect(throws: ConfigFault.self) { try session.evaluate(Array(text.utf8)) }
    }

    @Test func `exit ends the evaluation and nothing else, and sleep takes no time`() throws {
        let fault = #expect(throws: ConfigFault.self) {
            try session.evaluate(Array("try { exit(3) } except { }; 5".utf8))
        }
        #expect(fault?.message.contains("called exit(3)") == true)
        #expect(try shown("sleep(100000000); 5") == "5")
    }
}
