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

// What each target may import is decided in docs/architecture.md; a test compares the two.
let package = Package(
    name: "glance",
    products: [
        .executable(name: "glance-api", targets: ["glance-api"])
    ],
    targets: [
        wall("Bytes"),
        wall("HTTP", ["Bytes"]),
        wall("Sockets", ["Bytes"]),
        wall("SCGI", ["Bytes", "HTTP", "Sockets"]),
        wall("Workers", ["Bytes", "HTTP", "SCGI", "Sockets"]),
        wall("SystemLibrary"),
        wall("Digest", ["SystemLibrary"]),
        wall("SQLite", ["SystemLibrary"]),
        wall("GlanceModel", ["Bytes"]),
        wall("GlanceWire", ["Bytes", "GlanceModel", "HTTP"]),
        wall("GlanceRegistry", ["GlanceModel", "SQLite"]),
        wall("GlanceStores", ["Bytes", "Digest", "GlanceModel"]),
        wall("GlanceAPI", ["Bytes", "GlanceModel", "GlanceWire", "HTTP"]),
        .executableTarget(
            name: "glance-api",
            dependencies: [
                "Bytes", "GlanceAPI", "GlanceModel", "GlanceRegistry", "GlanceStores", "GlanceWire", "HTTP", "SCGI",
                "Sockets", "Workers",
            ],
            swiftSettings: strict),
    ]
)
