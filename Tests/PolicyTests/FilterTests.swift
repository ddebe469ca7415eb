import Monitoring
import Policy
import Testing

/// What filter expressions mean and what is no filter.
@Suite struct FilterTests {
    private func disk() throws -> PolicyObject {
        try object(
            "web1!disk", hostGroups: ["linux", "web"], serviceGroups: ["storage"],
            host: #"{"os":"Linux","n":5,"dot.ted":1,"no":null,"e":[],"tags":["a","b","c c"]}"#,
            service: #"{"team":{"name":"Support","on-site":["mo","tue"]},"on":true,"m":"a&b"}"#)
    }

    @Test(arguments: [
        ("host.name=web1", true), ("host.name=web*", true), ("host.name=WEB1", false),
        ("host.name!=db*", true), ("service.name=disk", true), ("service.name!=disk", false),
        ("hostgroup.name=web", true), ("hostgroup.name=w*", true), ("hostgroup.name=db", false),
        ("hostgroup.name!=linux", false), ("hostgroup.name!=db", true),
        ("servicegroup.name=storage", true), ("host.vars.os=Linux", true),
        ("host.vars.n=5", true), ("host.vars.n=5*", true), ("host.vars.no=null", true),
        ("host.vars.dot.ted=1", true), ("host.vars.e=*", false),
        ("host.vars.tags[0]=a", true), ("host.vars.tags[1]=a", false),
        ("host.vars.tags[*]=b", true), ("host.vars.tags[*]=z", false),
        ("host.vars.tags[*]!=b", false), ("host.vars.tags[*]!=z", true),
        ("host.vars.tags=a", false), ("host.vars.tags[2]=c c", true),
        ("service.vars.team.name=Support", true), ("service.vars.team.on-site[*]=tue", true),
        ("service.vars.team*=mo", true), ("service.vars.on=true", true),
        ("service.vars.m=a%26b", true), ("service.vars.m=%61%26%62", true),
        ("service.vars.missing=x", false), ("service.vars.missing!=x", true),
        ("service.vars.missing=*", false), ("service.vars.missing!=*", true),
        ("!service.vars.missing=*", true), ("!host.name=web1", false),
    ])
    func `a condition is true when one of the values matches, or with != none`(
        filter: String, expected: Bool
    ) throws {
        #expect(try matches(filter, disk()) == expected)
    }

    @Test(arguments: [
        ("host.name=web1&service.name=load", false), ("host.name=web1|service.name=load", true),
        ("(host.name=db1|host.name=web1)&service.name=disk", true),
        ("host.name=db1|(host.name=web1&service.name=disk)", true),
        ("!(host.name=db1|service.name=disk)", false), ("!(host.name=db1&service.name=disk)", true),
        ("((host.name=web1))", true), (" host.name = web1 & ( service.name = disk ) ", true),
        ("hostgroup.name=linux&hostgroup.name=web", true), ("!(!(host.name=web1))", true),
    ])
    func `conditions are joined, negated and grouped`(filter: String, expected: Bool) throws {
        #expect(try matches(filter, disk()) == expected)
    }

    @Test func `a host has no values in the columns of a service`() throws {
        let host = try object("web1", serviceGroups: ["storage"], service: #"{"a":1}"#)
        for column in ["service.name", "servicegroup.name", "service.vars.a"] {
            #expect(try !matches("\(column)=*", host))
            #expect(try matches("\(column)!=x", host))
        }
    }

    @Test func `hosts is asked of hosts and their services, services of services only`() throws {
        let host = try object("web1")
        let service = try object("web1!disk")
        let hosts = try policy(role("icingadb/filter/hosts = host.name=db1"))
        #expect(!hosts.submission(of: host, to: "production").isAllowed)
        #expect(!hosts.submission(of: service, to: "production").isAllowed)
        let services = try policy(role("icingadb/filter/services = service.name=load"))
        #expect(services.submission(of: host, to: "production").isAllowed)
        #expect(!services.submission(of: service, to: "production").isAllowed)
        let objects = try policy(role("icingadb/filter/objects = service.name=disk"))
        #expect(!objects.submission(of: host, to: "production").isAllowed)
        #expect(objects.submission(of: service, to: "production").isAllowed)
    }

    @Test(arguments: [
        ("host.name=a&host.name=b|host.name=c", 24, "mixed without parentheses"),
        ("host.name=a|(host.name=b&host.name=c|host.name=d)", 37, "mixed without parentheses"),
        ("host.name", 10, "compared with nothing"), ("host.name=", 11, "value is missing"),
        ("host.name=a&", 13, "missing at the end"), ("&host.name=a", 1, "missing before '&'"),
        ("host.name=a&&host.name=b", 13, "missing before '&'"), ("()", 2, "missing before ')'"),
        ("(host.name=a", 1, "never closed"), ("host.name=a)", 12, "never opened"),
        ("(host.name=a)host.name=b", 14, "'&' or '|' is missing"),
        ("!!host.name=a", 2, "twice"), ("host.name==a", 11, "Write %3D"),
        ("host.name!a", 10, "must be '!='"), ("host.name>5", 10, "do not exist"),
        ("host.name~a", 10, "take '*' themselves"), ("host.name=(a|b)", 11, "Write %28"),
        ("host.name=5%", 11, "two hexadecimal digits"), ("host.name=%ff", 11, "are no text"),
        ("host.name=%00", 11, "are no text"),
        ("hostname=a", 1, "Did you mean 'host.name'?"), ("host_name=a", 1, "'host.name'?"),
        ("_host_os=a", 1, "Did you mean 'host.vars.os'?"), ("host.user.name=a", 1, "users and"),
        ("service.usergroup.name=a", 1, "users and"), ("host.vars.=a", 1, "name of the custom"),
        ("host.vars.a[x]=a", 1, "number or '*'"), ("host.vars.a[0=a", 1, "never closed"),
        ("host.vars.a[]=a", 1, "number or '*'"), ("host.vars.a..b=a", 1, "between dots"),
        ("host.vars.a[0]b=a", 1, "After ']'"), ("host.state.soft=1", 1, "Columns are"),
    ])
    func `what is no filter is refused at its place`(
        filter: String, column: Int, words: String
    ) throws {
        let told = try #require(flaw(filter), "accepted: \(filter)")
        #expect(told.message.contains(words), "\(told.message)")
        #expect(told.column == column)
    }

    @Test func `the place is right behind escapes of a quoted value`() throws {
        let text = role(#"icingadb/filter/objects = "host.name=\a & hostname=b""#)
        let told = try #require(errors(text).first)
        #expect(told.column == 43)
        #expect(told.description.hasSuffix("\n" + String(repeating: " ", count: 44) + "^"))
    }

    @Test func `nesting is bounded`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "host.name=a"
                + String(repeating: ")", count: depth)
        }
        #expect(flaw(nested(32)) == nil)
        #expect(flaw(nested(33))?.message.contains("deeper than 32") == true)
        #expect(flaw(nested(4000))?.message.contains("deeper than 32") == true)
    }
}
