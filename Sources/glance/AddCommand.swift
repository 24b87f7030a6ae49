import GlanceClient

extension Command {
    static let add = Command(
        "add", "Adds an image.", [Operand(name: "FILE", kind: .file, isOptional: true)],
        [
            Option(.name, "n", .text("NAME"), "What it is called (default: the file's name)."),
            Option(
                .type, "t", Option.type.value,
                "What kind of data it is. It can be left out for Linux kernels (x86, arm64), cpio archives, and compressed files whose names begin with initrd or initramfs."
            ),
            Option(
                .id, .text("ID"), "Its id: letters, digits, “.”, “_” and “-”. Without it the server gives a number."),
            Option(.public, "Everybody may see it."),
            .property("A property of it; any number of times."),
            Option(.store, .text("STORE"), "The image store that keeps it; without it the server's default."),
            Option(
                .size, .bytes,
                "The bytes it has: a pipe is then sent as it comes, and an image that is queued is held to it."),
            Option(.sha256, .text("DIGITS"), "The SHA-256 that it must have: 64 hexadecimal digits."),
            .json, .quiet, .progress,
        ],
        details: [
            "FILE is a file, or - for standard input. Without FILE the image is queued: its data come later, by glance update ID --data FILE.",
            "The server is always told how many bytes come. So a pipe is kept in a file without a name first, in TMPDIR or /var/tmp, unless --size says how many it brings.",
            "The SHA-256 is computed while the bytes go out, and compared with the server's. What was broken off leaves nothing behind.",
        ],
        examples: [
            "glance add vmlinuz-6.1 --public --property distro=debian",
            "glance add disk.img --name \"Ubuntu 10.04 Plain\" --type machine",
            "zcat disk.img.gz | glance add - --name \"My disk\" --type raw",
            "id=$(glance add disk.img --type raw --quiet)",
        ]
    ) { invocation throws(CommandError) in
        let client = try invocation.client()
        guard let path = invocation.operands.first else {
            let image = try invocation.description(name: nil, type: nil)
            let queued = try asking { () throws(GlanceError) in try client.add(image) }
            if !invocation.has(.quiet) {
                invocation.console.say(
                    "no FILE, so it is queued: glance update \(queued.id) --data FILE brings its data")
            }
            return try invocation.show(queued)
        }
        let watch = invocation.transferWatch()
        let input = try invocation.input(path, watch)
        let image = try invocation.description(of: input, path: path)
        let retyped = invocation.retyped()
        let added = try watch.watch(
            image.name, total: input.length, advice: "Nothing was added. Once more: \(retyped)"
        ) { told throws(CommandError) in
            try asking { () throws(GlanceError) in try client.add(image, from: input.source, progress: told) }
        }
        try invocation.show(added)
    }
}

extension Invocation {
    /// By a thread that only transfers need.
    func transferWatch() -> TransferWatch {
        if has(.quiet) { return TransferWatch(.silent) }
        if console.errors.isTerminal { return TransferWatch(.line(console.errors)) }
        return TransferWatch(has(.progress) ? .sentences : .silent)
    }

    func input(_ path: String, _ watch: TransferWatch) throws(CommandError) -> ImageInput {
        let directory = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
        return try ImageInput(path, size: number(.size), temporaryDirectory: directory, watch: watch)
    }

    /// What was said of the image, and what its file says; tells what it took from there.
    fileprivate func description(of input: ImageInput, path: String) throws(CommandError) -> ImageDescription {
        let fileName = path == "-" ? "" : path.split(separator: "/").last.map(String.init) ?? ""
        let guess = has(.type) ? nil : guessedType(input.head, fileName: fileName)
        var taken: [String] = []
        if !has(.name), !fileName.isEmpty { taken.append("the name \(fileName)") }
        if let guess { taken.append("the type \(guess.type) (\(guess.reason))") }
        let image = try description(name: fileName, type: guess?.type)
        if !taken.isEmpty, !has(.quiet) { console.say("took \(taken.joined(separator: " and "))") }
        return image
    }

    fileprivate func description(name: String?, type: String?) throws(CommandError) -> ImageDescription {
        guard let name = self[.name] ?? name, !name.isEmpty else {
            throw .usage(
                operands.isEmpty
                    ? "FILE is missing; or give --name and --type to add an image whose data come later"
                    : "the name is missing: give --name NAME")
        }
        guard let kind = (self[.type] ?? type).flatMap(ImageMetadata.Kind.init) else {
            throw .usage(
                "the type is missing\(operands.isEmpty ? "" : ", and the file does not tell it for certain"): give --type \(Option.type.placeholder ?? "")"
            )
        }
        return ImageDescription(
            name: name, kind: kind, id: self[.id], isPublic: has(.public), properties: try pairs(.property),
            store: self[.store], size: number(.size), sha256: self[.sha256])
    }
}
