import FoundationEssentials
import GlanceModel

@testable import GlanceStores

/// Every implementation of `ImageStore`. The next one is a case here, its way to open, and what it leaves lying about.
enum StoreKind: String, CaseIterable, Sendable {
    case memory
    case file
    /// On file systems where unfinished files must have names.
    case fileWithNames
    case swift
    /// With segments so small that most images have several.
    case swiftInSegments

    /// Without a Swift there is nothing to try its store with: `deploy/test` starts one.
    static var allCases: [StoreKind] {
        SwiftUnderTest.shared == nil ? [.memory, .file, .fileWithNames] : [.memory, .file, .fileWithNames] + swifts
    }

    static let swifts: [StoreKind] = [.swift, .swiftInSegments]

    /// A new store, in the running test's directory or in containers of its own.
    func make() throws -> any ImageStore {
        switch self {
        case .memory: MemoryStore()
        case .file: try FileStore(Self.fileSettings())
        case .fileWithNames: try FileStore(Self.fileSettings(usesNamelessFiles: false))
        case .swift: try SwiftUnderTest.get().store()
        case .swiftInSegments: try SwiftUnderTest.get().store { $0.segmentBytes = 100_000 }
        }
    }

    static func fileSettings(usesNamelessFiles: Bool = true) -> FileStore.Settings {
        var settings = FileStore.Settings(
            directory: "\(ScratchDirectory.path)/images", gatewayPrefix: "/_files/", freeBytesMin: 0)
        settings.usesNamelessFiles = usesNamelessFiles
        return settings
    }

    /// What there is in the store, seen from outside: finished or not, whatever its name. The site's mark does not count.
    func contents(_ store: any ImageStore) throws -> [String] {
        if let memory = store as? MemoryStore { return memory.locations.map(\.text) }
        if let swift = store as? SwiftStore { return try SwiftUnderTest.contents(swift) }
        let root = Self.fileSettings().directory
        return try FileManager.default.subpathsOfDirectory(atPath: root).filter { path in
            var isDirectory = false
            return FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isDirectory) && !isDirectory
                && path != ".glance-site"
        }
    }
}
