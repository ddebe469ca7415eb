// swift-tools-version: 6.2
//
// The architecture as data: each target with the few things it may import.
// `make build` adds `--explicit-target-dependency-import-check error`, so an import that is not
// listed here fails the build; Tests/ArchitectureTests proves that on the built objects.

import PackageDescription

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let ordered = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")

let package = Package(
    name: "forwarder",
    products: [
        .executable(name: "forwarder", targets: ["ForwarderCommand"]),
        .executable(name: "forwarder-uplink", targets: ["ForwarderUplink"]),
        // For tests alone, which load them before a program; neither executable links them.
        .library(name: "BrokenDisk", type: .dynamic, targets: ["CBrokenDisk"]),
        .library(name: "UplinkProbe", type: .dynamic, targets: ["CUplinkProbe"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // The vocabulary and the language: nothing of ours below them.
        .target(name: "Monitoring"),
        .target(name: "ConfigLanguage", dependencies: ["CGlibc"]),

        // The parts between plugin and master.
        .target(name: "Spool", dependencies: ["Monitoring", grdb, sqlite]),
        .target(name: "UplinkMessages", dependencies: ["Monitoring"]),
        .target(name: "Policy", dependencies: ["Monitoring"]),
        .target(
            name: "Delivery",
            dependencies: ["Monitoring", "Policy", "Spool", "UplinkMessages", deque, heap]
        ),
        .target(
            name: "Collector",
            dependencies: [
                "Monitoring", "ConfigLanguage", "CSpawn", heap, ordered, logging,
            ]
        ),
        .target(
            name: "Forwarder",
            dependencies: [
                "Monitoring", "UplinkMessages", "COpenSSL", "CSandbox", nioCore, nioPosix, nioHTTP1,
                deque, logging,
            ]
        ),

        // Thin C.
        .systemLibrary(
            name: "COpenSSL",
            pkgConfig: "openssl",
            providers: [.apt(["libssl-dev"])]
        ),
        .target(name: "CGlibc"),
        .target(name: "CSpawn"),
        .target(name: "CSandbox"),

        // The two executables.
        .executableTarget(
            name: "ForwarderCommand",
            dependencies: [
                "Monitoring", "ConfigLanguage", "Policy", "Spool", "Delivery", "Collector",
                "UplinkMessages", "CSpawn", arguments, logging,
            ]
        ),
        .executableTarget(
            name: "ForwarderUplink",
            dependencies: ["Forwarder", "UplinkMessages", logging]
        ),

        // One folder of tests per module, then the tiers that need more than one.
        .target(
            name: "TestSupport",
            dependencies: ["Monitoring", "CChildren", nioCore, nioPosix],
            path: "Tests/Support"
        ),
        .target(name: "CChildren", path: "Tests/CChildren"),
        .testTarget(name: "MonitoringTests", dependencies: ["Monitoring"]),
        .testTarget(
            name: "ConfigLanguageTests",
            dependencies: ["ConfigLanguage"],
            exclude: ["Oracle/Chosen.txt", "Oracle/Recorded"]
        ),
        // A disk that fails on request, below SQLite; in no product (ArchitectureTests).
        .target(
            name: "CFaultyDisk",
            path: "Tests/CFaultyDisk",
            linkerSettings: [.linkedLibrary("sqlite3")]
        ),
        // A disk that fails below a running daemon.
        .target(name: "CBrokenDisk", path: "Tests/CBrokenDisk"),
        // An attacker inside a running uplink.
        .target(name: "CUplinkProbe", path: "Tests/CUplinkProbe"),
        .testTarget(
            name: "SpoolTests",
            dependencies: ["Spool", "Monitoring", "TestSupport", "CFaultyDisk", grdb]
        ),
        .testTarget(name: "UplinkMessagesTests", dependencies: ["UplinkMessages", "Monitoring"]),
        .testTarget(name: "PolicyTests", dependencies: ["Policy", "Monitoring"]),
        .testTarget(
            name: "DeliveryTests",
            dependencies: [
                "Delivery", "Policy", "Spool", "UplinkMessages", "Monitoring", "TestSupport",
            ]
        ),
        .testTarget(
            name: "CollectorTests",
            dependencies: ["Collector", "ConfigLanguage", "Monitoring", "TestSupport"]
        ),
        .testTarget(
            name: "ForwarderTests",
            dependencies: [
                "Forwarder", "UplinkMessages", "Monitoring", "TestSupport", nioCore, nioPosix,
                nioEmbedded, nioHTTP1,
            ]
        ),
        .testTarget(
            name: "ForwarderCommandTests",
            dependencies: [
                "ForwarderCommand", "Collector", "ConfigLanguage", "Delivery", "Policy", "Spool",
                "UplinkMessages", "Monitoring", "TestSupport", logging,
            ]
        ),
        .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"]),
        .testTarget(name: "RealMasterTests", dependencies: ["TestSupport", "Monitoring"]),
        .testTarget(name: "CrashTests", dependencies: ["Spool", "TestSupport", "Monitoring"]),
        // A scripted master at the level of bytes: its own TLS, nothing of the program's.
        .testTarget(name: "HostileTests", dependencies: ["TestSupport", "COpenSSL"]),
    ]
)

// A benchmark of the spool's interface, which is visible inside this package only; `make bench`
// builds it, every other build is without it.
if Context.environment["FORWARDER_BENCH"] != nil {
    package.targets.append(
        .executableTarget(
            name: "SpoolBench",
            dependencies: ["Monitoring", "Spool"],
            path: "bench/spool"
        )
    )
}

/// Targets without C below them, or next to none, also promise memory safety.
let withoutC: Set = ["Monitoring", "ConfigLanguage", "UplinkMessages", "Policy", "Delivery"]
let cTargets: Set = [
    "COpenSSL", "CGlibc", "CSpawn", "CSandbox", "CUplinkProbe", "CFaultyDisk", "CBrokenDisk",
    "CChildren",
]

for target in package.targets where !cTargets.contains(target.name) {
    target.swiftSettings =
        [
            .swiftLanguageMode(.v6),
            .treatAllWarnings(as: .error),
            .enableUpcomingFeature("ExistentialAny"),  // SE-0335
            .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
            .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
            .enableUpcomingFeature("InferIsolatedConformances"),  // SE-0470
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
        ] + (withoutC.contains(target.name) ? [.strictMemorySafety()] : [])
}
