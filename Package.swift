// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors, and a protocol used as a type says `any`.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

func wall(_ name: String, _ imports: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: imports, swiftSettings: strict)
}

func tests(_ name: String, of imports: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: imports, swiftSettings: strict)
}

let everything: [Target.Dependency] = [
    "Bytes", "GlanceAPI", "GlanceModel", "GlanceRegistry", "GlanceStores", "GlanceWire", "HTTP", "HTTPClient",
    "Keystone", "PostgreSQL", "SCGI", "SQLite", "SettingsText", "Sockets", "Workers", "glance-api",
]

/// Properties of everything that reads what strangers send. `deploy/fuzz` builds them with libFuzzer in place of the tests.
let readers: [Target.Dependency] = [
    "Bytes", "GlanceAPI", "GlanceModel", "GlanceRegistry", "GlanceWire", "HTTP", "HTTPClient", "SCGI",
]
let fuzzing: Target =
    Context.environment["GLANCE_FUZZ"] == nil
    ? .testTarget(
        name: "FuzzTests", dependencies: readers, exclude: ["Fuzzer", "Corpus"], swiftSettings: strict)
    : .executableTarget(
        name: "glance-fuzz", dependencies: readers, path: "Tests/FuzzTests", sources: ["Fuzzer", "Properties"],
        swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])],
        // The default one ends with an internal error.
        linkerSettings: [.unsafeFlags(["-use-ld=lld"])])

// What each target may import is decided in docs/architecture.md; a test compares the two.
let package = Package(
    name: "glance",
    products: [
        .executable(name: "glance-api", targets: ["glance-api"]),
        .executable(name: "glance", targets: ["glance"]),
        .library(name: "GlanceClient", targets: ["GlanceClient"]),
    ],
    targets: [
        wall("Bytes"),
        wall("HTTP", ["Bytes"]),
        wall("Sockets", ["Bytes"]),
        wall("SCGI", ["Bytes", "HTTP", "Sockets"]),
        wall("Workers", ["Bytes", "HTTP", "SCGI", "Sockets"]),
        wall("SystemLibrary"),
        wall("SettingsText", ["Bytes"]),
        wall("HTTPClient", ["Bytes", "HTTP", "Sockets", "TLS"]),
        wall("Keystone", ["HTTP", "HTTPClient"]),
        wall("Digest", ["SystemLibrary"]),
        wall("SQLite", ["SystemLibrary"]),
        wall("PostgreSQL", ["SystemLibrary"]),
        wall("TLS", ["Bytes", "Sockets", "SystemLibrary"]),
        wall("GlanceModel", ["Bytes"]),
        wall("GlanceWire", ["GlanceModel", "HTTP"]),
        wall("GlanceRegistry", ["Bytes", "Digest", "GlanceClient", "GlanceModel", "HTTP", "PostgreSQL", "SQLite"]),
        wall("GlanceStores", ["Bytes", "Digest", "GlanceModel", "HTTP", "HTTPClient", "Keystone"]),
        wall("GlanceUpkeep", ["Bytes", "Digest", "GlanceModel"]),
        wall("GlanceAPI", ["Bytes", "GlanceModel", "GlanceWire", "HTTP"]),
        wall(
            "GlanceClient",
            ["Bytes", "Digest", "GlanceModel", "GlanceWire", "HTTP", "HTTPClient", "SystemLibrary"]),
        .executableTarget(
            name: "glance-api",
            dependencies: [
                "Bytes", "Digest", "GlanceAPI", "GlanceClient", "GlanceModel", "GlanceRegistry", "GlanceStores",
                "GlanceUpkeep", "GlanceWire", "HTTP", "HTTPClient", "Keystone", "PostgreSQL", "SCGI", "SettingsText",
                "Sockets", "Workers",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "glance",
            dependencies: ["Bytes", "GlanceClient", "GlanceModel", "GlanceWire", "SettingsText"],
            swiftSettings: strict),

        // Values, parsers and rules, each by itself.
        tests(
            "UnitTests",
            of: [
                "Bytes", "Digest", "GlanceClient", "GlanceModel", "GlanceStores", "GlanceWire", "HTTP", "HTTPClient",
                "Keystone", "PostgreSQL", "SCGI", "Sockets", "SystemLibrary", "TLS", "Workers",
            ]),
        // One suite a seam, for every implementation of it.
        tests(
            "ConformanceTests",
            of: [
                "Bytes", "Digest", "GlanceClient", "GlanceModel", "GlanceRegistry", "GlanceStores", "GlanceUpkeep",
                "HTTP", "HTTPClient", "Keystone", "PostgreSQL", "SQLite",
            ]),
        // SCGI text in, bytes out, through everything but a network.
        tests("HandlerTests", of: everything),
        // Settings, and the documents that are made from code.
        tests("ServerTests", of: everything),
        // Any bytes at all, made from seeds.
        fuzzing,
        // The command's options, texts and tables, and the documents that are made from code.
        tests("CommandTests", of: ["GlanceClient", "GlanceWire", "SettingsText", "glance"]),
        // The walls between targets.
        tests("ArchitectureTests", of: []),
        // Real nginx, curl and openssl.
        tests("IntegrationTests", of: ["Bytes", "GlanceClient", "HTTPClient", "Sockets", "TLS"]),
    ]
)
