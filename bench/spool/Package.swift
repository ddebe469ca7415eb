// swift-tools-version: 6.2
//
// The spool's benchmark, a package of its own: no product contains code of it. It is built from the
// same sources, by symbolic links, because the spool's interface is visible inside a package only.

import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "spool-bench",
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0")
    ],
    targets: [
        .target(name: "Monitoring", swiftSettings: settings),
        .target(
            name: "Spool",
            dependencies: [
                "Monitoring", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "SpoolBench",
            dependencies: ["Monitoring", "Spool"],
            swiftSettings: settings
        ),
    ]
)
