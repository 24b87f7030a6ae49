import GlanceClient
import GlanceWire

extension Command {
    static let list = Command(
        "list", "Lists the images that you may see.", [],
        [
            Option(.detail, "l", "Prints more of each: status, store, whether it is public, when it was added."),
            Option(.name, "n", .text("NAME"), "Only images of this name."), .listedType,
            Option(.status, .choice(["queued", "available"]), "Only images in this state; queued: without data yet."),
            Option(.store, .text("STORE"), "Only images in this store."),
            .property("Only images with this property; any number of times."),
            Option(.sizeMin, .bytes, "Only images of so many bytes or more; K, M, G, T are binary multiples."),
            Option(.sizeMax, .bytes, "Only images of so many bytes or less."),
            Option(.public, "Only public images."),
            Option(.private, "Only images that are not public."),
            Option(
                .sort, .choice(ImageFilter.SortKey.allCases.map(\.rawValue)),
                "In this order; without it: as they were added."),
            Option(.descending, "r", "The other way round."),
            Option(.limit, .number, "So many at the most."),
            Option(.after, .text("ID"), "Those behind this image."),
            .json, .quiet,
        ],
        details: ["Nothing is cut where standard output is no terminal."],
        examples: [
            "glance list", "glance list --type kernel --property distro=debian --sort name",
            "glance list --detail --sort created_at --descending --limit 10", "glance list --json | jq -r .name",
        ]
    ) { invocation throws(CommandError) in
        let filter = try invocation.filter()
        let client = try invocation.client()
        if invocation.has(.detail) {
            let images = client.imagesDetailed(filter)
            try invocation.list(detailedColumns, next: images.next, id: \.id, json: \.json, cells: \.detailedCells)
        } else {
            let images = client.images(filter)
            try invocation.list(columns, next: images.next, id: \.id, json: \.json, cells: \.cells)
        }
    }

    private static let columns = [
        TextTable.Column(title: "ID"), .init(title: "NAME", mayBeCut: true), .init(title: "TYPE"),
        .init(title: "SIZE", isFlushRight: true),
    ]
    private static let detailedColumns =
        columns + [
            TextTable.Column(title: "STATUS"), .init(title: "STORE"), .init(title: "PUBLIC"), .init(title: "CREATED"),
        ]
}

extension Option {
    fileprivate static let listedType = Option(.type, "t", type.value, "Only images of this type.")
}

extension ImageSummary {
    fileprivate var cells: [String] { [id, name, kind.rawValue, sizeText(size)] }
}

extension ImageMetadata {
    fileprivate var detailedCells: [String] {
        [id, name, kind.rawValue, sizeText(size), status.rawValue, store, isPublic ? "yes" : "no", createdAt]
    }
}

extension Invocation {
    func filter() throws(CommandError) -> ImageFilter {
        guard !has(.public) || !has(.private) else { throw .usage("--public and --private: one of the two") }
        var filter = ImageFilter()
        filter.name = self[.name]
        filter.kind = choice(.type)
        filter.status = choice(.status)
        filter.store = self[.store]
        filter.sizeMin = number(.sizeMin)
        filter.sizeMax = number(.sizeMax)
        filter.properties = try pairs(.property)
        filter.visibility = has(.public) ? .publicOnly : has(.private) ? .privateOnly : .all
        filter.sortKey = choice(.sort)
        filter.isDescending = has(.descending)
        filter.limit = number(.limit).map { Int($0) }
        filter.after = self[.after]
        return filter
    }

    /// As they come: a page of them at a time is in memory.
    fileprivate func list<Image>(
        _ columns: [TextTable.Column], next: () throws(GlanceError) -> Image?, id: (Image) -> String,
        json: (Image) -> String, cells: (Image) -> [String]
    ) throws(CommandError) {
        var table = TextTable(columns, width: console.output.width)
        var count = 0
        var hasTitles = false
        func show(_ lines: [String]) throws(CommandError) {
            for line in lines {
                try console.print(hasTitles ? line : console.output.bold(line))
                hasTitles = true
            }
        }
        while let image = try asking({ () throws(GlanceError) in try next() }) {
            count += 1
            if has(.quiet) {
                try console.print(printable(id(image)))
            } else if has(.json) {
                try console.print(json(image))
            } else {
                try show(table.add(cells(image)))
            }
        }
        try show(table.finish())
        if count == 0, !has(.quiet), !has(.json) { console.say("no images") }
    }
}
