import FoundationEssentials
import GlanceModel

/// What an OpenStack Swift allows, from its `GET /info`
/// (https://docs.openstack.org/api-ref/object-store/#discoverability).
struct SwiftLimits: Equatable, Sendable {
    /// Bytes of one object.
    var objectBytesMax: Int64 = 5_368_709_122
    /// Objects that one large object may be made of; nil where there are no static large objects.
    var segmentsMax: Int64? = 1000

    /// What a Swift allows that does not say.
    init() {}

    init?(info: [UInt8]) {
        struct Info: Decodable {
            var swift: [String: Limit]
            var slo: [String: Limit]?
        }
        guard let info = try? JSONDecoder().decode(Info.self, from: Data(info)) else { return nil }
        objectBytesMax = info.swift["max_file_size"]?.number ?? objectBytesMax
        segmentsMax = info.slo.map { $0["max_manifest_segments"]?.number ?? 1000 }
    }

    /// One value of many kinds, of which numbers mean something here.
    private struct Limit: Decodable {
        let number: Int64?

        init(from decoder: any Decoder) {
            let value = try? decoder.singleValueContainer().decode(Int64.self)
            number = value.flatMap { $0 > 0 ? $0 : nil }
        }
    }

    /// How many objects an image of `size` bytes is stored as, where one should have at most `segmentBytes`; 0 for a plain
    /// object. Larger ones where there would be too many. Throws `imageTooLarge` where even that does not help.
    func segments(for size: Int64, segmentBytes: Int64) throws(Failure) -> Int64 {
        guard size > min(segmentBytes, objectBytesMax) else { return 0 }
        guard let segmentsMax else {
            guard size <= objectBytesMax else { throw .imageTooLarge(limit: objectBytesMax) }
            return 0
        }
        let wanted = Self.quotientRoundedUp(size, min(segmentBytes, objectBytesMax))
        if wanted <= segmentsMax { return wanted }
        guard Self.quotientRoundedUp(size, segmentsMax) <= objectBytesMax else {
            throw .imageTooLarge(limit: objectBytesMax.multipliedReportingOverflow(by: segmentsMax).partialValue)
        }
        return segmentsMax
    }

    static func quotientRoundedUp(_ dividend: Int64, _ divisor: Int64) -> Int64 {
        dividend / divisor + (dividend % divisor == 0 ? 0 : 1)
    }
}
