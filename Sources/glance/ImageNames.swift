import GlanceClient
import GlanceWire

extension GlanceClient {
    /// The one image that a text means: by its id or URI; else by its name, where no other has that name.
    func meant(by text: String) throws(CommandError) -> ImageMetadata {
        do throws(GlanceError) {
            return try image(text)
        } catch {
            switch error {
            case .notFound, .invalid(field: "id", _): break
            default: throw .glance(error)
            }
        }
        // Two are enough to know that it is not one; ten are enough to choose from.
        var filter = ImageFilter()
        filter.name = text
        filter.visibility = .all
        filter.limit = Self.candidatesMax + 1
        let candidates = try asking { () throws(GlanceError) in try imagesDetailed(filter).all() }
        guard let image = candidates.first else {
            throw .stopped(
                .notFound, "no image has the id or the name “\(text)”: glance list shows those that there are")
        }
        guard candidates.count == 1 else { throw Self.ambiguous(text, candidates) }
        return image
    }

    private static let candidatesMax = 10

    private static func ambiguous(_ text: String, _ candidates: [ImageMetadata]) -> CommandError {
        let shown = candidates.prefix(candidatesMax).map { "\($0.id) (\($0.kind.rawValue), \(sizeText($0.size)))" }
        let more = candidates.count > candidatesMax ? " and more" : ""
        return .usage(
            "several images have the name “\(text)”; say which by its id: \(shown.joined(separator: ", "))\(more)")
    }
}
