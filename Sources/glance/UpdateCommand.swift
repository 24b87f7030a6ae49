import GlanceClient

extension Command {
    static let update = Command(
        "update", "Changes what is said of an image, or brings its data.", [Operand(name: "ID", kind: .image)],
        [
            Option(.name, "n", .text("NAME"), "What it is called."),
            Option(.type, "t", Option.type.value, "What kind of data it is."),
            Option(.public, "Everybody may see it."),
            Option(.private, "Not everybody may see it."),
            .property("A property beside those that it has; any number of times."),
            Option(.replaceProperties, "The properties that are given take the place of all that it has."),
            Option(.store, .text("STORE"), "The image store that will keep it; only before it has data."),
            Option(
                .size, .bytes,
                "The bytes that it will have; only before it has data. With --data: those that a pipe brings."),
            Option(.sha256, .text("DIGITS"), "The SHA-256 that its data must have; only before it has data."),
            .ifVersion,
            Option(
                .data, "d", .file,
                "Brings the data of an image that was queued: a file, or - for standard input. Nothing else changes."),
            .json, .quiet, .progress,
        ],
        details: [
            "ID is an id, never a name and never a URI. Whatever is not given stays as it is. Data never change once they are there."
        ],
        examples: [
            "glance update 7 --name \"Debian 12 kernel\" --property distro=debian", "glance update 7 --private",
            "glance update 8 --data disk.img",
        ]
    ) { invocation throws(CommandError) in
        let id = try changeable(invocation.operands[0])
        if let path = invocation[.data] { return try invocation.bringData(of: id, from: path) }
        let change = try invocation.change()
        let client = try invocation.client()
        try invocation.show(try changing { () throws(GlanceError) in try client.update(id, change) })
    }

    /// What cannot go along with data.
    fileprivate static let metadataOptions: [Option.Name] = [
        .name, .type, .public, .private, .property, .replaceProperties, .store, .sha256, .ifVersion,
    ]
}

extension Invocation {
    fileprivate func change() throws(CommandError) -> ImageUpdate {
        guard !has(.public) || !has(.private) else { throw .usage("--public and --private: one of the two") }
        guard has(.size) || Command.metadataOptions.contains(where: { $0 != .ifVersion && has($0) }) else {
            throw .usage("nothing is to change: see glance update --help")
        }
        var change = ImageUpdate(
            name: self[.name], kind: choice(.type), isPublic: has(.public) ? true : has(.private) ? false : nil,
            properties: try pairs(.property), replacesProperties: has(.replaceProperties), version: number(.ifVersion))
        (change.store, change.size, change.sha256) = (self[.store], number(.size), self[.sha256])
        return change
    }

    fileprivate func bringData(of id: String, from path: String) throws(CommandError) {
        if let other = Command.metadataOptions.first(where: has) {
            throw .usage("--data brings the data and nothing else: give --\(other.rawValue) in a command of its own")
        }
        let client = try client()
        let watch = transferWatch()
        let input = try input(path, watch)
        let retyped = retyped()
        let image = try watch.watch(
            id, total: input.length, advice: "The image still has no data. Once more: \(retyped)"
        ) { told throws(CommandError) in
            try changing { () throws(GlanceError) in try client.addData(to: id, from: input.source, progress: told) }
        }
        try show(image)
    }
}
