import Bytes
import GlanceClient
import GlanceModel
import Glibc

extension Command {
    static let get = Command(
        "get", "Fetches images.", [Operand(name: "IMAGE", kind: .image, repeats: true)],
        [
            Option(
                .output, "o", .file,
                "Where it goes: a file, a directory, or - for standard output. Default: a file in this directory that is called as the image's id."
            ),
            Option(.force, "f", "Overwrites a file that is there."),
            Option(.quiet, "q", "Says nothing but errors."),
            .progress,
        ],
        details: [
            "IMAGE is an id, a URI, or a name that only one image has.",
            "The bytes go into FILE.part, and become FILE when they are all there, have the SHA-256 that the server tells, and are on the disk. After an interruption of any kind the same command goes on where that one stood.",
            "To standard output the bytes go as they come: exit status 8 says at the end that they were wrong.",
        ],
        examples: [
            "glance get 7", "glance get \"Ubuntu 10.04 Plain\" -o ubuntu.img", "glance get 7 8 9 -o images/",
            "glance get 7 -o - | zstd > disk.zst",
        ]
    ) { invocation throws(CommandError) in
        let output = invocation[.output]
        let isDirectory = output.map { $0.hasSuffix("/") || fileType($0) == S_IFDIR } ?? true
        guard isDirectory || invocation.operands.count == 1 else {
            throw .usage("several images do not go into one file: give -o a directory, or leave it out")
        }
        if output == "-", invocation.console.output.isTerminal {
            throw .usage("an image is nothing for a terminal: send standard output elsewhere, or give -o FILE")
        }
        let client = try invocation.client()
        let watch = invocation.transferWatch()
        try invocation.forEachOperand { text, place throws(CommandError) in
            let image = try client.meant(by: text)
            if output == "-" { return try invocation.print(image, client, watch) }
            let file = try isDirectory ? invocation.file(for: image, text, in: output) : output ?? ""
            try invocation.fetch(image, into: file, client, watch, place)
        }
    }
}

extension Invocation {
    /// Named by the id that was asked for: what is in no id cannot be in the name of a file.
    fileprivate func file(
        for image: ImageMetadata, _ text: String, in directory: String?
    ) throws(CommandError) -> String {
        let asked = text.split(separator: "/").last.flatMap { ImageID(String($0)) }
        guard let id = ImageID(image.id), asked == nil || asked == id || image.name == text else {
            throw .failed("the server gives the image “\(text)” an id that is none of ours: name the file with -o")
        }
        guard let directory else { return id.text }
        return directory.hasSuffix("/") ? directory + id.text : "\(directory)/\(id.text)"
    }

    fileprivate func fetch(
        _ image: ImageMetadata, into file: String, _ client: GlanceClient, _ watch: TransferWatch, _ place: Int
    ) throws(CommandError) {
        try requireData(image)
        guard has(.force) || fileType(file) == nil else {
            throw .failed("\(file) is there already: --force overwrites it, -o takes another name")
        }
        let retyped = retyped(fromOperand: place)
        let advice = "What came is in \(file).part. To go on: \(retyped)"
        try watch.watch(image.name, total: image.size, advice: advice) {
            told throws(CommandError) in
            do throws(GlanceError) {
                try client.download(image.id, to: file, overwrites: has(.force), progress: told)
            } catch {
                guard fileType("\(file).part") != nil, ExitStatus(error) == .noConnection else { throw .glance(error) }
                throw .glance(error, advice: advice)
            }
        }
        if !has(.quiet) { console.say("saved \(image.name) as \(file), \(sizeText(image.size))") }
    }

    fileprivate func print(
        _ image: ImageMetadata, _ client: GlanceClient, _ watch: TransferWatch
    ) throws(CommandError) {
        try requireData(image)
        try watch.watch(image.name, total: image.size, advice: "What went out is not all.") {
            told throws(CommandError) in
            let download = try asking { () throws(GlanceError) in try client.download(image.id) }
            let chunk = Chunk()
            while true {
                let count = try asking { () throws(GlanceError) in try download.read(into: chunk.bytes) }
                guard count > 0 else { break }
                try console.write(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
                told(download.position)
            }
        }
    }

    private func requireData(_ image: ImageMetadata) throws(CommandError) {
        guard image.status == .queued else { return }
        throw .stopped(
            .notFound, "the image \(image.id) has no data yet: glance update \(image.id) --data FILE brings them")
    }
}

/// What a name in the file system stands for (`S_IFMT`); nil where it is free.
private func fileType(_ path: String) -> mode_t? {
    var facts = stat()
    if stat(path, &facts) == 0 || lstat(path, &facts) == 0 { return facts.st_mode & S_IFMT }
    return nil
}
