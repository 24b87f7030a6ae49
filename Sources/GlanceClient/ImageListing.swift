import GlanceWire

/// A list of images, asked for a page at a time as it is read: however many there are, one page is in memory. For one
/// thread at a time.
public final class ImageListing<Element> {
    private let page: (_ count: Int, _ marker: String?) throws(GlanceError) -> Page
    private let make: (ReportedImage) throws(GlanceError) -> Element
    private var images: ArraySlice<ReportedImage> = []
    private var marker: String?
    /// How many more may come; nil: all there are.
    private var rest: Int?
    private var isAtEnd = false
    /// What the server's registry was at, by each page's answer.
    private var states: Set<String?> = []

    /// The same of all pages so far; nil where they differ, or the server does not say.
    package var state: String? { states.count == 1 ? states.first ?? nil : nil }

    struct Page {
        let images: [ReportedImage]
        let state: String?
    }

    /// Images asked for at a time.
    private static var pageCount: Int { 200 }

    init(
        limit: Int?, after: String?, make: @escaping (ReportedImage) throws(GlanceError) -> Element,
        page: @escaping (_ count: Int, _ marker: String?) throws(GlanceError) -> Page
    ) {
        (self.page, self.make, marker, rest) = (page, make, after, limit)
    }

    /// The next image; nil behind the last.
    public func next() throws(GlanceError) -> Element? {
        if rest == 0 { return nil }
        if images.isEmpty, !isAtEnd { try load() }
        guard let image = images.popFirst() else { return nil }
        if let left = rest { rest = left - 1 }
        return try make(image)
    }

    /// The next image where it has come already; nil where somebody has to be asked.
    func nextAtHand() throws(GlanceError) -> Element? {
        images.isEmpty ? nil : try next()
    }

    /// All that are left.
    public func all() throws(GlanceError) -> [Element] {
        var all: [Element] = []
        while let image = try next() { all.append(image) }
        return all
    }

    private func load() throws(GlanceError) {
        let count = min(Self.pageCount, rest ?? Self.pageCount)
        let page = try page(count, marker)
        states.insert(page.state)
        let loaded = page.images
        // A server of the documentation's own time knows neither limit nor marker: it gives all there is, again and again.
        isAtEnd = loaded.count != count
        guard let last = loaded.last else { return }
        let next = try ImageMetadata(last).id
        guard next != marker else {
            isAtEnd = true
            return
        }
        images = loaded[...]
        marker = next
    }
}
