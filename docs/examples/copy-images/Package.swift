// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "copy-images",
    dependencies: [
        // Elsewhere: .package(url: "https://git.example.com/glance.git", from: "1.0.0")
        .package(name: "glance", path: "../../..")
    ],
    targets: [
        .executableTarget(
            name: "copy-images",
            dependencies: [.product(name: "GlanceClient", package: "glance")])
    ]
)
