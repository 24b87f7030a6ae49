import GlanceModel
import Testing

@testable import GlanceStores

/// Into how many objects an image goes, and what they are called.
struct SwiftPlacesTests {
    private func limits(objectBytesMax: Int64 = 1000, segmentsMax: Int64? = 10) -> SwiftLimits {
        var limits = SwiftLimits()
        limits.objectBytesMax = objectBytesMax
        limits.segmentsMax = segmentsMax
        return limits
    }

    @Test(arguments: [
        (0, 0), (1, 0), (100, 0), (101, 2), (200, 2), (201, 3), (1000, 10), (1001, 10), (9999, 10), (10_000, 10),
    ])
    func `a large image has as many segments as it takes, and larger ones before it has too many`(
        size: Int64, segments: Int64
    ) throws {
        #expect(try limits().segments(for: size, segmentBytes: 100) == segments)
    }

    @Test func `what the cluster cannot hold is too large`() {
        #expect(throws: Failure.imageTooLarge(limit: 10_000)) {
            try limits().segments(for: 10_001, segmentBytes: 100)
        }
        #expect(throws: Failure.self) { try limits().segments(for: .max, segmentBytes: 100) }
    }

    @Test func `segments are no larger than the cluster's objects`() throws {
        #expect(try limits(objectBytesMax: 50).segments(for: 60, segmentBytes: 100) == 2)
    }

    @Test func `without large objects an image is one object or too large`() throws {
        let limits = limits(segmentsMax: nil)

        #expect(try limits.segments(for: 1000, segmentBytes: 100) == 0)
        #expect(throws: Failure.imageTooLarge(limit: 1000)) { try limits.segments(for: 1001, segmentBytes: 100) }
    }

    @Test func `limits are read from what a Swift says of itself`() throws {
        let info = """
            {"swift": {"max_file_size": 10485760, "version": "2.30.1", "policies": [{"name": "one"}]},
             "slo": {"max_manifest_segments": 500, "min_segment_size": 1}, "tempurl": {}}
            """

        let limits = try #require(SwiftLimits(info: Array(info.utf8)))

        #expect(limits.objectBytesMax == 10_485_760)
        #expect(limits.segmentsMax == 500)
        #expect(
            SwiftLimits(info: Array(#"{"swift": {}}"#.utf8))
                == self.limits(objectBytesMax: 5_368_709_122, segmentsMax: nil))
        #expect(SwiftLimits(info: Array("<html>".utf8)) == nil)
    }

    @Test(arguments: [("glance/abc", 0), ("glance/abc/12", 12), ("my images/abc", 0)])
    func `a location comes back as it was written`(text: String, segments: Int64) throws {
        let place = try SwiftLocation(Location(text))

        #expect(place.segments == segments)
        #expect(place.location == Location(text))
    }

    @Test(arguments: ["", "glance", "glance/", "/abc", "glance/abc/", "glance/abc/x", "glance/abc/-1", "a/b/1/2"])
    func `what is no location is none`(text: String) {
        #expect(throws: Failure.self) { try SwiftLocation(Location(text)) }
    }

    @Test func `names are encoded in paths and not in manifests`() throws {
        let place = SwiftLocation(container: "my images", name: "abc", segments: 2)

        #expect(place.path == "/my%20images/abc")
        #expect(place.segmentPath(1) == "/my%20images_segments/abc/00000001")
        #expect(place.segmentName(1) == "/my images_segments/abc/00000001")
    }
}
