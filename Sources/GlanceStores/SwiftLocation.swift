import GlanceModel
import HTTP

/// Where one image is in OpenStack Swift: the object `name` in `container`. Of a large one that object is a manifest
/// (https://docs.openstack.org/swift/latest/overview_large_objects.html), and the bytes are in `segments` objects of a
/// container of their own, under names that no other attempt has.
struct SwiftLocation: Equatable {
    let container: String
    let name: String
    /// 0: the image is a plain object.
    let segments: Int64

    init(container: String, name: String, segments: Int64) {
        self.container = container
        self.name = name
        self.segments = segments
    }

    /// `container/name`, or `container/name/segments`. Throws where a record has something else.
    init(_ location: Location) throws(Failure) {
        let parts = location.text.split(separator: "/", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), !parts.contains(where: { ["", ".", ".."].contains($0) }),
            let segments = parts.count == 3 ? decimalNumber(parts[2]) : 0
        else { throw .storeAway(.swift, reason: "the registry has a location that is none: “\(location.text)”") }
        self.init(container: String(parts[0]), name: String(parts[1]), segments: segments)
    }

    var location: Location { Location(segments == 0 ? "\(container)/\(name)" : "\(container)/\(name)/\(segments)") }

    /// The path of the object that is the image, below the account's URL.
    var path: String { "/\(percentEncoded(container))/\(percentEncoded(name))" }

    var segmentContainer: String { Self.segmentContainer(of: container) }

    static func segmentContainer(of container: String) -> String { "\(container)_segments" }

    /// The path of the segment `number`, which counts from 0.
    func segmentPath(_ number: Int64) -> String {
        "/\(percentEncoded(segmentContainer))/\(percentEncoded(name))/\(Self.digits(number))"
    }

    /// Of each segment of an image of `size` bytes but the last.
    func segmentBytes(of size: Int64) -> Int64 { SwiftLimits.quotientRoundedUp(size, max(1, segments)) }

    /// The path of the object that the byte at `position` of an image of `size` bytes is in.
    func objectPath(at position: Int64, of size: Int64) -> String {
        segments == 0 ? path : segmentPath(position / max(1, segmentBytes(of: size)))
    }

    /// As a manifest names it: not encoded.
    func segmentName(_ number: Int64) -> String { "/\(segmentContainer)/\(name)/\(Self.digits(number))" }

    /// Eight of them, so that a listing is in the order of the bytes.
    private static func digits(_ number: Int64) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 8 - text.count)) + text
    }
}
